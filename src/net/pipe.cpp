#include "kanaria/net/pipe.hpp"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <array>

namespace kanaria::net {
namespace {

constexpr std::size_t kMost = 512;
constexpr int kLeastBytes = 65'536;
constexpr int kWantedBytes = 4 * kLeastBytes;

}  // namespace

// Two descriptors each: at most a thirty-second part of all, in one pool.
PipePool::PipePool() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  most_ = std::min<std::size_t>(kMost, limit.rlim_cur / 64);
}

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
  if (lent_ >= most_) return pipe;
  if (idle_.empty()) {
    std::array<int, 2> ends{};
    if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) != 0) return pipe;
    OwnedSocket read_end(ends[0]);
    OwnedSocket write_end(ends[1]);
    ::fcntl(ends[1], F_SETPIPE_SZ, kWantedBytes);  // refused beyond a user's share: then it stays as it is
    if (::fcntl(ends[1], F_GETPIPE_SZ) < kLeastBytes) return pipe;
    pipe.read_end_ = std::move(read_end);
    pipe.write_end_ = std::move(write_end);
  } else {
    pipe = std::move(idle_.back());
    idle_.pop_back();
  }
  pipe.pool_ = this;
  ++lent_;
  return pipe;
}

}  // namespace kanaria::net
