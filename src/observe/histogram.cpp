#include "kanaria/observe/histogram.hpp"

#include <numeric>

namespace kanaria::observe {

Duration quantile(const BucketCounts& counts, double q) {
  const auto total = std::accumulate(counts.begin(), counts.end(), std::uint64_t{0});
  if (total == 0) return Duration::zero();
  const double rank = std::clamp(q, 0.0, 1.0) * static_cast<double>(total);
  double below = 0;
  Duration from = Duration::zero();
  for (std::size_t bucket = 0; bucket < kBucketBounds.size(); ++bucket) {
    const auto here = static_cast<double>(counts[bucket]);
    const Duration to = kBucketBounds[bucket];
    if (here > 0 && below + here >= rank) {
      const double share = (rank - below) / here;
      return from + std::chrono::duration_cast<Duration>((to - from) * share);
    }
    below += here;
    from = to;
  }
  return from;
}

}  // namespace kanaria::observe
