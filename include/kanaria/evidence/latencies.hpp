// Latencies by size: 32 buckets for each doubling of a microsecond, so that a bucket is 3 % wide. What takes longer
// than 71 minutes is in the last one. Pure functions.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

#include "kanaria/base/clock.hpp"

namespace kanaria::evidence {

inline constexpr std::size_t kLatencyBuckets = 28UL * 32;

constexpr std::uint16_t latency_bucket(Duration took) {
  constexpr std::uint64_t kLongest = UINT32_MAX;
  const auto whole = std::chrono::duration_cast<std::chrono::microseconds>(took).count();
  const std::uint64_t microseconds =
      whole < 0 ? 0 : std::min<std::uint64_t>(static_cast<std::uint64_t>(whole), kLongest);
  if (microseconds < 32) return static_cast<std::uint16_t>(microseconds);
  const auto doubling = static_cast<int>(std::bit_width(microseconds)) - 6;  // of 32 us: 0 ...
  return static_cast<std::uint16_t>((doubling + 1) * 32 + static_cast<int>(microseconds >> doubling) - 32);
}

/// The longest time that falls into a bucket.
constexpr Duration latency_of(std::uint16_t bucket) {
  if (bucket < 32) return std::chrono::microseconds(bucket);
  const int doubling = bucket / 32 - 1;
  return std::chrono::microseconds(((std::uint64_t{bucket} % 32 + 33) << doubling) - 1);
}

/// The bucket that a share q (0-1) of all doesn't exceed; 0 where there are none. Numbers: of counts.
template <class Number>
std::uint16_t quantile_bucket(const std::array<Number, kLatencyBuckets>& counts, double q) {
  double all = 0;
  for (const Number count : counts) all += static_cast<double>(count);
  double seen = 0;
  for (std::size_t bucket = 0; bucket < kLatencyBuckets; ++bucket) {
    seen += static_cast<double>(counts[bucket]);
    if (all > 0 && seen >= q * all) return static_cast<std::uint16_t>(bucket);
  }
  return 0;
}

}  // namespace kanaria::evidence
