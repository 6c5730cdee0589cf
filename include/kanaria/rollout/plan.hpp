// What a rollout does next. Pure functions of what was written, where it stands, what is known, and the time.
//
//             start          all steps passed        bake_time
//   Healthy --------> Progressing ---------> Baking ----------> Baking(Handover), promote -> Healthy(Completed)
//      ^                |  ^                   |                 or, on_complete: swap,      Healthy(Completed)
//      |                v  |  promote, resume  |
//      |               Paused                  |
//      |                |                      |     what speaks against the canary takes it back in each of these
//      |  undo_window   v                      v
//      +------------> Degraded <---------------+     retry -> Progressing; another revision -> Paused(NewRevision)
#pragma once

#include <optional>
#include <string>

#include "kanaria/rollout/report.hpp"
#include "kanaria/rollout/state.hpp"

namespace kanaria::rollout {

/// What is known when it is decided.
struct Facts {
  std::uint64_t canary_requests = 0;  // with an outcome, since it has its weight
  struct Against {
    Reason reason;  // AnalysisFailed or LimitExceeded
    std::string why;
  };
  std::optional<Against> against;           // what speaks against the canary
  std::optional<std::string> incident;      // why both arms are bad: that is no word against the canary
  std::optional<WallTime> unhealthy_since;  // the canary has had no healthy target; none: it has one
};

/// The target groups by the role that they have now.
const std::string& stable_of(const config::Rollout& rollout, const State& state);
const std::string& canary_of(const config::Rollout& rollout, const State& state);

/// What follows from the facts and from the time; the same state: nothing.
State plan(const config::Rollout& rollout, State state, const Facts& facts, WallTime now);

/// Carries a verb out on `state`, where it may be.
Changed carry_out(const config::Rollout& rollout, State& state, const Command& command);

/// The state under a file that may be another one than before: a reload's, or that of a start. `warnings`: what a
/// person should know of it.
State follow(const config::Rollout& rollout, State state, WallTime now, std::vector<std::string>& warnings);

/// A state that a former process kept, at `kept`, as far as it may go on: not when it is older than state_max_age, nor
/// when `crashes` processes have died lately. `now` may be before what the state has, where the clock was set.
inline constexpr std::size_t kMostCrashes = 3;
State recover(const config::Rollout& rollout, State state, WallTime kept, std::size_t crashes, WallTime now);
/// A state of which nothing is known: the canary gets nothing until somebody starts it.
State lost(const config::Rollout& rollout, State state, WallTime now, std::string why);

/// The canary's requests without which a step tells nothing.
std::uint64_t wanted_requests(const config::Rollout& rollout, std::size_t step);
/// What is written of a step: "set 10%", "pause 5m", "pause", "analysis".
std::string words_of(const config::RolloutStep& step);
/// "5m", "1h 30m", "250ms"
std::string words_of(Milliseconds length);

}  // namespace kanaria::rollout
