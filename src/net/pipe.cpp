#include "kanaria/net/pipe.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>

namespace kanaria::net {

void Pipe::release() {
  if (pool_ == nullptr) return;
  PipePool& pool = *std::exchange(pool_, nullptr);
  --pool.lent_;
  if (size_ == 0 && pool.idle_.size() < PipePool::kKept) {
    pool.idle_.push_back(std::move(*this));
    return;
  }
  read_end_.close();
  write_end_.close();
  size_ = 0;
}

Pipe PipePool::take() {
  Pipe pipe;
  if (lent_ >= kMost) return pipe;
  if (idle_.empty()) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return pipe;
    pipe.read_end_ = OwnedSocket(ends[0]);
    pipe.write_end_ = OwnedSocket(ends[1]);
  } else {
    pipe = std::move(idle_.back());
    idle_.pop_back();
  }
  pipe.pool_ = this;
  ++lent_;
  return pipe;
}

}  // namespace kanaria::net
