#include "kanaria/net/loop.hpp"

namespace kanaria::net {

Loop::Loop(unsigned index)
    : wheel_(std::chrono::steady_clock::now()),
      guard_(asio::make_work_guard(context_)),
      timer_(context_.get_executor()),
      index_(index) {}

void Loop::run() {
  tick();
  context_.run();
}

void Loop::stop() {
  post([this] {
    stopping_ = true;
    end_if_idle();
  });
}

void Loop::tick() {
  timer_.expires_after(kTickLength);
  timer_.async_wait([this](const boost::system::error_code& error) {
    if (error) return;
    wheel_.advance(std::chrono::steady_clock::now());
    // The last coroutine may have ended just now, or while this handler was waiting to run.
    if (guard_) tick();
  });
}

void Loop::task_ended() {
  --tasks_;
  end_if_idle();
}

void Loop::end_if_idle() {
  if (!stopping_ || tasks_ > 0) return;
  guard_.reset();
  timer_.cancel();
}

}  // namespace kanaria::net
