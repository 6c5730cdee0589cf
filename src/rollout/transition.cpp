#include "transition.hpp"

#include <utility>

namespace kanaria::rollout {

void be(State& state, Phase phase, Reason reason) {
  state.phase = phase;
  state.reason = reason;
}

void go_on(State& state, WallTime now) {
  if (state.phase == Phase::Paused) {
    state.deadline += now - state.paused;
    if (state.reason == Reason::ManualPause) state.step_began += now - state.paused;
  }
  be(state, Phase::Progressing, Reason::None);
}

void fail(State& state, Reason reason) {
  be(state, Phase::Degraded, reason);
  state.weight = 0;
  state.failed = state.revision;
  state.failed_by = reason;
}

void begin(const config::Rollout& rollout, State& state, WallTime now, std::string why) {
  transit(state, now, std::move(why), [&](State& to) {
    be(to, Phase::Progressing, Reason::None);
    ++to.epoch;
    to.halvings = 0;
    to.weights = 0;
    to.failed.clear();
    to.step = 0;
    to.weight = 0;
    to.started = to.step_began = to.weight_since = now;
    to.deadline_length = rollout.progress_deadline;
    to.deadline = now + rollout.progress_deadline;
  });
}

void end_bake(const config::Rollout& rollout, State& state, WallTime now, std::string why) {
  transit(state, now, std::move(why), [&](State& to) {
    const bool is_handed_over = to.reason == Reason::Handover;
    if (!is_handed_over && rollout.on_complete == config::OnComplete::Handover) {
      be(to, Phase::Baking, Reason::Handover);
      to.weight = config::kWholeRule;
      return;
    }
    be(to, Phase::Healthy, Reason::Completed);
    to.has_swapped = !is_handed_over;
    if (to.has_swapped) to.is_swapped = !to.is_swapped;
    to.weight = 0;
    to.ended = now;
  });
}

void take_back(State& state, WallTime now, Reason reason, std::string why) {
  transit(state, now, std::move(why), [&](State& to) { fail(to, reason); });
}

}  // namespace kanaria::rollout
