// What routes answered in the last minute: control samples the counters now and then, and what lies between the oldest
// sample and now is recent. On control's thread.
#pragma once

#include <cstdint>
#include <deque>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/observe/metrics.hpp"

namespace kanaria::observe {

/// Counts of one route row, or the difference of two.
struct RouteCounts {
  std::uint64_t chosen = 0;    // by the split
  std::uint64_t requests = 0;  // answered
  std::uint64_t errors = 0;    // of these, with a 5xx
};

class Recent {
 public:
  static constexpr std::chrono::seconds kWindow{60};
  static constexpr std::chrono::seconds kStep{5};

  explicit Recent(const RowTable<RouteRow>& routes) : routes_(routes) {}

  /// Every kStep. Counts of more rows than a sample had are taken from their start.
  void sample(Time now);
  /// Since the oldest sample, and how long that is; before the first one, since the start.
  RouteCounts of(std::uint32_t row) const;
  Duration since(Time now) const;

 private:
  RouteCounts count(std::uint32_t row) const;

  struct Sample {
    Time at;
    std::vector<RouteCounts> rows;  // by index
  };
  const RowTable<RouteRow>& routes_;
  std::deque<Sample> samples_;  // the oldest first
};

}  // namespace kanaria::observe
