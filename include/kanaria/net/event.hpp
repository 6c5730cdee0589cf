// One coroutine waits, somebody on the same thread notifies. The base of every wait of ours: readiness, children,
// drains. Not latched: notify() without a waiter is lost, so the waiter looks at its condition first. One waiter at a
// time.
#pragma once

#include <optional>
#include <utility>

#include "kanaria/net/asio.hpp"

namespace kanaria::net {

class Event {
 public:
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;

  bool waiting() const { return waiter_.has_value(); }

  Awaitable<void> wait() {
    return asio::async_initiate<const UseAwaitable&, void()>(
        [this](Waiter&& waiter) { waiter_.emplace(std::move(waiter)); }, token_);
  }

  /// Resumes the waiter before it returns. Call it from the top of a handler, not from inside a coroutine's call.
  void notify() {
    if (!waiter_) return;
    Waiter waiter = std::move(*waiter_);
    waiter_.reset();
    std::move(waiter)();
  }

 private:
  using Waiter = asio::async_result<UseAwaitable, void()>::handler_type;
  static constexpr UseAwaitable token_{};
  std::optional<Waiter> waiter_;
};

}  // namespace kanaria::net
