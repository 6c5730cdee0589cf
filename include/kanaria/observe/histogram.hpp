// Durations counted in buckets, and what can be said of them afterwards. A Histogram is written by one worker and read
// by control, like the cells that it is made of.
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "kanaria/base/clock.hpp"
#include "kanaria/observe/cell.hpp"

namespace kanaria::observe {

/// The longest duration of each bucket: from an answer out of memory to the default idle time-out. One more bucket
/// holds what took longer.
inline constexpr std::array<Duration, 16> kBucketBounds = [] {
  using namespace std::chrono_literals;
  return std::array<Duration, 16>{500us, 1ms,   2'500us, 5ms,     10ms, 25ms, 50ms, 100ms,
                                  250ms, 500ms, 1s,      2'500ms, 5s,   10s,  30s,  60s};
}();
inline constexpr std::size_t kBuckets = kBucketBounds.size() + 1;

/// How many durations fell into each bucket, not cumulated.
using BucketCounts = std::array<std::uint64_t, kBuckets>;

/// The bucket of a duration. A bound belongs to its own bucket, as Prometheus's `le` says.
constexpr std::size_t bucket_of(Duration took) {
  return static_cast<std::size_t>(std::ranges::lower_bound(kBucketBounds, took) - kBucketBounds.begin());
}

/// The duration that a share q (0 to 1) of all didn't exceed, taken as evenly spread within each bucket: so it is off
/// by a bucket's width at most. Of what took longer than the last bound, that bound; zero where nothing was counted.
Duration quantile(const BucketCounts& counts, double q);

struct Histogram {
  std::array<Cell, kBuckets> buckets;
  Cell nanoseconds;  // all durations together: enough for 584 years

  void add(Duration took) {
    buckets[bucket_of(took)].add();
    nanoseconds.add(static_cast<std::uint64_t>(took.count()));
  }
};

}  // namespace kanaria::observe
