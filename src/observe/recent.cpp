#include "kanaria/observe/recent.hpp"

namespace kanaria::observe {
namespace {

/// A row that names another route since the sample has begun anew.
std::uint64_t grown(std::uint64_t before, std::uint64_t now) {
  return now < before ? now : now - before;
}

}  // namespace

RouteCounts Recent::count(std::uint32_t row) const {
  return {metrics_.routes().sum(row, &RouteRow::split_requests), metrics_.totals(row)};
}

void Recent::sample(Time now) {
  while (!samples_.empty() && now - samples_.front().at > kWindow) samples_.pop_front();
  Sample& made = samples_.emplace_back(Sample{now, {}});
  metrics_.routes().for_each([&](const auto&, std::uint32_t row) {
    const RouteCounts counts = count(row);
    if (counts.answered.requests > 0 || counts.chosen > 0) made.rows.emplace(row, counts);
  });
}

RouteCounts Recent::of(std::uint32_t row) const {
  RouteCounts counts = count(row);
  if (samples_.empty()) return counts;
  const auto found = samples_.front().rows.find(row);
  if (found == samples_.front().rows.end()) return counts;
  const RouteCounts& before = found->second;
  counts.chosen = grown(before.chosen, counts.chosen);
  counts.answered.requests = grown(before.answered.requests, counts.answered.requests);
  counts.answered.server_errors = grown(before.answered.server_errors, counts.answered.server_errors);
  for (std::size_t i = 0; i < kBuckets; ++i)
    counts.answered.durations[i] = grown(before.answered.durations[i], counts.answered.durations[i]);
  return counts;
}

Duration Recent::since(Time now) const {
  return samples_.empty() ? Duration(0) : now - samples_.front().at;
}

}  // namespace kanaria::observe
