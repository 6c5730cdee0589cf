// Whole lines from one producer to one consumer, as a bounded ring of bytes: no lock, no system call, no allocation.
//
//        read_ ----> [ published lines ] ----> written_      both only grow; at = count % size
//
// The producer publishes a line with one store, so what the consumer sees always ends at the end of a line.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string_view>

namespace kanaria::observe {

class LogRing {
 public:
  explicit LogRing(std::size_t bytes) : size_(bytes), bytes_(std::make_unique_for_overwrite<char[]>(bytes)) {}

  /// Producer: false when there is no room for all of it.
  bool push(std::string_view line);

  /// Consumer: how many bytes wait; they end with the end of a line.
  std::size_t waiting() const;
  /// Consumer: the first of them, up to the end of the buffer.
  std::string_view front() const;
  /// Consumer: gives back that many bytes.
  void consume(std::size_t count);

 private:
  const std::size_t size_;
  const std::unique_ptr<char[]> bytes_;
  alignas(128) std::atomic<std::uint64_t> written_{0};
  alignas(128) std::atomic<std::uint64_t> read_{0};
};

}  // namespace kanaria::observe
