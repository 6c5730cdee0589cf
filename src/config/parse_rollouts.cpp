#include <algorithm>

#include "sections.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

using namespace std::chrono_literals;

constexpr auto kYear = 365 * 24h;
constexpr int kMostRequests = 1'000'000'000;

std::optional<Basis> basis(const Value& value, Basis most) {
  return share(value, 2, 0, most);
}

// ---- steps

std::optional<PauseStep> read_pause(const Value& value) {
  if (value.node->kind == Node::Kind::Nothing) {
    value.fault("pause must be a mapping: write pause: {}, which waits for `kanaria rollout promote`");
    return std::nullopt;
  }
  if (value.node->kind == Node::Kind::Scalar) {
    value.fault(concat("pause must be a mapping: write pause: {duration: ", value.node->text.substr(0, 40), '}'));
    return std::nullopt;
  }
  PauseStep step;
  const Mapping map(value, Scope::Pause);
  if (const auto written = map.find("duration")) {
    step.duration = duration(*written, 1s, kYear);
    if (!step.duration) return std::nullopt;
  }
  return step;
}

AnalysisStep read_analysis_step(const Value& value, int min_canary_requests) {
  AnalysisStep step;
  // A step without any request would tell nothing.
  step.min_canary_requests = std::max(min_canary_requests, 1);
  const Mapping map(value, Scope::AnalysisStep);
  read_into(step.min_canary_requests, map, "min_canary_requests", number, 1, kMostRequests);
  if (const auto wait = map.find("max_wait")) step.max_wait = unless("none", *wait, duration, 1s, kYear);
  return step;
}

std::optional<RolloutStep> read_step(const Value& value, int min_canary_requests) {
  const Mapping map(value, Scope::RolloutStep);
  const auto written = map.only({"set_weight", "pause", "analysis"});
  if (!written) return std::nullopt;
  if (written->name == "analysis") return RolloutStep{read_analysis_step(*written, min_canary_requests), value.at()};
  if (written->name == "pause") {
    const auto pause = read_pause(*written);
    return pause ? std::optional(RolloutStep{*pause, value.at()}) : std::nullopt;
  }
  const auto weight = basis(*written, kWholeRule);
  return weight ? std::optional(RolloutStep{SetWeight{*weight}, value.at()}) : std::nullopt;
}

/// Empty when one of them could not be read: what the others say together would be judged wrongly.
std::vector<RolloutStep> read_steps(const Value& value, int min_canary_requests) {
  std::vector<RolloutStep> steps;
  const std::vector<Value> list = items(value, "a step");
  for (const Value& item : list) {
    if (auto step = read_step(item, min_canary_requests)) steps.push_back(*step);
  }
  if (value.node->kind == Node::Kind::List && list.empty()) {
    value.fault("steps needs at least one step: - set_weight: 100%");
  }
  if (list.size() > kMostSteps) value.fault(concat("steps has at most ", kMostSteps, " steps, not ", list.size()));
  if (steps.size() < list.size()) steps.clear();
  return steps;
}

// ---- match

std::vector<RolloutMatch> read_matches(const Value& value) {
  std::vector<RolloutMatch> matches;
  const std::vector<Value> list = items(value, "a match");
  for (const Value& item : list) {
    RolloutMatch match;
    match.at = item.at();
    const Mapping map(item, Scope::RolloutMatch);
    const auto group = map.require("target_group");
    if (group) set(match.target_group, placed_text(*group));
    match.conditions = read_conditions_in(map);
    if (group && match.conditions.empty() && item.node->entries.size() == 1) {
      item.fault(
          "a match needs a condition beside target_group, such as http_header: "
          "{http_header_name: X-Canary, values: [always]}");
    }
    matches.push_back(std::move(match));
  }
  if (list.size() > kMostMatches) {
    value.fault(concat("match has at most ", kMostMatches, " entries, not ", list.size()));
  }
  return matches;
}

// ---- a rollout

/// The times that bound it.
void read_times(const Mapping& map, Rollout& rollout) {
  read_into(rollout.bake_time, map, "bake_time", duration, 0s, 30 * 24h);
  read_into(rollout.state_max_age, map, "state_max_age", duration, 1min, kYear);
  read_into(rollout.undo_window, map, "undo_window", duration, 0s, kYear);
  read_into(rollout.progress_deadline, map, "progress_deadline", duration, 1min, kYear);
  read_into(rollout.unhealthy_abort_after, map, "unhealthy_abort_after", duration, 1s, 1h);
}

Rollout read_rollout(const Value& value) {
  Rollout rollout;
  rollout.at = rollout.name_at = value.at();
  const Mapping map(value, Scope::Rollout);
  if (const auto written = map.require("name")) {
    rollout.name_at = written->at();
    set(rollout.name, name(*written));
  }
  if (const auto rule = map.require("rule")) set(rollout.rule, placed_text(*rule));
  if (const auto stable = map.require("stable")) set(rollout.stable, placed_text(*stable));
  if (const auto canary = map.require("canary")) set(rollout.canary, placed_text(*canary));
  if (const auto revision = map.find("revision")) rollout.revision = unless("none", *revision, name);
  if (const auto analysis = map.find("analysis")) rollout.analysis = read_rollout_analysis(*analysis);
  if (const auto steps = map.require("steps")) {
    rollout.steps = read_steps(*steps, rollout.analysis.min_canary_requests);
  }
  if (const auto match = map.find("match")) rollout.match = read_matches(*match);
  read_into(rollout.allow_decrease, map, "allow_decrease", boolean);
  read_into(rollout.auto_start, map, "auto_start", boolean);
  if (const auto complete = map.find("on_complete")) {
    set(rollout.on_complete,
        choice<OnComplete>(*complete, {{"handover", OnComplete::Handover}, {"swap", OnComplete::Swap}}));
  }
  read_into(rollout.holdback, map, "holdback", basis, kWholeRule / 2);
  read_times(map, rollout);
  return rollout;
}

}  // namespace

std::vector<Rollout> read_rollouts(const Value& value) {
  std::vector<Rollout> rollouts;
  for (const Value& item : items(value, "a rollout")) rollouts.push_back(read_rollout(item));
  return rollouts;
}

}  // namespace kanaria::config
