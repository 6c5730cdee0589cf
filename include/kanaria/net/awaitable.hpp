// What can suspend returns Awaitable<T>: a coroutine that starts when it is awaited and resumes its caller when it
// ends, on one thread. Ours and not asio::awaitable, whose frames come from a cache of a few slots that is searched at
// every call and spills to malloc once several requests interleave; here a frame costs a few instructions, and none of
// them is malloc in the steady state.
//
// A frame belongs to the Awaitable that was returned, usually a temporary of the co_await expression: it dies with it.
// An exception passes on to whoever awaits; spawn.hpp has the roots, which log it.
#pragma once

#include <coroutine>
#include <exception>
#include <optional>
#include <utility>

#include "kanaria/net/frames.hpp"

namespace kanaria::net {

template <class T>
class Awaitable;

namespace detail {

struct PromiseBase {
  struct Finish {
    bool await_ready() noexcept { return false; }
    template <class Promise>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> ended) noexcept {
      return ended.promise().caller;
    }
    void await_resume() noexcept {}
  };

  static void* operator new(std::size_t size) { return FramePool::take(size); }
  static void operator delete(void* frame, std::size_t size) { FramePool::give_back(frame, size); }

  std::suspend_always initial_suspend() noexcept { return {}; }
  Finish final_suspend() noexcept { return {}; }
  void unhandled_exception() noexcept { thrown = std::current_exception(); }

  std::coroutine_handle<> caller;
  std::exception_ptr thrown;
};

template <class T>
struct Promise : PromiseBase {
  Awaitable<T> get_return_object();
  template <class Value>
  void return_value(Value&& value) {
    result.emplace(std::forward<Value>(value));
  }
  T take() { return std::move(*result); }

  std::optional<T> result;
};

template <>
struct Promise<void> : PromiseBase {
  Awaitable<void> get_return_object();
  void return_void() noexcept {}
  void take() noexcept {}
};

}  // namespace detail

template <class T>
class [[nodiscard]] Awaitable {
 public:
  using promise_type = detail::Promise<T>;

  Awaitable(Awaitable&& other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  Awaitable& operator=(Awaitable&&) = delete;
  ~Awaitable() {
    if (frame_) frame_.destroy();
  }

  bool await_ready() const noexcept { return false; }
  std::coroutine_handle<> await_suspend(std::coroutine_handle<> caller) noexcept {
    frame_.promise().caller = caller;
    return frame_;
  }
  T await_resume() {
    if (frame_.promise().thrown) std::rethrow_exception(frame_.promise().thrown);
    return frame_.promise().take();
  }

 private:
  friend promise_type;
  explicit Awaitable(std::coroutine_handle<promise_type> frame) : frame_(frame) {}
  std::coroutine_handle<promise_type> frame_;
};

namespace detail {

template <class T>
Awaitable<T> Promise<T>::get_return_object() {
  return Awaitable<T>(std::coroutine_handle<Promise>::from_promise(*this));
}

inline Awaitable<void> Promise<void>::get_return_object() {
  return Awaitable<void>(std::coroutine_handle<Promise>::from_promise(*this));
}

}  // namespace detail

}  // namespace kanaria::net
