// A coroutine waits until a number of things have happened, or until a time is over: acknowledgements of all workers,
// the end of a drain. On one loop's thread; other threads post done() to it. It must outlive every done() that is still
// to come.
#pragma once

#include "kanaria/net/event.hpp"
#include "kanaria/net/loop.hpp"

namespace kanaria::net {

class Countdown final : private Wheel::Entry {
 public:
  Countdown(Loop& loop, std::size_t count) : loop_(loop), left_(count) {}

  /// Call it from the top of a handler.
  void done() {
    if (--left_ == 0) ended_.notify();
  }
  bool reached() const { return left_ == 0; }

  /// Until all is done.
  Awaitable<void> wait() {
    while (left_ > 0) co_await ended_.wait();
  }
  /// Until all is done or the time is over.
  Awaitable<void> wait(Milliseconds timeout) {
    if (left_ == 0 || timeout.count() <= 0) co_return;
    loop_.wheel().schedule(*this, loop_.wheel().now() + ticks_of(timeout));
    co_await ended_.wait();
    loop_.wheel().schedule(*this, kNever);
  }

 private:
  void expire() override { ended_.notify(); }

  Loop& loop_;
  Event ended_;
  std::size_t left_;
};

}  // namespace kanaria::net
