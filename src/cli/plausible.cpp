#include "plausible.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace kanaria::cli {

namespace {

/// ln P(X = k) of a binomial distribution; logarithms, because n! has no room in a double.
double log_probability(std::uint64_t n, std::uint64_t k, double share) {
  const auto trials = static_cast<double>(n);
  const auto hits = static_cast<double>(k);
  return std::lgamma(trials + 1) - std::lgamma(hits + 1) - std::lgamma(trials - hits + 1) + hits * std::log(share) +
         (trials - hits) * std::log1p(-share);
}

/// Two-sided and exact: the weight of all counts that are no more likely than the one seen.
double binomial_test(std::uint64_t n, std::uint64_t k, double share) {
  if (share <= 0) return k == 0 ? 1 : 0;
  if (share >= 1) return k == n ? 1 : 0;
  constexpr double kRounding = 1e-7;  // counts that are equally likely must be found equal
  const double seen = log_probability(n, k, share) + kRounding;
  double chance = 0;
  for (std::uint64_t other = 0; other <= n; ++other) {
    const double likelihood = log_probability(n, other, share);
    if (likelihood <= seen) chance += std::exp(likelihood);
  }
  return chance;
}

}  // namespace

double chance_of(const std::vector<Observed>& groups) {
  const std::uint64_t total =
      std::accumulate(groups.begin(), groups.end(), std::uint64_t{0},
                      [](std::uint64_t sum, const Observed& group) { return sum + group.count; });
  double smallest = 1;
  for (const Observed& group : groups) smallest = std::min(smallest, binomial_test(total, group.count, group.share));
  // Bonferroni. With two groups the two tests are one and the same.
  const std::size_t tests = groups.size() == 2 ? 1 : groups.size();
  return std::min(1.0, smallest * static_cast<double>(tests));
}

}  // namespace kanaria::cli
