// Drives a loop in a test, on the test's own thread. Time passes on its wheel only when the test says so. What the
// kernel or another thread does is waited for by its effect, never by a pause.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>
#include <variant>

#include "kanaria/net/loop.hpp"
#include "kanaria/net/spawn.hpp"

namespace kanaria::test {

/// What a coroutine returned; none as long as it has not ended.
template <class T>
using Started = std::shared_ptr<std::optional<T>>;
using Ended = std::monostate;

class Driver {
 public:
  Driver() = default;
  Driver(const Driver&) = delete;
  Driver& operator=(const Driver&) = delete;
  ~Driver() {
    settle();
    EXPECT_EQ(loop_.tasks(), 0U) << "a coroutine has not ended";
    EXPECT_EQ(loop_.blocks().lent(), 0U) << "a block was not given back";
  }

  net::Loop& loop() { return loop_; }

  /// Handles all that is there now.
  void settle() {
    while (loop_.turn(Milliseconds(0))) {
    }
  }

  /// Handles what comes until the predicate holds; false: it did not within ten seconds.
  template <class Predicate>
  bool until(Predicate&& holds) {
    const Time end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > end) return false;
      loop_.turn(Milliseconds(1));
    }
    return true;
  }

  /// Lets so many ticks pass, one by one, and handles what each brings.
  void pass(Tick ticks) {
    for (Tick i = 0; i < ticks; ++i) {
      const Tick next = loop_.wheel().now() + 1;
      while (loop_.wheel().now() < next) loop_.wheel().advance(time_ += kTickLength);
      settle();
    }
  }

  template <class T>
  Started<T> start(net::Awaitable<T> work) {
    auto result = std::make_shared<std::optional<T>>();
    net::spawn(loop_, keep(std::move(work), result));
    settle();
    return result;
  }
  Started<Ended> start(net::Awaitable<void> work) { return start(ended(std::move(work))); }

  /// Runs a coroutine to its end.
  template <class T>
  T run(net::Awaitable<T> work) {
    const Started<T> result = start(std::move(work));
    if (!until([&] { return result->has_value(); })) throw std::runtime_error("a coroutine does not end");
    return std::move(**result);
  }
  void run(net::Awaitable<void> work) { run(ended(std::move(work))); }

 private:
  template <class T>
  static net::Awaitable<void> keep(net::Awaitable<T> work, Started<T> result) {
    T value = co_await std::move(work);
    result->emplace(std::move(value));
  }
  static net::Awaitable<Ended> ended(net::Awaitable<void> work) {
    co_await std::move(work);
    co_return Ended();
  }

  Time time_ = std::chrono::steady_clock::now();  // before the wheel's start, so that a step is one tick
  net::Loop loop_;
};

}  // namespace kanaria::test
