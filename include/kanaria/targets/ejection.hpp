// Passive health: a target whose requests fail several times in a row is ejected for a time that grows each time, and
// comes back by a single probing request. Pure: judged on control from what workers noted, at times it is given.
//
//   in --failures in a row--> out --time is over--> probing --the probe succeeded, or nobody took it--> in
//                              ^                       |
//                              '---the probe failed----'
//
// Health checks and ejections are two independent opinions, and a target takes traffic if both let it. An unusable
// target has no traffic that could be judged: it isn't ejected, its failures are forgotten, and an ejection that it is
// in ends with its time, without a probe, for it needs successful checks to return.
#pragma once

#include <cstdint>
#include <span>

#include "kanaria/base/clock.hpp"
#include "kanaria/config/target_group.hpp"

namespace kanaria::targets {

/// The one request that tries an ejected target. Control offers it, a worker takes it and notes how it went, as soon as
/// it knows: a probe that is taken is waited for. So a request that ends without telling anything about the target, as
/// when its client left, puts it back to Offered. Each step of a worker's is a compare-exchange from the state before:
/// only one takes it, and what a worker notes after control ended the ejection changes nothing.
enum class Probe : std::uint8_t { None, Offered, Taken, Succeeded, Failed };

/// No ejection lasts longer, unless ejection_time alone does.
inline constexpr Milliseconds kLongestEjection{300'000};

class Ejection {
 public:
  enum class Phase : std::uint8_t { In, Out, Probing };

  Phase phase() const { return phase_; }
  /// Ejections that followed each other closely, up to the present or last one; as many as make the longest ejection
  /// count as all. One is forgotten whenever the target was In for as long as an ejection would now last.
  unsigned times() const { return times_; }
  /// End of Out, when probing begins.
  Time until() const { return until_; }

 private:
  friend class EjectionJudge;
  Phase phase_ = Phase::In;
  unsigned times_ = 0;
  Time until_{};
  Time since_{};  // when the present phase began; In: or an ejection was last forgotten
};

/// One target at one look.
struct Judged {
  Ejection* ejection;
  bool is_usable;                      // by its health checks: may take traffic at all
  std::uint32_t consecutive_failures;  // noted by workers, over all of them, until now
  // What became of the probe; after the look, what is to become of it.
  Probe probe;
  // What follows, too:
  bool ejected_now = false;     // Out begins, also after a failed probe: counts in ejections_total
  bool reset_failures = false;  // workers' count starts at 0 again, for it tells of another time
};

/// Judges the targets of a group together, for the bounds are of the group: at most max_ejected_percent of them are Out
/// or Probing (rounded down, but 1 where it is positive), and while any target is usable, one of those is In. So a
/// target that is alone is never ejected, and if all fail at once, the bounded number is ejected and the others stay.
/// Where a reload or a health check breaks a bound, those whose ejection ends first return.
///
/// A probe that nobody took for an ejection_time (no traffic, or none that could be sent again) lets its target return
/// untried: nothing stays ejected for want of a request that may try it. A switched-off policy lets all return and
/// forgets.
void judge_ejections(std::span<Judged> group, const config::PassiveHealth& policy, Time now);

}  // namespace kanaria::targets
