// A kernel pipe between two sockets: bytes of a large body pass through it by splice(2) without being copied into this
// process and out again. Lent by a loop's PipePool and given back by its destructor, like a Block. On its loop's
// thread.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

#include "kanaria/net/sockets.hpp"

namespace kanaria::net {

class PipePool;

class Pipe {
 public:
  Pipe() = default;
  Pipe(Pipe&& other) noexcept { swap(other); }
  Pipe& operator=(Pipe&& other) noexcept {
    Pipe moved(std::move(other));
    swap(moved);
    return *this;
  }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;
  ~Pipe() { release(); }

  explicit operator bool() const { return write_end_.get() >= 0; }
  /// Bytes that are in it.
  std::size_t size() const { return size_; }
  /// One that still holds bytes is closed, any other kept for the next.
  void release();

 private:
  friend class PipePool;
  friend class Stream;
  void swap(Pipe& other) noexcept {
    std::swap(pool_, other.pool_);
    std::swap(read_end_, other.read_end_);
    std::swap(write_end_, other.write_end_);
    std::swap(size_, other.size_);
  }

  PipePool* pool_ = nullptr;
  OwnedSocket read_end_;
  OwnedSocket write_end_;
  std::size_t size_ = 0;
};

class PipePool {
 public:
  PipePool();
  PipePool(const PipePool&) = delete;
  PipePool& operator=(const PipePool&) = delete;

  /// None (false) when too many are lent, the process has no descriptors left, or the kernel gives only small pipes (to
  /// a user beyond /proc/sys/fs/pipe-user-pages-soft): the bytes go through memory then.
  Pipe take();

 private:
  friend class Pipe;
  static constexpr std::size_t kKept = 32;  // idle

  std::size_t most_;  // lent at once: connections need the descriptors more

  std::vector<Pipe> idle_;
  std::size_t lent_ = 0;
};

}  // namespace kanaria::net
