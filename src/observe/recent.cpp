#include "kanaria/observe/recent.hpp"

namespace kanaria::observe {
namespace {

/// A row that names another route since the sample has begun anew.
std::uint64_t grown(std::uint64_t before, std::uint64_t now) {
  return now < before ? now : now - before;
}

bool is_server_error(std::size_t slot) {
  return code_label(slot).front() == '5';
}

}  // namespace

RouteCounts Recent::count(std::uint32_t row) const {
  RouteCounts counts;
  counts.chosen = routes_.sum(row, &RouteRow::split_requests);
  for (std::size_t by = 0; by < 2; ++by)
    for (std::size_t slot = 0; slot < kCodes; ++slot) {
      const std::uint64_t total =
          routes_.sum(row, [&](const RouteRow& one) -> const Cell& { return one.answers[by][slot]; });
      counts.requests += total;
      if (is_server_error(slot)) counts.errors += total;
    }
  return counts;
}

void Recent::sample(Time now) {
  while (!samples_.empty() && now - samples_.front().at > kWindow) samples_.pop_front();
  Sample& made = samples_.emplace_back(Sample{now, {}});
  routes_.for_each([&](const auto&, std::uint32_t row) {
    if (made.rows.size() <= row) made.rows.resize(row + 1);
    made.rows[row] = count(row);
  });
}

RouteCounts Recent::of(std::uint32_t row) const {
  const RouteCounts now = count(row);
  if (samples_.empty() || samples_.front().rows.size() <= row) return now;
  const RouteCounts& before = samples_.front().rows[row];
  return {grown(before.chosen, now.chosen), grown(before.requests, now.requests), grown(before.errors, now.errors)};
}

Duration Recent::since(Time now) const {
  return samples_.empty() ? Duration(0) : now - samples_.front().at;
}

}  // namespace kanaria::observe
