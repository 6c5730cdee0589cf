// What an edited file does to a rollout, in progress or not. canary.md §9.3 has the table.
#include <algorithm>

#include "kanaria/rollout/plan.hpp"
#include "transition.hpp"

namespace kanaria::rollout {
namespace {

std::string identity_of(const config::Rollout& rollout) {
  return rollout.rule.value + " " + rollout.stable.value + " " + rollout.canary.value;
}

std::string steps_of(const config::Rollout& rollout) {
  std::string words;
  for (const config::RolloutStep& step : rollout.steps) {
    words += words_of(step);
    if (const auto* const analysis = std::get_if<config::AnalysisStep>(&step.of)) {
      words += " " + std::to_string(analysis->min_canary_requests);
      if (analysis->max_wait) words += " " + words_of(*analysis->max_wait);
    }
    words += ", ";
  }
  return words;
}

/// What the evidence depends on, as text to be compared.
std::string metrics_of(const config::RolloutAnalysis& analysis) {
  std::string words = std::to_string(analysis.false_rollback_rate) + " " + std::to_string(analysis.tolerance);
  for (const config::RolloutMetric& metric : analysis.metrics) {
    words += "; " + metric.name;
    if (const auto* const errors = std::get_if<config::ErrorRate>(&metric.of)) {
      const config::BadAnswers& bad = errors->bad;
      words += " " + bad.matcher.to_string() + (bad.connect_error ? " connect_error" : "") +
               (bad.timeout ? " timeout" : "") + (bad.reset ? " reset" : "");
    } else {
      words += std::holds_alternative<config::Latency>(metric.of) ? " latency" : " threshold";
    }
  }
  return words;
}

/// The rollout under another rule, or with other target groups: what was in progress has ended, and what had failed has
/// failed.
State moved(const config::Rollout& rollout, const State& state, const std::string& identity,
            std::vector<std::string>& warnings) {
  const auto groups_in = [](const std::string& one) { return one.substr(std::min(one.find(' '), one.size())); };
  State made;
  made.revision = state.revision;
  made.failed = state.failed;
  made.failed_by = state.failed_by;
  made.epoch = state.epoch + 1;
  made.history = state.history;
  if (state.phase == Phase::Degraded) {
    be(made, state.phase, state.reason);
    made.why = state.why;
  } else if (state.owns_rule()) {
    warnings.push_back("rollout " + rollout.name +
                       " is of another rule or other target groups now: what was in progress has ended");
  }
  if (groups_in(identity) == groups_in(state.identity)) {
    made.is_swapped = state.is_swapped;
  } else if (state.is_swapped) {
    warnings.push_back("rollout " + rollout.name +
                       " has other target groups now: they have the roles that the file says, no longer swapped ones");
  }
  return made;
}

/// Where the steps go on after an edit: behind the one that set this weight.
void find_step(const config::Rollout& rollout, State& state, WallTime now, std::vector<std::string>& warnings) {
  const auto sets = [&](const config::RolloutStep& step, auto&& fits) {
    const auto* const set = std::get_if<config::SetWeight>(&step.of);
    return set != nullptr && fits(std::min(set->weight, config::kWholeRule - rollout.holdback));
  };
  const auto same = std::ranges::find_if(rollout.steps, [&](const config::RolloutStep& step) {
    return sets(step, [&](config::Basis weight) { return weight == state.weight; });
  });
  const auto index_of = [&](auto at) { return static_cast<std::size_t>(at - rollout.steps.begin()); };
  if (same != rollout.steps.end() || state.weight == 0) {
    transit(state, now, "the steps were edited: it goes on behind the one of its weight", [&](State& to) {
      to.step = same == rollout.steps.end() ? 0 : index_of(same) + 1;
      to.step_began = now;
    });
    return;
  }
  const auto next = std::ranges::find_if(rollout.steps, [&](const config::RolloutStep& step) {
    return sets(step, [&](config::Basis weight) { return weight > state.weight; });
  });
  transit(state, now, "the steps were edited, and none of them has the weight in force", [&](State& to) {
    if (to.phase != Phase::Paused) to.paused = now;
    be(to, Phase::Paused, Reason::ConfigDrift);
    to.step = next == rollout.steps.end() ? rollout.steps.size() : index_of(next);
    to.step_began = now;
  });
  warnings.push_back("rollout " + rollout.name + ": the steps were edited, and none of them sets " +
                     config::basis_text(state.weight) + ", which the canary has: it waits for promote or abort");
}

}  // namespace

State follow(const config::Rollout& rollout, State state, WallTime now, std::vector<std::string>& warnings) {
  const std::string identity = identity_of(rollout);
  const std::string steps = steps_of(rollout);
  const std::string metrics = metrics_of(rollout.analysis);
  if (!state.identity.empty() && state.identity != identity) state = moved(rollout, state, identity, warnings);
  const bool is_known = !state.identity.empty();
  const bool are_steps_edited = is_known && state.steps != steps;
  const bool are_metrics_edited = is_known && state.metrics != metrics;
  state.identity = identity;
  state.steps = steps;
  state.metrics = metrics;
  if (are_metrics_edited) ++state.epoch;  // what was counted is of other kinds of errors

  const bool is_other_revision = rollout.revision && *rollout.revision != state.revision;
  if (is_other_revision && rollout.auto_start && state.reason != Reason::StateLost) {
    state.revision = *rollout.revision;
    begin(rollout, state, now, "revision " + *rollout.revision + " came, and auto_start");
    return state;
  }
  if (!state.owns_rule()) return state;
  // The other revision went without having begun, and the one before had failed.
  if (state.reason == Reason::NewRevision && rollout.revision && *rollout.revision == state.failed)
    take_back(state, now, state.failed_by, "revision " + state.failed + " is back, and has failed");
  if (is_other_revision && state.reason != Reason::NewRevision && state.reason != Reason::StateLost) {
    transit(state, now, "revision " + *rollout.revision + " came while " + state.revision + " was in progress",
            [&](State& to) {
              if (to.phase != Phase::Paused) to.paused = now;
              be(to, Phase::Paused, Reason::NewRevision);
              to.weight = 0;
            });
    warnings.push_back("rollout " + rollout.name + ": the canary has nothing until kanaria rollout start " +
                       rollout.name + " begins revision " + *rollout.revision);
    return state;
  }
  if (state.phase == Phase::Degraded) {
    warnings.push_back("rollout " + rollout.name + " is Degraded: revision " + state.revision +
                       " stays without traffic until retry or another revision");
    return state;
  }
  if (state.reason == Reason::NewRevision || state.reason == Reason::StateLost) return state;
  if (state.deadline_length != rollout.progress_deadline) {
    state.deadline += rollout.progress_deadline - state.deadline_length;
    state.deadline_length = rollout.progress_deadline;
  }
  if (are_metrics_edited) {
    const std::string part = "1/" + std::to_string(1U << std::min(state.halvings + 1, 30U));
    transit(state, now, "the metrics were edited: evidence begins anew, with " + part + " of false_rollback_rate",
            [](State& to) {
              ++to.halvings;
              ++to.weights;  // limits are looked at anew too
            });
  }
  if (are_steps_edited) {
    if (state.phase == Phase::Baking) {
      state.step = rollout.steps.size();
    } else {
      find_step(rollout, state, now, warnings);
    }
  }
  return state;
}

}  // namespace kanaria::rollout
