// What is told of a rollout: to `kanaria rollout status`, the admin API, status and metrics. Values; made by control.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/rollout/state.hpp"

namespace kanaria::rollout {

enum class Verb : std::uint8_t { Start, Promote, Pause, Resume, Abort, Retry, SetWeight };
inline constexpr std::size_t kVerbs = 7;
/// "start", "promote", ..., "set-weight".
std::string_view name_of(Verb verb);
/// None: there is no such verb.
std::optional<Verb> verb_of(std::string_view name);

/// The command that leads out of where a rollout stands, and what it does there: "kanaria rollout promote NAME goes
/// on".
std::string way_on(std::string_view rollout, Phase phase, Reason reason);

/// What somebody asks of a rollout.
struct Command {
  Verb verb = Verb::Start;
  std::string rollout;
  std::string who;
  WallTime when{};
  std::string revision = {};                 // of Start; "": the file's
  bool full = false;                         // of Promote
  std::optional<config::Basis> weight = {};  // of SetWeight
};

/// What came of it.
struct Changed {
  enum class Status : std::uint8_t {
    Done,
    Unchanged,  // it was so already
    Unknown,    // there is no such rollout
    Refused,    // not in this phase, or nonsense
  };
  Status status = Status::Done;
  std::string message;                // in words: what it did, or why not
  std::vector<std::string> warnings;  // such as that state_dir couldn't be written
};

enum class Verdict : std::uint8_t { Pass, Fail, Inconclusive };
/// "pass", "fail", "inconclusive".
std::string_view name_of(Verdict verdict);

struct ArmReport {
  std::string target_group;
  double set = 0;                       // share in force, 0-1
  std::optional<double> got;            // of the requests that were split since; none: there were none
  std::uint64_t requests = 0;           // with an outcome
  std::uint64_t bad = 0;                // of these, by the first error_rate metric
  std::optional<double> p50, p90, p99;  // seconds to the answer's head; none: no answers
  std::uint64_t in_flight = 0;
  std::size_t targets = 0;
  std::size_t healthy = 0;  // of these
};

struct MetricReport {
  std::string name;
  std::string_view type;           // "error_rate", "latency", "threshold"
  std::optional<double> evidence;  // that the canary is worse; none: of threshold
  double limit = 0;                // at which it is taken back
  std::string words;               // "6.7 x the stable rate", "p99 +79 ms", "2 of 5 failed"; "": nothing to say
  // Absolute limits, where there are some.
  std::optional<double> slo;        // a share, or seconds
  std::optional<double> slo_value;  // the canary's
  bool is_within = true;
  std::uint64_t bad_stable = 0;  // since the rollout began: what counted as bad; of latency, slower than the p99
  std::uint64_t bad_canary = 0;
};

struct StepReport {
  enum class Is : std::uint8_t { Passed, Running, ToCome };
  std::string words;  // "set 1%", "pause 5m", "pause", "analysis", "bake 10m"
  Is is = Is::ToCome;
  std::string progress;  // of Running: "212/300 requests, ~44 s", "3m 20s left", "until promote"; "": none
};

struct Report {
  std::string name;
  std::string rule;  // LISTENER/RULE
  State state;
  std::vector<StepReport> steps;                      // the last one is the bake
  std::optional<std::chrono::seconds> deadline_left;  // of Progressing and Paused
  std::array<ArmReport, 2> arms;                      // stable, canary; by role, since weight_since
  std::array<std::uint64_t, 2> requests{};            // with an outcome, by role, since the rollout began
  std::uint64_t matched = 0;                          // since the rollout began: by `match`, no evidence
  std::uint64_t spilled = 0;                          // the canary's share that stable got
  std::vector<MetricReport> metrics;
  Verdict verdict = Verdict::Inconclusive;
  std::string verdict_words;  // "212 of 300 canary requests. Nothing to do."
  bool dry_run = false;
  std::string unkept;  // why state_dir doesn't have it as it is; "": it does
};

}  // namespace kanaria::rollout
