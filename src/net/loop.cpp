#include "kanaria/net/loop.hpp"

namespace kanaria::net {

constinit thread_local Loop* Loop::running_ = nullptr;

/// For its life, this thread runs that loop.
class Running {
 public:
  explicit Running(Loop& loop) : before_(std::exchange(Loop::running_, &loop)), frames_(loop.frames_) {}
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;
  ~Running() { Loop::running_ = before_; }

 private:
  Loop* before_;
  FramePool::Use frames_;
};

Loop::Loop(unsigned index)
    : wheel_(std::chrono::steady_clock::now()), guard_(context_.get_executor()), index_(index) {}

void Loop::run() {
  const Running running(*this);
  while (!stopping_ || tasks_ > 0) {
    const Time now = std::chrono::steady_clock::now();
    wheel_.advance(now);
    turn(wheel_.until_next_tick(now));
  }
}

void Loop::stop() {
  post([this] { stopping_ = true; });
}

bool Loop::turn(Milliseconds at_most) {
  const Running running(*this);
  const bool told = poller_.wait(line_.empty() ? at_most : Milliseconds(0)) > 0;
  const bool posted = context_.poll() > 0;
  const bool written = end_turn();
  return told || posted || written;
}

// Who lines up meanwhile waits for the next turn's end: a body that is always ready can't keep the loop from its other
// descriptors.
bool Loop::end_turn() {
  Line line;
  line.swap(line_);
  const bool any = !line.empty();
  while (!line.empty()) {
    Late& first = line.front();
    line.pop_front();
    first.at_turn_end();
  }
  return any;
}

}  // namespace kanaria::net
