#include "kanaria/observe/log_ring.hpp"

#include <algorithm>
#include <cstring>

namespace kanaria::observe {

bool LogRing::push(std::string_view line) {
  const std::uint64_t written = written_.load(std::memory_order_relaxed);
  const std::uint64_t read = read_.load(std::memory_order_acquire);
  if (line.size() > size_ - (written - read)) return false;
  const std::size_t at = written % size_;
  const std::size_t before_the_end = std::min(line.size(), size_ - at);
  std::memcpy(bytes_.get() + at, line.data(), before_the_end);
  std::memcpy(bytes_.get(), line.data() + before_the_end, line.size() - before_the_end);
  written_.store(written + line.size(), std::memory_order_release);
  return true;
}

std::size_t LogRing::waiting() const {
  return written_.load(std::memory_order_acquire) - read_.load(std::memory_order_relaxed);
}

std::string_view LogRing::front() const {
  const std::size_t at = read_.load(std::memory_order_relaxed) % size_;
  return {bytes_.get() + at, std::min(waiting(), size_ - at)};
}

void LogRing::consume(std::size_t count) {
  read_.store(read_.load(std::memory_order_relaxed) + count, std::memory_order_release);
}

}  // namespace kanaria::observe
