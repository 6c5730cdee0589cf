// What a start makes of the state that a former process has left.
#include <algorithm>

#include "kanaria/rollout/plan.hpp"
#include "transition.hpp"

namespace kanaria::rollout {

State lost(const config::Rollout& rollout, State state, WallTime now, std::string why) {
  // It may have been this one; whoever aborts it aborts it.
  if (state.revision.empty()) state.revision = rollout.revision.value_or("");
  transit(state, now, std::move(why), [&](State& to) {
    be(to, Phase::Paused, Reason::StateLost);
    to.weight = 0;
    to.paused = now;
  });
  return state;
}

State recover(const config::Rollout& rollout, State state, WallTime kept, std::size_t crashes, WallTime now) {
  state.step = std::min(state.step, rollout.steps.size());
  if (!state.is_exposed()) return state;
  if (now - kept > rollout.state_max_age)
    return lost(rollout, std::move(state), now,
                "what state_dir had was older than state_max_age, " + words_of(rollout.state_max_age));
  if (crashes >= kMostCrashes) {
    take_back(state, now, Reason::CrashLoop,
              "kanaria died " + std::to_string(crashes) + " times in a short while, and it was in progress");
    return state;
  }
  // What began in the future begins now: a pause is whole again rather than over too soon.
  for (WallTime* const moment : {&state.weight_since, &state.exposed_since, &state.step_began, &state.paused})
    *moment = std::min(*moment, now);
  state.deadline = std::min(state.deadline, now + state.deadline_length);
  return state;
}

}  // namespace kanaria::rollout
