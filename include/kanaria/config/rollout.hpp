// A rollout as the operator wrote it, with every default filled in: how a rule's traffic goes over from a stable target
// group to a canary, and what takes it back. Words of surface.md, which are Argo Rollouts'. Values; parse() and
// validate() see to the ranges named here.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kanaria/config/matcher.hpp"
#include "kanaria/config/rule.hpp"

namespace kanaria::config {

/// Of a rule's requests, in hundredths of a percent: 0-10,000.
using Basis = int;
inline constexpr Basis kWholeRule = 10'000;

struct SetWeight {
  Basis weight = 0;  // of the canary
  friend bool operator==(const SetWeight&, const SetWeight&) = default;
};
struct PauseStep {
  std::optional<std::chrono::milliseconds> duration;  // 1s-365d; none: until `promote`
  friend bool operator==(const PauseStep&, const PauseStep&) = default;
};
struct AnalysisStep {
  int min_canary_requests = 100;                      // 1-1,000,000,000; where none is written, the rollout's
  std::optional<std::chrono::milliseconds> max_wait;  // 1s-365d; none: as long as it takes
  friend bool operator==(const AnalysisStep&, const AnalysisStep&) = default;
};
struct RolloutStep {
  std::variant<SetWeight, PauseStep, AnalysisStep> of;
  Position at;
  friend bool operator==(const RolloutStep& a, const RolloutStep& b) { return a.of == b.of; }
};

/// Which requests went before the weights, and where to; they are no evidence.
struct RolloutMatch {
  std::vector<Condition> conditions;  // not empty; all must hold
  Text target_group;                  // the stable one or the canary
  Position at;
  friend bool operator==(const RolloutMatch& a, const RolloutMatch& b) {
    return a.conditions == b.conditions && a.target_group == b.target_group;
  }
};

/// What counts as a bad answer of a target.
struct BadAnswers {
  Matcher matcher{500, 599};  // of statuses 100-599
  bool connect_error = true;
  bool timeout = true;
  bool reset = true;
  friend bool operator==(const BadAnswers&, const BadAnswers&) = default;
};
struct ErrorRate {
  BadAnswers bad;
  std::optional<double> slo_max;  // above 0 and below 1; none: no limit
  friend bool operator==(const ErrorRate&, const ErrorRate&) = default;
};
/// Of the time from a request's last byte of head to the answer's head.
struct Latency {
  std::optional<std::chrono::milliseconds> slo_p99_max;  // 1ms-1h; none: no limit
  friend bool operator==(const Latency&, const Latency&) = default;
};
/// A classic rule: fails when more than `failure_limit` measurements, one each interval, have failed.
struct Threshold {
  std::optional<double> min_success_rate;            // 0-1; one of the two
  std::optional<std::chrono::milliseconds> max_p99;  // 1ms-1h
  std::chrono::milliseconds interval{60'000};        // 1s-1d
  int failure_limit = 0;                             // 0-1000
  friend bool operator==(const Threshold&, const Threshold&) = default;
};
struct RolloutMetric {
  std::string name;  // unique in its rollout
  std::variant<ErrorRate, Latency, Threshold> of;
  Position at{};
  friend bool operator==(const RolloutMetric& a, const RolloutMetric& b) { return a.name == b.name && a.of == b.of; }
};

enum class OnInconclusive : std::uint8_t { Pause, Promote, Abort };
enum class OnIncident : std::uint8_t { Pause, Abort };

inline constexpr std::size_t kMostRolloutMetrics = 8;
inline constexpr std::size_t kMostSteps = 100;
inline constexpr std::size_t kMostMatches = 16;

struct RolloutAnalysis {
  /// 1 to kMostRolloutMetrics; where none are written these two.
  std::vector<RolloutMetric> metrics{{"errors", ErrorRate{}}, {"latency", Latency{}}};
  double false_rollback_rate = 0.01;                // above 0 and below 0.5: of a whole rollout, shared by the metrics
  double tolerance = 1.25;                          // 1-10: a relative risk that is no worse
  std::chrono::milliseconds initial_delay{30'000};  // 0-1h: how long a canary that gets its first traffic may be slow
  int min_canary_requests = 100;                    // 0-1,000,000,000: a step isn't passed with fewer
  OnInconclusive on_inconclusive = OnInconclusive::Pause;
  OnIncident on_incident = OnIncident::Pause;
  bool dry_run = false;  // tells what it would do, and does nothing
  friend bool operator==(const RolloutAnalysis&, const RolloutAnalysis&) = default;
};

/// What follows bake_time.
enum class OnComplete : std::uint8_t { Handover, Swap };

struct Rollout {
  std::string name;
  Text rule;  // LISTENER/RULE or LISTENER/default: forwards to exactly these two groups
  Text stable;
  Text canary;
  std::optional<std::string> revision;           // 1-64 characters of a name; none: `rollout start --revision` tells it
  std::vector<RolloutStep> steps;                // 1 to kMostSteps; the last set_weight is 100%
  std::chrono::milliseconds bake_time{600'000};  // 0-30d
  std::vector<RolloutMatch> match;               // up to kMostMatches
  RolloutAnalysis analysis;
  bool allow_decrease = false;  // steps may fall
  bool auto_start = false;      // a reload or start that brings a new revision starts it
  OnComplete on_complete = OnComplete::Handover;
  Basis holdback = 0;                                       // 0-5,000: kept on stable until bake_time is over
  std::chrono::milliseconds state_max_age{86'400'000};      // 1m-365d
  std::chrono::milliseconds undo_window{86'400'000};        // 0-365d
  std::chrono::milliseconds progress_deadline{7'200'000};   // 1m-365d; pauses for a person don't count
  std::chrono::milliseconds unhealthy_abort_after{10'000};  // 1s-1h
  Position at;
  Position name_at{};
  friend bool operator==(const Rollout& a, const Rollout& b) {
    return a.name == b.name && a.rule == b.rule && a.stable == b.stable && a.canary == b.canary &&
           a.revision == b.revision && a.steps == b.steps && a.bake_time == b.bake_time && a.match == b.match &&
           a.analysis == b.analysis && a.allow_decrease == b.allow_decrease && a.auto_start == b.auto_start &&
           a.on_complete == b.on_complete && a.holdback == b.holdback && a.state_max_age == b.state_max_age &&
           a.undo_window == b.undo_window && a.progress_deadline == b.progress_deadline &&
           a.unhealthy_abort_after == b.unhealthy_abort_after;
  }
};

/// "1%", "12.5%", "0.01%"
std::string basis_text(Basis share);

}  // namespace kanaria::config
