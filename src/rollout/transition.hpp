// The one way in which a state becomes another one: with a line in its history.
#pragma once

#include "kanaria/rollout/state.hpp"

namespace kanaria::rollout {

/// `change(state)` and what it did as one transition. `why`: in words.
template <class Change>
void transit(State& state, WallTime now, std::string why, Change&& change) {
  Transition made;
  made.when = now;
  made.from_step = state.step;
  made.from_weight = state.weight;
  const config::Basis weight = state.weight;
  change(state);
  if (state.weight != weight) state.weight_since = now;
  if (state.weight != weight && state.weight > 0) ++state.weights;
  if (weight == 0 && state.weight > 0) state.exposed_since = now;
  made.phase = state.phase;
  made.reason = state.reason;
  made.to_step = state.step;
  made.to_weight = state.weight;
  state.why = why;
  made.why = std::move(why);
  state.history.push_back(std::move(made));
  if (state.history.size() > kHistory) state.history.erase(state.history.begin());
}

void be(State& state, Phase phase, Reason reason);
/// Leaves a pause: the time that was waited counts neither against the deadline nor as part of a step.
void go_on(State& state, WallTime now);
/// Its revision has failed.
void fail(State& state, Reason reason);
/// Evidence begins anew, and so do the steps.
void begin(const config::Rollout& rollout, State& state, WallTime now, std::string why);
/// The bake is over: with on_complete: handover until the next promote, which completes it.
void end_bake(const config::Rollout& rollout, State& state, WallTime now, std::string why);
void take_back(State& state, WallTime now, Reason reason, std::string why);

}  // namespace kanaria::rollout
