#include "kanaria/net/spawn.hpp"

#include <spdlog/spdlog.h>

#include <boost/asio/co_spawn.hpp>
#include <cassert>
#include <exception>

namespace kanaria::net {
namespace {

void log_bug(const std::exception_ptr& thrown) {
  if (!thrown) return;
  try {
    std::rethrow_exception(thrown);
  } catch (const std::exception& error) {
    spdlog::error("a coroutine ended by an exception, which is a bug: {}", error.what());
  } catch (...) {
    spdlog::error("a coroutine ended by an unknown exception, which is a bug");
  }
}

}  // namespace

void spawn(Loop& loop, Awaitable<void> work) {
  ++loop.tasks_;
  asio::co_spawn(loop.executor(), std::move(work), [&loop](const std::exception_ptr& thrown) {
    log_bug(thrown);
    loop.task_ended();
  });
}

Child::~Child() {
  if (running_) std::terminate();  // it would go on in a frame that is gone
}

void Child::start(Awaitable<void> work) {
  assert(!running_);
  running_ = true;
  asio::co_spawn(loop_.executor(), std::move(work), [this](const std::exception_ptr& thrown) {
    log_bug(thrown);
    running_ = false;
    // The child may have ended inside start(), or inside a handler that it shares with its parent: resume from the
    // loop's top.
    if (ended_.waiting()) asio::post(loop_.executor(), [this] { ended_.notify(); });
  });
}

Awaitable<void> Child::join() {
  while (running_) co_await ended_.wait();
}

Awaitable<void> yield(Loop& loop) {
  const UseAwaitable token;
  co_await asio::post(loop.executor(), token);
}

}  // namespace kanaria::net
