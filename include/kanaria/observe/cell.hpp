// A number that one thread changes and any thread reads: no read-modify-write, because nobody else writes it. A reader
// may see it a little late, never torn.
#pragma once

#include <atomic>
#include <cstdint>

namespace kanaria::observe {

class Cell {
 public:
  void add(std::uint64_t n = 1) { value_.store(read() + n, std::memory_order_relaxed); }
  void subtract(std::uint64_t n = 1) { value_.store(read() - n, std::memory_order_relaxed); }  // gauges only
  std::uint64_t read() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

/// Counts one more in a gauge for its life.
class Gauge {
 public:
  explicit Gauge(Cell& cell) : cell_(cell) { cell_.add(); }
  Gauge(const Gauge&) = delete;
  Gauge& operator=(const Gauge&) = delete;
  ~Gauge() { cell_.subtract(); }

 private:
  Cell& cell_;
};

}  // namespace kanaria::observe
