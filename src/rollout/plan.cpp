#include "kanaria/rollout/plan.hpp"

#include <algorithm>
#include <utility>

#include "kanaria/config/text.hpp"
#include "transition.hpp"

namespace kanaria::rollout {
namespace {

/// What the canary may have at most before the bake is over.
config::Basis bounded(const config::Rollout& rollout, config::Basis weight) {
  return std::min(weight, config::kWholeRule - rollout.holdback);
}

void pause(State& state, WallTime now, Reason reason, std::string why) {
  transit(state, now, std::move(why), [&](State& to) {
    be(to, Phase::Paused, reason);
    to.paused = now;
  });
}

/// Has anything happened that takes the canary's share away, or stops the steps?
bool judge(const config::Rollout& rollout, State& state, const Facts& facts, WallTime now) {
  // Beside the concurrent stable arm it is worse, whatever befalls both of them.
  if (facts.against) {
    take_back(state, now, facts.against->reason, facts.against->why);
    return true;
  }
  if (facts.incident) {
    if (rollout.analysis.on_incident == config::OnIncident::Abort) {
      take_back(state, now, Reason::Incident, *facts.incident);
    } else if (state.phase == Phase::Progressing) {
      pause(state, now, Reason::Incident, *facts.incident);
    } else {
      return false;  // it waits already, or bakes, which isn't over before the incident is
    }
    return true;
  }
  if (facts.unhealthy_since && now - *facts.unhealthy_since >= rollout.unhealthy_abort_after) {
    take_back(state, now, Reason::CanaryUnhealthy,
              "the canary has had no healthy target for " + words_of(rollout.unhealthy_abort_after));
    return true;
  }
  return false;
}

/// A step that is over while too few requests have told anything. False: it waits for them.
bool pass_inconclusive(const config::Rollout& rollout, State& state, std::uint64_t have, std::uint64_t want,
                       WallTime now) {
  const std::string why =
      std::to_string(have) + " of " + std::to_string(want) + " canary requests: too few to tell anything";
  switch (rollout.analysis.on_inconclusive) {
    case config::OnInconclusive::Promote: return true;
    case config::OnInconclusive::Abort: take_back(state, now, Reason::Inconclusive, why); return false;
    case config::OnInconclusive::Pause: pause(state, now, Reason::Inconclusive, why); return false;
  }
  return false;
}

/// Is the step in progress over? It may pause or take back instead.
bool is_over(const config::Rollout& rollout, State& state, const Facts& facts, WallTime now, std::string& why) {
  const config::RolloutStep& step = rollout.steps[state.step];
  const std::uint64_t have = facts.canary_requests;
  if (const auto* const timed = std::get_if<config::PauseStep>(&step.of)) {
    if (!timed->duration) {
      pause(state, now, Reason::StepPause, "step " + std::to_string(state.step + 1) + " waits for promote");
      return false;
    }
    if (now - state.step_began < *timed->duration) return false;
    const std::uint64_t want = wanted_requests(rollout, state.step);
    why = "pause of " + words_of(*timed->duration) + " is over";
    return state.weight == 0 || have >= want || pass_inconclusive(rollout, state, have, want, now);
  }
  const auto& analysis = std::get<config::AnalysisStep>(step.of);
  const std::uint64_t want = wanted_requests(rollout, state.step);
  why = "analysis passed with " + std::to_string(have) + " canary requests";
  if (have >= want) return true;
  if (!analysis.max_wait || now - state.step_began < *analysis.max_wait) return false;
  why = "analysis is over after " + words_of(*analysis.max_wait);
  return pass_inconclusive(rollout, state, have, want, now);
}

void begin_bake(const config::Rollout& rollout, State& state, WallTime now, std::string why) {
  transit(state, now, std::move(why), [&](State& to) {
    be(to, Phase::Baking, Reason::None);
    to.weight =
        bounded(rollout, config::kWholeRule);  // after set-weight, or other steps, the last one's isn't in force
    to.step = rollout.steps.size();
    to.step_began = now;
  });
}

/// Walks the steps as far as they are over. One that sets a weight is over at once, and what follows it has no facts
/// yet.
void walk(const config::Rollout& rollout, State& state, Facts facts, WallTime now, std::string why) {
  while (state.phase == Phase::Progressing) {
    if (state.step == rollout.steps.size())
      return begin_bake(rollout, state, now, why.empty() ? "all steps are passed" : std::move(why));
    if (const auto* const set = std::get_if<config::SetWeight>(&rollout.steps[state.step].of)) {
      if (why.empty()) why = words_of(rollout.steps[state.step]);
      transit(state, now, std::exchange(why, ""), [&](State& to) {
        to.weight = bounded(rollout, set->weight);
        ++to.step;
        to.step_began = now;
      });
      facts.canary_requests = 0;
      continue;
    }
    std::string over;
    if (!is_over(rollout, state, facts, now, over)) return;
    if (!why.empty()) why += "; ";
    why += over;
    ++state.step;
    state.step_began = now;
    const bool sets_next =
        state.step < rollout.steps.size() && std::holds_alternative<config::SetWeight>(rollout.steps[state.step].of);
    if (sets_next || state.step == rollout.steps.size()) continue;  // which tells why
    --state.step;
    transit(state, now, std::exchange(why, ""), [&](State& to) { ++to.step; });
  }
}

}  // namespace

const std::string& stable_of(const config::Rollout& rollout, const State& state) {
  return (state.is_swapped ? rollout.canary : rollout.stable).value;
}

const std::string& canary_of(const config::Rollout& rollout, const State& state) {
  return (state.is_swapped ? rollout.stable : rollout.canary).value;
}

State plan(const config::Rollout& rollout, State state, const Facts& facts, WallTime now) {
  if (!state.owns_rule() || state.phase == Phase::Degraded) return state;
  // It is complete; only a person takes it back, into whatever stable is while it is redeployed.
  if (state.reason == Reason::Handover) return state;
  if (state.is_exposed() && judge(rollout, state, facts, now)) return state;
  if (state.phase == Phase::Paused && state.reason == Reason::Inconclusive &&
      facts.canary_requests >= wanted_requests(rollout, state.step))
    transit(state, now, std::to_string(facts.canary_requests) + " canary requests have come",
            [&](State& to) { go_on(to, now); });
  if (state.phase == Phase::Progressing && now >= state.deadline) {
    take_back(state, now, Reason::ProgressDeadline,
              "the steps took longer than progress_deadline, " + words_of(rollout.progress_deadline));
    return state;
  }
  if (state.phase == Phase::Progressing) walk(rollout, state, facts, now, "");
  const bool is_baked = state.phase == Phase::Baking && !facts.incident && now - state.step_began >= rollout.bake_time;
  if (is_baked) end_bake(rollout, state, now, "bake of " + words_of(rollout.bake_time) + " is over");
  return state;
}

std::uint64_t wanted_requests(const config::Rollout& rollout, std::size_t step) {
  const config::AnalysisStep* const analysis =
      step < rollout.steps.size() ? std::get_if<config::AnalysisStep>(&rollout.steps[step].of) : nullptr;
  return static_cast<std::uint64_t>(analysis != nullptr ? analysis->min_canary_requests
                                                        : rollout.analysis.min_canary_requests);
}

std::string words_of(const config::RolloutStep& step) {
  if (const auto* const set = std::get_if<config::SetWeight>(&step.of)) return "set " + config::basis_text(set->weight);
  if (const auto* const pause = std::get_if<config::PauseStep>(&step.of))
    return pause->duration ? "pause " + words_of(*pause->duration) : "pause";
  return "analysis";
}

std::string words_of(Milliseconds length) {
  if (length < std::chrono::seconds(1)) return std::to_string(length.count()) + "ms";
  const struct {
    std::chrono::seconds unit;
    const char* name;
  } units[] = {{std::chrono::hours(24), "d"},
               {std::chrono::hours(1), "h"},
               {std::chrono::minutes(1), "m"},
               {std::chrono::seconds(1), "s"}};
  auto left = std::chrono::duration_cast<std::chrono::seconds>(length);
  std::string words;
  int parts = 0;
  for (const auto& [unit, name] : units) {
    const auto count = left / unit;
    left -= count * unit;
    if (count == 0 || parts == 2) continue;
    words += (words.empty() ? "" : " ") + std::to_string(count) + name;
    ++parts;
  }
  return words;
}

}  // namespace kanaria::rollout
