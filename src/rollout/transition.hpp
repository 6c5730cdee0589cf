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

inline void be(State& state, Phase phase, Reason reason) {
  state.phase = phase;
  state.reason = reason;
}

/// Leaves a pause: the time that was waited counts neither against the deadline nor as part of a step.
inline void go_on(State& state, WallTime now) {
  if (state.phase == Phase::Paused) {
    state.deadline += now - state.paused;
    if (state.reason == Reason::ManualPause) state.step_began += now - state.paused;
  }
  be(state, Phase::Progressing, Reason::None);
}

/// Its revision has failed.
inline void fail(State& state, Reason reason) {
  be(state, Phase::Degraded, reason);
  state.weight = 0;
  state.failed = state.revision;
  state.failed_by = reason;
}

inline void take_back(State& state, WallTime now, Reason reason, std::string why) {
  transit(state, now, std::move(why), [&](State& to) { fail(to, reason); });
}

/// Evidence begins anew, and so do the steps.
inline void begin(const config::Rollout& rollout, State& state, WallTime now, std::string why) {
  transit(state, now, std::move(why), [&](State& to) {
    be(to, Phase::Progressing, Reason::None);
    ++to.epoch;
    to.halvings = 0;
    to.failed.clear();
    to.step = 0;
    to.weight = 0;
    to.started = to.step_began = to.weight_since = now;
    to.deadline_length = rollout.progress_deadline;
    to.deadline = now + rollout.progress_deadline;
  });
}

}  // namespace kanaria::rollout
