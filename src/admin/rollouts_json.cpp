#include "rollouts_json.hpp"

#include <algorithm>
#include <iterator>
#include <limits>

namespace kanaria::admin {
namespace {

Json or_null(std::string_view text) {
  return text.empty() ? Json() : Json(text);
}

/// JSON has no infinity.
Json or_null(std::optional<double> number) {
  return number ? Json(std::min(*number, std::numeric_limits<double>::max())) : Json();
}

/// A time that is none yet is where clocks begin.
Json or_null(WallTime when) {
  return when == WallTime{} ? Json() : Json(text_of(when));
}

double part_of(config::Basis weight) {
  return static_cast<double>(weight) / config::kWholeRule;
}

Json transition_json(const rollout::Transition& transition) {
  return {{"when", text_of(transition.when)},
          {"phase", name_of(transition.phase)},
          {"reason", or_null(name_of(transition.reason))},
          {"from_step", transition.from_step},
          {"to_step", transition.to_step},
          {"from_weight", part_of(transition.from_weight)},
          {"to_weight", part_of(transition.to_weight)},
          {"why", transition.why}};
}

std::string_view name_of(rollout::StepReport::Is is) {
  switch (is) {
    case rollout::StepReport::Is::Passed: return "passed";
    case rollout::StepReport::Is::Running: return "running";
    case rollout::StepReport::Is::ToCome: return "to_come";
  }
  return "to_come";
}

Json arm_json(const rollout::ArmReport& arm) {
  return {{"target_group", arm.target_group}, {"set", arm.set},          {"got", or_null(arm.got)},
          {"requests", arm.requests},         {"bad", arm.bad},          {"p50", or_null(arm.p50)},
          {"p90", or_null(arm.p90)},          {"p99", or_null(arm.p99)}, {"in_flight", arm.in_flight},
          {"targets", arm.targets},           {"healthy", arm.healthy}};
}

Json metric_json(const rollout::MetricReport& metric) {
  return {{"name", metric.name},
          {"type", metric.type},
          {"evidence", or_null(metric.evidence)},
          {"limit", metric.evidence ? Json(metric.limit) : Json()},
          {"words", or_null(metric.words)},
          {"slo", or_null(metric.slo)},
          {"slo_value", or_null(metric.slo_value)},
          {"within", metric.is_within},
          {"bad", {{"stable", metric.bad_stable}, {"canary", metric.bad_canary}}}};
}

/// When it came to its phase, for its reason. None: it never left the start.
WallTime since(const rollout::State& state) {
  WallTime when{};
  for (auto one = state.history.rbegin(); one != state.history.rend(); ++one) {
    if (one->phase != state.phase || one->reason != state.reason) break;
    when = one->when;
  }
  return when;
}

/// The step in progress, from 1. None: it is at rest.
Json step_of(const rollout::Report& report) {
  if (!report.state.owns_rule() || report.steps.empty()) return {};
  return std::min(report.state.step + 1, report.steps.size());
}

}  // namespace

Json summary_json(const rollout::Report& report) {
  return {{"name", report.name},
          {"rule", report.rule},
          {"phase", name_of(report.state.phase)},
          {"reason", or_null(name_of(report.state.reason))},
          {"why", or_null(report.state.why)},
          {"since", or_null(since(report.state))},
          {"unkept", or_null(report.unkept)}};
}

Json json_of(const rollout::Report& report) {
  const rollout::State& state = report.state;
  Json body = summary_json(report);
  body["revision"] = or_null(state.revision);
  body["step"] = step_of(report);
  body["weight"] = state.owns_rule() ? Json(part_of(state.weight)) : Json();
  body["swapped"] = state.is_swapped;
  body["started_at"] = or_null(state.started);
  body["weight_since"] = or_null(state.weight_since);
  body["step_since"] = or_null(state.step_began);
  body["deadline"] = or_null(state.deadline);
  body["deadline_seconds_left"] = report.deadline_left ? Json(report.deadline_left->count()) : Json();
  body["paused_at"] = or_null(state.paused);
  body["ended_at"] = or_null(state.ended);
  body["steps"] = Json::array();
  for (const rollout::StepReport& step : report.steps)
    body["steps"].push_back({{"step", step.words}, {"is", name_of(step.is)}, {"progress", or_null(step.progress)}});
  body["stable"] = arm_json(report.arms[0]);
  body["canary"] = arm_json(report.arms[1]);
  body["matched"] = report.matched;
  body["spilled"] = report.spilled;
  body["metrics"] = Json::array();
  for (const rollout::MetricReport& metric : report.metrics) body["metrics"].push_back(metric_json(metric));
  body["verdict"] = name_of(report.verdict);
  body["verdict_words"] = or_null(report.verdict_words);
  body["dry_run"] = report.dry_run;
  body["history"] = Json::array();
  for (const rollout::Transition& one : state.history) body["history"].push_back(transition_json(one));
  return body;
}

}  // namespace kanaria::admin
