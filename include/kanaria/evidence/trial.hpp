// The trial of one rollout: what its two arms answered, and whether that speaks against the canary. Workers count, each
// in a cell that it alone writes; control adds the cells up every 50 ms and tells each worker what the others have. The
// worker whose own sums and the others' last ones cross the limit closes the canary's share at once: all see it at
// their next draw, and control confirms it or opens it again.
//
//   worker: chose() ... Exposure ... answered() | failed() | left()      is_open() at each draw
//   control: look() -> Totals -> close() or open()
//
// Made by control, kept alive by the snapshots that name it. A cell is 17 KiB, what control has another 30, and up
// to 15 more where users stay.
#pragma once

#include <atomic>
#include <bitset>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/evidence/dispersion.hpp"
#include "kanaria/evidence/e_process.hpp"
#include "kanaria/evidence/latencies.hpp"
#include "kanaria/observe/cell.hpp"
#include "kanaria/targets/split.hpp"

namespace kanaria::evidence {

/// What counts as a bad answer, ready to be asked.
struct Bad {
  std::bitset<600> statuses;
  bool connect_error = true;
  bool timeout = true;
  bool reset = true;

  bool counts(Symptom symptom) const {
    switch (symptom) {
      case Symptom::None: return false;
      case Symptom::ConnectFailure: return connect_error;
      case Symptom::Reset: return reset;
      case Symptom::Timeout: return timeout;
    }
    return false;
  }
};

inline constexpr std::size_t kMostErrorKinds = 9;
/// The latencies of the stable arm that a request is held against.
inline constexpr std::array<double, 3> kQuantiles{0.5, 0.9, 0.99};
/// Of bad events: one a kind of errors, then one a quantile.
inline constexpr std::size_t kProcesses = kMostErrorKinds + kQuantiles.size();

/// What a trial is about; it never changes.
struct Plan {
  struct Errors {
    Bad bad;
    std::optional<double> limit;  // ln of the evidence that takes the canary back; none: only counted
  };
  std::vector<Errors> errors;           // up to kMostErrorKinds
  std::optional<double> latency_limit;  // the same of latency; none: only counted
  bool once_a_user = false;             // a user's repeated failures count once
  bool closes = true;                   // false: a dry run, crossing a limit closes nothing
};

/// All cells together, and what came before a restart.
struct Totals {
  using PerArm = std::array<std::uint64_t, kArms>;
  PerArm chosen{};     // requests that the weights gave to it
  PerArm requests{};   // of these, with an outcome
  PerArm in_flight{};  // all of the arm's
  std::array<PerArm, kMostErrorKinds> bad{};
  std::array<PerArm, kQuantiles.size()> slow{};  // slower than stable's quantile
  PerArm judged{};                               // that could be
  std::array<std::array<std::uint64_t, kLatencyBuckets>, kArms> latencies{};
  std::uint64_t matched = 0;
  std::uint64_t spilled = 0;
  std::array<Logs, kProcesses> logs{};

  double log_errors(std::size_t kind) const { return log_evidence(logs[kind]); }
  double log_latency() const;
  /// The stable arm's bad events, and of how many requests.
  std::pair<std::uint64_t, std::uint64_t> of_stable(std::size_t process) const;
};

class Trial {
 public:
  Trial(Plan plan, std::size_t workers);

  const Plan& plan() const { return plan_; }

  // ---- on workers, each with its own index

  /// May the canary get requests?
  bool is_open() const { return open_.load(std::memory_order_relaxed); }
  void matched(unsigned worker) { cells_[worker]->matched.add(); }
  void spilled(unsigned worker) { cells_[worker]->spilled.add(); }

  // ---- on control

  /// Adds up and tells each worker of the others. As often as somebody wants to know.
  const Totals& merge();
  /// That, and takes what events are worth and the quantiles that requests are held against from now on. At a steady
  /// pace: how many bad events come between two looks is what tells bursts from single ones.
  const Totals& look();
  /// As of the last merge().
  const Totals& totals() const { return totals_; }
  /// Those of the stable arm and 1 ms, which requests are held against; none yet: too few answers.
  std::optional<Duration> threshold(std::size_t quantile) const;
  /// How often a worker has crossed a limit.
  std::uint64_t crossings() const { return crossings_.load(std::memory_order_acquire); }
  /// From now on no worker gives the canary requests.
  void close() { open_.store(false, std::memory_order_release); }
  /// Again; unless a worker has crossed a limit since there were so many `crossings`.
  void open(std::uint64_t crossings);
  /// Requests that begin while it doesn't are no evidence when they are slow: a canary that gets its first traffic has
  /// cold caches.
  void judge_latency(bool judges) { judges_latency_.store(judges, std::memory_order_relaxed); }

  /// What survives a restart: the evidence and what was counted. Users whose failure was counted, bit by bit.
  struct Kept {
    Totals totals;
    std::vector<std::uint64_t> users;
  };
  Kept keep() const;
  /// Before a worker knows it.
  void restore(const Kept& kept);

 private:
  friend class Exposure;
  /// A number that one thread adds to.
  class Sum {
   public:
    double read() const { return value_.load(std::memory_order_relaxed); }
    void write(double value) { value_.store(value, std::memory_order_relaxed); }

   private:
    std::atomic<double> value_{0};
  };
  using Sums = std::array<Sum, kRisks.size()>;
  struct alignas(128) Cells {
    std::array<observe::Cell, kArms> chosen, requests, in_flight;
    std::array<std::array<observe::Cell, kArms>, kMostErrorKinds> bad;
    std::array<std::array<observe::Cell, kLatencyBuckets>, kArms> latencies;
    std::array<std::array<observe::Cell, kArms>, kQuantiles.size()> slow;
    std::array<observe::Cell, kArms> judged;
    observe::Cell matched, spilled;
    std::array<Sums, kProcesses> logs;
    std::array<Sums, kProcesses> others;  // control's last word on the other workers'
  };

 public:
  static constexpr std::size_t kBytesOfAWorker = sizeof(Cells);

 private:
  void add(Cells& cells, std::size_t process, const Coin& coin, Arm arm, std::optional<std::uint32_t> user);
  bool is_first(std::size_t process, std::uint32_t user);
  double log_of(const Cells& cells, std::size_t process) const;
  void renew_thresholds();
  void weigh_bursts();

  static constexpr std::uint16_t kNoThreshold = UINT16_MAX;
  static constexpr std::size_t kUserWords = (targets::kBuckets + 63) / 64;

  const Plan plan_;
  std::vector<std::unique_ptr<Cells>> cells_;
  std::vector<std::atomic<std::uint64_t>> users_;  // a bit for each process and bucket; empty unless once_a_user
  std::array<std::atomic<std::uint16_t>, kQuantiles.size()> thresholds_;  // latency buckets
  std::atomic<bool> judges_latency_{false};
  std::array<Sum, kProcesses> worths_;  // of an event
  // Read by all at each draw, almost never written.
  alignas(128) std::atomic<bool> open_{true};
  std::atomic<std::uint64_t> crossings_{0};
  // Control's own.
  alignas(128) Totals totals_;
  std::unique_ptr<const Totals> before_;               // a restart; null: there was none
  std::vector<Dispersion> dispersions_;                // of each process, by stable's counts
  std::array<double, kLatencyBuckets> past_{};         // stable's latencies, older ones weighing less
  std::array<std::uint64_t, kLatencyBuckets> seen_{};  // of them, as of the last renewal
};

}  // namespace kanaria::evidence
