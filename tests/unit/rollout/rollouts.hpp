// Rollouts for tests: built by hand, at a time that stands still until it is moved.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kanaria/rollout/plan.hpp"

namespace kanaria::rollout {

using namespace std::chrono_literals;

inline config::RolloutStep set_weight(config::Basis weight) {
  return {config::SetWeight{weight}, {}};
}
inline config::RolloutStep pause_for(Milliseconds length) {
  return {config::PauseStep{length}, {}};
}
inline config::RolloutStep pause_for_promote() {
  return {config::PauseStep{}, {}};
}
inline config::RolloutStep analysis_of(int requests, std::optional<Milliseconds> max_wait = std::nullopt) {
  return {config::AnalysisStep{requests, max_wait}, {}};
}

/// 1 % for 5 minutes, 10 % until 300 requests, 50 % until promote, 100 %; bakes 10 minutes.
inline config::Rollout checkout() {
  config::Rollout rollout;
  rollout.name = "checkout";
  rollout.rule.value = "http/canary";
  rollout.stable.value = "app-main";
  rollout.canary.value = "app-canary";
  rollout.revision = "r1";
  rollout.steps = {set_weight(100),  pause_for(5min),     set_weight(1000),  analysis_of(300),
                   set_weight(5000), pause_for_promote(), set_weight(10'000)};
  return rollout;
}

class RolloutTest : public testing::Test {
 protected:
  /// As the controller does: what a verb leads to is part of it.
  Changed ask(Verb verb, const std::string& revision = "") {
    Command command{verb, "checkout", "alice", now_};
    command.revision = revision;
    return ask(command);
  }
  Changed ask(const Command& command) {
    const Changed changed = carry_out(written_, state_, command);
    if (changed.status == Changed::Status::Done) look({});
    return changed;
  }
  void promote_full() {
    Command full{Verb::Promote, "checkout", "alice", now_};
    full.full = true;
    ASSERT_EQ(ask(full).status, Changed::Status::Done);
  }
  /// A look with these facts, `later`.
  void look(const Facts& facts, Duration later = {}) {
    now_ += std::chrono::duration_cast<WallTime::duration>(later);
    state_ = plan(written_, state_, facts, now_);
  }
  static Facts requests(std::uint64_t count) {
    Facts facts;
    facts.canary_requests = count;
    return facts;
  }
  static Facts bad() {
    Facts facts;
    facts.against = Facts::Against{Reason::AnalysisFailed, "errors: the canary is worse"};
    return facts;
  }
  std::vector<std::string> follow_now() {
    std::vector<std::string> warnings;
    state_ = follow(written_, state_, now_, warnings);
    return warnings;
  }
  void start() {
    follow_now();
    ASSERT_EQ(ask(Verb::Start).status, Changed::Status::Done);
  }
  /// To the analysis at 10 %.
  void start_and_come_to_ten() {
    start();
    look(requests(100), 5min);
    ASSERT_EQ(state_.weight, 1000);
  }
  void expect(Phase phase, Reason reason, std::size_t step, config::Basis weight) {
    EXPECT_EQ(name_of(state_.phase), name_of(phase)) << state_.why;
    EXPECT_EQ(name_of(state_.reason), name_of(reason)) << state_.why;
    EXPECT_EQ(state_.step, step);
    EXPECT_EQ(state_.weight, weight);
  }

  config::Rollout written_ = checkout();
  State state_;
  WallTime now_{std::chrono::hours(24 * 365 * 50)};
};

}  // namespace kanaria::rollout
