// What people ask of a rollout.
#include <algorithm>

#include "kanaria/config/text.hpp"
#include "kanaria/rollout/plan.hpp"
#include "transition.hpp"

namespace kanaria::rollout {
namespace {

Changed refused(std::string message) {
  return {Changed::Status::Refused, std::move(message), {}};
}

Changed unchanged(std::string message) {
  return {Changed::Status::Unchanged, std::move(message), {}};
}

/// Waits for `start` with the canary at 0.
bool waits_for_start(const State& state) {
  return state.phase == Phase::Paused && (state.reason == Reason::NewRevision || state.reason == Reason::StateLost);
}

std::string in_words(const State& state) {
  return in_words(state.phase, state.reason);
}

/// Behind a refusal: what would do instead.
std::string way_on(const std::string& name, const State& state) {
  return ": " + way_on(name, state.phase, state.reason);
}

Changed start(const config::Rollout& rollout, State& state, const Command& command) {
  std::string revision = command.revision;
  if (rollout.revision) {
    if (!revision.empty() && revision != *rollout.revision)
      return refused("the file says that the revision is " + *rollout.revision + ", not " +
                     config::printable(revision));
    revision = *rollout.revision;
  } else if (revision.empty()) {
    return refused("the file names no revision: kanaria rollout start " + rollout.name + " --revision R");
  } else if (!config::is_name(revision)) {
    return refused("a revision has 1-64 characters of A-Z a-z 0-9 _ . -, not " + config::in_quotes(revision));
  }
  if (revision == state.failed)
    return refused("revision " + revision + " has failed: kanaria rollout retry " + rollout.name +
                   " tries it again, another revision starts anew");
  if (state.phase != Phase::Healthy && state.phase != Phase::Degraded && !waits_for_start(state))
    return refused("rollout " + rollout.name + " is in progress, " + in_words(state) + ": kanaria rollout abort " +
                   rollout.name + " ends it first");
  state.revision = revision;
  begin(rollout, state, command.when, "started by " + command.who);
  return {Changed::Status::Done, "rollout " + rollout.name + " of revision " + revision + " has started", {}};
}

Changed promote(const config::Rollout& rollout, State& state, const Command& command) {
  if (state.phase == Phase::Degraded)
    return refused("rollout " + rollout.name + " was taken back, and promote never leads out of that" +
                   way_on(rollout.name, state));
  if (state.phase == Phase::Healthy || waits_for_start(state))
    return refused("rollout " + rollout.name + " is " + in_words(state) + way_on(rollout.name, state));
  const std::string by = "promoted by " + command.who;
  if (state.phase == Phase::Baking) {
    const bool is_handover = state.reason == Reason::Handover;
    end_bake(rollout, state, command.when, by);
    return {Changed::Status::Done,
            state.phase == Phase::Healthy
                ? "rollout " + rollout.name + " is complete" + (is_handover ? ": the file's weights are in force" : "")
                : "the bake of rollout " + rollout.name + " is over: the canary keeps the rule until the next promote",
            {}};
  }
  if (command.full) {
    transit(state, command.when, by + ", in full", [&](State& to) {
      go_on(to, command.when);
      be(to, Phase::Baking, Reason::None);
      to.step = rollout.steps.size();
      to.step_began = command.when;
      to.weight = config::kWholeRule - rollout.holdback;
    });
    return {Changed::Status::Done, "rollout " + rollout.name + " has skipped its steps and bakes", {}};
  }
  transit(state, command.when, by, [&](State& to) {
    const bool stands_before_one = to.reason == Reason::ConfigDrift;  // that sets the next weight
    go_on(to, command.when);
    if (to.step < rollout.steps.size() && !stands_before_one) ++to.step;
    to.step_began = command.when;
  });
  return {Changed::Status::Done, "rollout " + rollout.name + ": step " + std::to_string(state.step) + " is ended", {}};
}

Changed pause(const config::Rollout& rollout, State& state, const Command& command) {
  if (state.phase == Phase::Paused && (state.reason == Reason::ManualPause || waits_for_start(state)))
    return unchanged("rollout " + rollout.name + " is paused already, " + in_words(state));
  if (state.phase != Phase::Progressing && state.phase != Phase::Paused)
    return refused("rollout " + rollout.name + " is " + in_words(state) + " and has no steps to pause" +
                   way_on(rollout.name, state));
  const bool was_paused = state.phase == Phase::Paused;
  transit(state, command.when, "paused by " + command.who, [&](State& to) {
    be(to, Phase::Paused, Reason::ManualPause);
    if (!was_paused) to.paused = command.when;
  });
  return {Changed::Status::Done, "rollout " + rollout.name + " is paused; a bad canary is still taken back", {}};
}

Changed resume(const config::Rollout& rollout, State& state, const Command& command) {
  if (state.phase == Phase::Progressing) return unchanged("rollout " + rollout.name + " is in progress already");
  if (state.phase != Phase::Paused || state.reason != Reason::ManualPause)
    return refused("rollout " + rollout.name + " is " + in_words(state) + ", and resume undoes only pause" +
                   way_on(rollout.name, state));
  transit(state, command.when, "resumed by " + command.who, [&](State& to) { go_on(to, command.when); });
  return {Changed::Status::Done, "rollout " + rollout.name + " goes on", {}};
}

Changed abort(const config::Rollout& rollout, State& state, const Command& command) {
  if (state.phase == Phase::Degraded)
    return unchanged("rollout " + rollout.name + " was taken back already: the canary has nothing");
  const bool may_undo = state.phase == Phase::Healthy && state.reason == Reason::Completed &&
                        command.when - state.ended <= rollout.undo_window;
  if (state.phase == Phase::Healthy && !may_undo)
    return refused("rollout " + rollout.name + " is not in progress" +
                   (state.reason == Reason::Completed ? ", and its undo_window is over" : "") +
                   way_on(rollout.name, state));
  transit(state, command.when, "aborted by " + command.who, [&](State& to) {
    if (may_undo && to.has_swapped) to.is_swapped = !to.is_swapped;
    fail(to, Reason::ManualAbort);
  });
  return {Changed::Status::Done, "rollout " + rollout.name + " is taken back: the canary has nothing", {}};
}

Changed retry(const config::Rollout& rollout, State& state, const Command& command) {
  if (state.phase != Phase::Degraded)
    return refused("rollout " + rollout.name + " is " + in_words(state) + ", and retry begins what was taken back" +
                   way_on(rollout.name, state));
  if (rollout.revision && *rollout.revision != state.revision)
    return refused("the file has another revision, " + *rollout.revision + ": kanaria rollout start " + rollout.name +
                   " begins it");
  if (state.revision.empty())
    return refused("it isn't known which revision that was: kanaria rollout start " + rollout.name +
                   " --revision R begins one");
  begin(rollout, state, command.when, "begun again by " + command.who);
  return {Changed::Status::Done, "rollout " + rollout.name + " begins again with revision " + state.revision, {}};
}

Changed set_weight(const config::Rollout& rollout, State& state, const Command& command) {
  if ((state.phase != Phase::Progressing && state.phase != Phase::Paused) || waits_for_start(state))
    return refused("rollout " + rollout.name + " is " + in_words(state) +
                   ", and set-weight works while it is in progress or paused" + way_on(rollout.name, state));
  const config::Basis weight = command.weight.value_or(-1);
  if (weight < 0 || weight > config::kWholeRule) return refused("a weight is between 0% and 100%");
  const bool was_paused = state.phase == Phase::Paused;
  transit(state, command.when, "set by " + command.who, [&](State& to) {
    be(to, Phase::Paused, Reason::ManualPause);
    if (!was_paused) to.paused = command.when;
    to.weight = weight;
  });
  return {Changed::Status::Done,
          "the canary of rollout " + rollout.name + " has " + config::basis_text(weight) +
              "; the steps are paused until resume or promote",
          {}};
}

}  // namespace

Changed carry_out(const config::Rollout& rollout, State& state, const Command& command) {
  switch (command.verb) {
    case Verb::Start: return start(rollout, state, command);
    case Verb::Promote: return promote(rollout, state, command);
    case Verb::Pause: return pause(rollout, state, command);
    case Verb::Resume: return resume(rollout, state, command);
    case Verb::Abort: return abort(rollout, state, command);
    case Verb::Retry: return retry(rollout, state, command);
    case Verb::SetWeight: return set_weight(rollout, state, command);
  }
  return refused("");
}

}  // namespace kanaria::rollout
