// What a trial's totals say of the canary, metric by metric. Pure, but for what thresholds measure.
#pragma once

#include <vector>

#include "kanaria/rollout/rollout.hpp"

namespace kanaria::rollout {

/// What the trial of such an analysis counts. `halvings`: of the rate.
evidence::Plan plan_of(const config::RolloutAnalysis& analysis, unsigned halvings, bool once_a_user);

/// The kind of errors of a metric in the trial.
std::size_t kind_of(const config::RolloutAnalysis& analysis, std::size_t metric);

struct Judgement {
  std::optional<Facts::Against> against;
  std::optional<std::string> incident;
  std::vector<MetricReport> metrics;
};

/// `measured` goes on.
Judgement judge(const Standing& standing, const evidence::Totals& now, const Since& since,
                std::vector<Measured>& measured, WallTime when);
/// A canary that got its first traffic a moment ago is excused for being slow.
bool is_cold(const Standing& standing, WallTime when);

/// How many more; a restart may have lost some.
constexpr std::uint64_t grown(std::uint64_t from, std::uint64_t to) {
  return to < from ? 0 : to - from;
}
std::array<std::uint64_t, evidence::kLatencyBuckets> grown(
    const std::array<std::uint64_t, evidence::kLatencyBuckets>& from,
    const std::array<std::uint64_t, evidence::kLatencyBuckets>& to);

}  // namespace kanaria::rollout
