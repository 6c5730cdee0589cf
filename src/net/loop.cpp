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

Loop::Loop(unsigned index) : wheel_(now_.time), guard_(context_.get_executor()), index_(index) {}

void Loop::run() {
  const Running running(*this);
  while (!stopping_ || tasks_ > 0) {
    wheel_.advance(now_.time);
    turn(wheel_.until_next_tick(now_.time));
  }
}

void Loop::stop() {
  post([this] { stopping_ = true; });
}

bool Loop::turn(Milliseconds at_most) {
  const Running running(*this);
  const bool idle = line_.empty() && !std::exchange(posted_here_, false);
  const bool told = poller_.wait(idle ? at_most : Milliseconds(0));
  now_ = Moment::now();
  poller_.tell();
  const bool posted = context_.poll() > 0;
  const bool written = end_turn();
  return told || posted || written;
}

// Who lines up meanwhile waits for the next turn's end: a body that is always ready can't keep the loop from its other
// descriptors.
bool Loop::end_turn() {
  if (line_.empty()) return false;
  now_ = Moment::now();
  Line line;
  line.swap(line_);
  while (!line.empty()) {
    Late& first = line.front();
    line.pop_front();
    first.at_turn_end();
  }
  return true;
}

}  // namespace kanaria::net
