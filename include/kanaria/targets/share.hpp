// How much of a full target's part a target takes: slow start, and mitigation of anomalies. Pure functions; control
// asks them and writes the product into the targets' shares.
#pragma once

#include <cstdint>
#include <span>

#include "kanaria/base/clock.hpp"

namespace kanaria::targets {

/// In thousandths of a full target's part.
using Share = std::uint32_t;
inline constexpr Share kFullShare = 1000;

/// Linear growth over `duration` since the target became healthy (alb.md §4.3), at least 1; full when it is over or
/// `duration` is 0.
Share slow_start_share(Duration since_healthy, Milliseconds duration);

/// What one target did since the last look.
struct Observed {
  std::uint64_t requests = 0;
  std::uint64_t failures = 0;  // 5xx, failed connects, resets, time-outs
};

/// Anomaly detection and mitigation (alb.md §4.2): a target that fails significantly more often than the other healthy
/// ones of its group, in two looks in a row, is anomalous. It is normal again after three looks in a row in which it
/// didn't fail more often. Mitigation halves the share of an anomalous target at each look, down to 1 %, and doubles it
/// at each look when it is normal again; until it is full, one look in which it fails more often is enough to turn
/// back.
///
/// "Significantly": at least 5 failures, a rate more than twice the others' and 3 standard errors above it. "More
/// often" asks for less, about twice what the others' rate lets expect, for what is left of an anomalous target's share
/// is too little to be sure by; so a target with hardly any requests rises until it has some.
class Mitigation {
 public:
  bool is_anomalous() const { return anomalous_; }
  Share share() const { return share_; }  // kFullShare unless mitigation is on

 private:
  friend class AnomalyJudge;
  bool anomalous_ = false;
  int in_a_row_ = 0;  // looks that speak against the present verdict
  Share share_ = kFullShare;
};

struct Suspect {
  Mitigation* mitigation;
  bool is_healthy;
  Observed since_last_look;
};

inline constexpr Milliseconds kAnomalyInterval{5'000};

/// One look, every kAnomalyInterval. `mitigate` false: detects only, all shares are full. In a group of fewer than 3
/// healthy targets all are normal; one that is unhealthy starts afresh when it returns.
void judge_anomalies(std::span<const Suspect> group, bool mitigate);

}  // namespace kanaria::targets
