// What routes answered in the last minute: control samples the counters now and then, and what lies between the oldest
// sample and now is recent. On control's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <unordered_map>

#include "kanaria/base/clock.hpp"
#include "kanaria/observe/metrics.hpp"

namespace kanaria::observe {

/// What one route answered, and how often the split chose it.
struct RouteCounts {
  std::uint64_t chosen = 0;
  RouteTotals answered;
};

class Recent {
 public:
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::chrono::seconds kStep{5};

  explicit Recent(Metrics& metrics) : metrics_(metrics) {}

  /// Every kStep.
  void sample(Time now);
  /// Since the oldest sample, and how long that is; before the first one, since the start.
  RouteCounts of(std::uint32_t row) const;
  Duration since(Time now) const;

 private:
  RouteCounts count(std::uint32_t row) const;

  struct Sample {
    Time at;
    std::unordered_map<std::uint32_t, RouteCounts> rows;  // by index; those that had answered nothing are left out
  };
  Metrics& metrics_;
  std::deque<Sample> samples_;  // the oldest first
};

}  // namespace kanaria::observe
