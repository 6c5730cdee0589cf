// One coroutine waits, somebody on the same thread notifies. The base of every wait of ours: readiness, children,
// drains. Not latched: notify() without a waiter is lost, so the waiter looks at its condition first. One waiter at a
// time.
#pragma once

#include <cassert>
#include <coroutine>
#include <utility>

namespace kanaria::net {

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  ~Event() { assert(!waiter_); }

  bool waiting() const { return waiter_ != nullptr; }

  struct Wait {
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept { event.waiter_ = waiter; }
    void await_resume() const noexcept {}
    Event& event;
  };
  Wait wait() { return {*this}; }

  /// Resumes the waiter before it returns. Call it from the top of a handler, not from inside a coroutine's call.
  void notify() {
    if (waiter_) std::exchange(waiter_, nullptr).resume();
  }

 private:
  std::coroutine_handle<> waiter_;
};

}  // namespace kanaria::net
