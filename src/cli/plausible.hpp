// Is a count of answers what its shares let expect? Exact binomial tests, in plain numbers. Pure.
#pragma once

#include <cstdint>
#include <vector>

namespace kanaria::cli {

struct Observed {
  double share = 0;         // expected, 0-1
  std::uint64_t count = 0;  // of the answers that were counted
};

/// The chance that independent draws with these shares give, for any of the groups, a count at least as unlikely as the
/// one seen (two-sided, corrected for the number of groups; at most 1).
double chance_of(const std::vector<Observed>& groups);

/// Below this a count is called implausible: a healthy split is accused once in a thousand probes at the most.
inline constexpr double kImplausible = 0.001;

}  // namespace kanaria::cli
