// One rollout at work: what was written, where it stands, and its trial. What it decides is plan()'s; who makes it so
// is the Controller. On control's thread.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/evidence/trial.hpp"
#include "kanaria/rollout/plan.hpp"
#include "kanaria/rollout/report.hpp"
#include "kanaria/runtime/rollout_shares.hpp"

namespace kanaria::rollout {

/// A rollout as it is, or as it would be.
struct Standing {
  config::Rollout written;
  State state;
  std::shared_ptr<evidence::Trial> trial;  // null: none has begun

  /// What it says of the rule's weights; none: nothing.
  std::optional<runtime::RolloutShare> share() const;
};

/// What a classic threshold has measured.
struct Measured {
  WallTime next{};  // the end of the interval
  int failures = 0;
  // As of its begin:
  std::uint64_t requests = 0;
  std::uint64_t bad = 0;
  std::vector<std::uint64_t> latencies;  // of max_p99 alone
};

/// What the canary's present weight is held against: the totals as they were.
struct Since {
  evidence::Totals weight;  // when it got it
  // The same of latencies, or when initial_delay was over.
  std::array<std::array<std::uint64_t, evidence::kLatencyBuckets>, evidence::kArms> warm{};
};

/// What of the evidence a restart finds again.
struct Kept {
  evidence::Trial::Kept trial;
  evidence::Totals base;      // without latencies
  std::vector<int> failures;  // of thresholds, as the metrics
};

class Rollout {
 public:
  /// `once_a_user`: the rule's split is per_user.
  Rollout(Standing standing, std::size_t workers, bool once_a_user);

  const config::Rollout& written() const { return standing_.written; }
  const State& state() const { return standing_.state; }
  const std::shared_ptr<evidence::Trial>& trial() const { return standing_.trial; }
  const Standing& standing() const { return standing_; }

  /// How it would stand: the same trial, unless the evidence begins anew.
  Standing with(config::Rollout written, State state, bool once_a_user) const;
  /// It stands so.
  void become(Standing standing);

  /// A look at the trial, every kLook: what plan() must know. `canary_is_healthy`: it has a healthy target.
  static constexpr Milliseconds kLook{50};
  const Facts& look(WallTime now, bool canary_is_healthy);
  /// As of the last look.
  const Facts& facts() const { return facts_; }
  /// What would have taken it back, were it no dry run. None: nothing.
  const std::optional<Facts::Against>& would() const { return would_; }

  /// Without targets' health, which others know.
  Report report(WallTime now) const;

  Kept keep() const;
  void restore(const Kept& kept);

 private:
  std::shared_ptr<evidence::Trial> make_trial(const config::Rollout& written, const State& state,
                                              bool once_a_user) const;

  Standing standing_;
  std::size_t workers_;
  Since since_;
  std::vector<Measured> measured_;  // as the metrics; of others than thresholds unused
  Facts facts_;
  std::optional<Facts::Against> would_;
  std::optional<WallTime> unhealthy_since_;
};

}  // namespace kanaria::rollout
