#include "kanaria/net/spawn.hpp"

#include <spdlog/spdlog.h>

#include <cassert>
#include <exception>

namespace kanaria::net {
namespace {

void log_bug() {
  try {
    throw;
  } catch (const std::exception& error) {
    spdlog::error("a coroutine ended by an exception, which is a bug: {}", error.what());
  } catch (...) {
    spdlog::error("a coroutine ended by an unknown exception, which is a bug");
  }
}

/// A coroutine that nobody awaits: it runs at once and its frame dies with it.
struct Root {
  struct promise_type {
    static void* operator new(std::size_t size) { return FramePool::take(size); }
    static void operator delete(void* frame, std::size_t size) { FramePool::give_back(frame, size); }
    Root get_return_object() noexcept { return {}; }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_never final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }  // `ended` threw
  };
};

template <class Ended>
Root run(Awaitable<void> work, Ended ended) {
  try {
    co_await std::move(work);
  } catch (...) {
    log_bug();
  }
  ended();
}

}  // namespace

void spawn(Loop& loop, Awaitable<void> work) {
  ++loop.tasks_;
  run(std::move(work), [&loop] { --loop.tasks_; });
}

Child::~Child() {
  if (running_) std::terminate();  // it would go on in a frame that is gone
}

void Child::start(Awaitable<void> work) {
  assert(!running_);
  running_ = true;
  run(std::move(work), [this] { ended(); });
}

// It may have ended inside a handler that it shares with its parent: that resumes from the loop's top.
void Child::ended() {
  running_ = false;
  if (ended_.waiting()) loop_.line_up(*this);
}

Awaitable<void> Child::join() {
  while (running_) co_await ended_.wait();
}

}  // namespace kanaria::net
