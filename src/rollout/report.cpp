// What is told of a rollout.
#include <algorithm>
#include <cmath>

#include "judge.hpp"

namespace kanaria::rollout {
namespace {

using evidence::Totals;

constexpr auto kStable = static_cast<std::size_t>(evidence::Arm::Stable);
constexpr auto kCanary = static_cast<std::size_t>(evidence::Arm::Canary);

std::optional<double> quantile(const std::array<std::uint64_t, evidence::kLatencyBuckets>& latencies, double q) {
  const bool is_empty = std::ranges::all_of(latencies, [](std::uint64_t count) { return count == 0; });
  if (is_empty) return std::nullopt;
  return std::chrono::duration<double>(evidence::latency_of(evidence::quantile_bucket(latencies, q))).count();
}

ArmReport arm_of(const Standing& standing, const Totals& now, const Totals& base, std::size_t arm) {
  ArmReport report;
  const bool is_canary = arm == kCanary;
  report.target_group =
      is_canary ? canary_of(standing.written, standing.state) : stable_of(standing.written, standing.state);
  const double canary = standing.state.weight / double{config::kWholeRule};
  report.set = is_canary ? canary : 1 - canary;
  const std::uint64_t stable_chosen = grown(base.chosen[kStable], now.chosen[kStable]);
  const std::uint64_t canary_chosen = grown(base.chosen[kCanary], now.chosen[kCanary]);
  if (const std::uint64_t all = stable_chosen + canary_chosen; all > 0)
    report.got = static_cast<double>(is_canary ? canary_chosen : stable_chosen) / static_cast<double>(all);
  report.requests = grown(base.requests[arm], now.requests[arm]);
  constexpr std::size_t kKind = 0;  // of the first metric of errors, or what counts where there is none
  report.bad = grown(base.bad[kKind][arm], now.bad[kKind][arm]);
  const auto latencies = grown(base.latencies[arm], now.latencies[arm]);
  report.p50 = quantile(latencies, 0.5);
  report.p90 = quantile(latencies, 0.9);
  report.p99 = quantile(latencies, 0.99);
  report.in_flight = now.in_flight[arm];
  return report;
}

std::string left(Duration length) {
  const auto whole = std::max(std::chrono::ceil<std::chrono::seconds>(length), std::chrono::seconds(0));
  return whole.count() == 0 ? "0s" : words_of(Milliseconds(whole));
}

/// How long until so many more requests have come, at the pace of those that came since `began`; "": nobody knows.
std::string pace(std::uint64_t have, std::uint64_t want, WallTime began, WallTime now) {
  const double passed = std::chrono::duration<double>(now - began).count();
  if (have == 0 || have >= want || passed <= 0) return "";
  const double more = static_cast<double>(want - have) * passed / static_cast<double>(have);
  if (more > 86'400) return "";
  return ", ~" + left(std::chrono::duration_cast<Duration>(std::chrono::duration<double>(more)));
}

std::string progress(const Standing& standing, std::uint64_t canary_requests, WallTime now) {
  const State& state = standing.state;
  const config::Rollout& written = standing.written;
  if (state.phase == Phase::Baking) {
    if (state.reason == Reason::Handover) return "until promote";
    return left(written.bake_time - (now - state.step_began)) + " left";
  }
  if (state.reason == Reason::ManualPause) return "until resume";
  if (state.phase == Phase::Paused && state.reason != Reason::Inconclusive) return "until promote";
  if (state.step >= written.steps.size()) return "";  // edited; the next look bakes
  const config::RolloutStep& step = written.steps[state.step];
  const auto* const pause = std::get_if<config::PauseStep>(&step.of);
  if (pause != nullptr && state.phase == Phase::Progressing)
    return pause->duration ? left(*pause->duration - (now - state.step_began)) + " left" : "until promote";
  const std::uint64_t want = wanted_requests(written, state.step);
  return std::to_string(canary_requests) + "/" + std::to_string(want) + " requests" +
         pace(canary_requests, want, state.weight_since, now);
}

std::vector<StepReport> steps_of(const Standing& standing, std::uint64_t canary_requests, WallTime now) {
  const State& state = standing.state;
  std::vector<StepReport> steps;
  steps.reserve(standing.written.steps.size() + 1);
  for (const config::RolloutStep& step : standing.written.steps)
    steps.push_back({words_of(step), StepReport::Is::ToCome, ""});
  const Milliseconds bake = standing.written.bake_time;
  steps.push_back({bake == Milliseconds(0) ? "bake 0s" : "bake " + words_of(bake), StepReport::Is::ToCome, ""});
  for (std::size_t i = 0; i < steps.size(); ++i) {
    const bool is_over = state.phase == Phase::Healthy && state.reason == Reason::Completed;
    if (is_over || (state.owns_rule() && i < state.step)) steps[i].is = StepReport::Is::Passed;
  }
  const bool runs = state.owns_rule() && state.phase != Phase::Degraded && state.step < steps.size();
  if (runs) {
    steps[state.step].is = StepReport::Is::Running;
    const bool waits = state.reason == Reason::NewRevision || state.reason == Reason::StateLost;
    steps[state.step].progress = waits ? "until start" : progress(standing, canary_requests, now);
  }
  return steps;
}

}  // namespace

Report Rollout::report(WallTime now) const {
  const State& state = standing_.state;
  const evidence::Totals& totals = standing_.trial->totals();
  Report report;
  report.name = standing_.written.name;
  report.rule = standing_.written.rule.value;
  report.state = state;
  report.steps = steps_of(standing_, facts_.canary_requests, now);
  const bool has_deadline = state.phase == Phase::Progressing || (state.is_exposed() && state.phase == Phase::Paused);
  if (has_deadline) {
    // Pauses for a person don't count.
    const WallTime as_of = state.phase == Phase::Paused ? state.paused : now;
    report.deadline_left = std::chrono::ceil<std::chrono::seconds>(state.deadline - as_of);
  }
  report.arms = {arm_of(standing_, totals, since_.weight, kStable), arm_of(standing_, totals, since_.weight, kCanary)};
  report.requests = totals.requests;
  report.matched = totals.matched;
  report.spilled = totals.spilled;
  report.dry_run = standing_.written.analysis.dry_run;
  std::vector<Measured> measured = measured_;
  Judgement judgement = judge(standing_, totals, since_, measured, now);
  report.metrics = std::move(judgement.metrics);
  const std::uint64_t want = wanted_requests(standing_.written, state.step);
  const std::string have = std::to_string(facts_.canary_requests);
  if (state.phase == Phase::Degraded) {
    report.verdict = Verdict::Fail;
    report.verdict_words = state.why;
  } else if (state.reason == Reason::Handover || state.reason == Reason::Completed) {
    report.verdict = Verdict::Pass;
    report.verdict_words = "it is complete.";
  } else if (state.is_exposed() && judgement.against) {
    report.verdict = Verdict::Fail;
    report.verdict_words = (report.dry_run ? "it would be taken back: " : "") + judgement.against->why;
  } else if (state.is_exposed() && judgement.incident) {
    report.verdict_words = *judgement.incident;
  } else if (state.is_exposed() && facts_.canary_requests >= want) {
    report.verdict = Verdict::Pass;
    report.verdict_words = have + " canary requests, and nothing speaks against it.";
  } else {
    report.verdict_words = have + " of " + std::to_string(want) + " canary requests.";
  }
  const bool goes_well = report.verdict != Verdict::Fail && !judgement.incident;
  if (state.phase == Phase::Progressing && goes_well) report.verdict_words += " Nothing to do.";
  return report;
}

}  // namespace kanaria::rollout
