// Where a rollout stands: what is kept in state_dir and what plan() decides from. Values. Times are of the wall, so
// that a restart finds the same deadlines.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/config/rollout.hpp"

namespace kanaria::rollout {

/// Argo Rollouts' words, and Baking.
enum class Phase : std::uint8_t {
  Healthy,      // at rest: the file's weights are in force
  Progressing,  // walks its steps
  Paused,       // waits: for a person, or for requests
  Baking,       // all steps are passed; the canary has the rule
  Degraded,     // taken back: the canary has nothing until `retry` or another revision
};
inline constexpr std::size_t kPhases = 5;
/// "Healthy", ...
std::string_view name_of(Phase phase);
/// None: there is no such phase.
std::optional<Phase> phase_of(std::string_view name);

/// Why.
enum class Reason : std::uint8_t {
  None,              // of Healthy: never started. Of Progressing and Baking: nothing special
  Completed,         // of Healthy
  StepPause,         // of Paused: a step waits for `promote`
  ManualPause,       // `pause` or `set-weight`
  Inconclusive,      // too few requests; goes on by itself when they come. Of Degraded: on_inconclusive: abort
  Incident,          // both arms are over a limit: no word against the canary
  ConfigDrift,       // the steps were edited, and the step in progress is gone
  StateLost,         // state_dir had nothing fit to go on from
  NewRevision,       // another one came meanwhile, and waits for `start`
  Handover,          // of Baking: it is over, and the canary keeps the rule until `promote`
  AnalysisFailed,    // of Degraded: a metric
  LimitExceeded,     // slo_max or slo_p99_max
  CanaryUnhealthy,   // it had no healthy target for unhealthy_abort_after
  ManualAbort,       // `abort`
  ProgressDeadline,  // progress_deadline
  CrashLoop,         // kanaria died again and again while it was in progress
};
inline constexpr std::size_t kReasons = 16;
/// "AnalysisFailed", ...; "" of None.
std::string_view name_of(Reason reason);
/// None: there is no such reason.
std::optional<Reason> reason_of(std::string_view name);
/// "Healthy", "Paused(StepPause)".
std::string in_words(Phase phase, Reason reason);

/// One change of phase, step or weight; a line in the log.
struct Transition {
  WallTime when{};
  Phase phase = Phase::Healthy;  // then
  Reason reason = Reason::None;  // then
  std::size_t from_step = 0;     // steps passed before and after: 0 is the start
  std::size_t to_step = 0;
  config::Basis from_weight = 0;
  config::Basis to_weight = 0;
  std::string why;  // in words
  friend bool operator==(const Transition&, const Transition&) = default;
};
inline constexpr std::size_t kHistory = 20;

struct State {
  Phase phase = Phase::Healthy;
  Reason reason = Reason::None;
  std::string why;       // in words, what brought it here
  std::string revision;  // in progress, or the last one that was; "": none yet
  std::string failed;    // the revision that was taken back last, until another one begins; "": none
  Reason failed_by = Reason::None;
  std::size_t step = 0;      // index of the step in progress; as many as there are: all are passed
  config::Basis weight = 0;  // of the canary, while the rollout owns the rule
  bool is_swapped = false;   // `canary` of the file is the stable one now, and the other way round
  bool has_swapped = false;  // of Healthy(Completed): by that, and not by handing the rule back
  unsigned epoch = 0;        // of the evidence: another one begins with none
  unsigned halvings = 0;     // of false_rollback_rate: what edited metrics had spent of it already
  unsigned weights = 0;      // above nothing that the canary has had so far: each was held against the limits
  WallTime started{};
  WallTime weight_since{};          // the weight's
  WallTime exposed_since{};         // the canary has had more than nothing
  WallTime step_began{};            // or the bake
  WallTime deadline{};              // of the steps
  Milliseconds deadline_length{};   // that this was made of
  WallTime paused{};                // of Paused
  WallTime ended{};                 // of Healthy(Completed): undo_window begins
  std::string identity;             // the rule and its groups; "": it was never looked at
  std::string steps;                // as they were written at the last look
  std::string metrics;              // the same of what the evidence depends on
  std::vector<Transition> history;  // the newest last, at most kHistory
  friend bool operator==(const State&, const State&) = default;

  /// Does it decide the rule's weights?
  bool owns_rule() const { return phase != Phase::Healthy; }
  /// May the canary get requests?
  bool is_exposed() const { return owns_rule() && phase != Phase::Degraded && weight > 0; }
};

}  // namespace kanaria::rollout
