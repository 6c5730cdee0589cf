// What an edited file does to a rollout: the table of canary.md §9.3.
#include "rollouts.hpp"

namespace kanaria::rollout {
namespace {

using FollowTest = RolloutTest;

TEST_F(FollowTest, TheSameFileMovesNothing) {
  start_and_come_to_ten();
  const State before = state_;
  EXPECT_TRUE(follow_now().empty());
  EXPECT_EQ(state_, before);
}

TEST_F(FollowTest, OtherStepsGoOnBehindTheOneOfTheWeight) {
  start_and_come_to_ten();
  written_.steps = {set_weight(500), pause_for(1min), set_weight(1000), pause_for(2min), set_weight(10'000)};
  EXPECT_TRUE(follow_now().empty());
  expect(Phase::Progressing, Reason::None, 3, 1000);
  look(requests(300), 2min);
  expect(Phase::Baking, Reason::None, 5, 10'000);
}

TEST_F(FollowTest, WithoutAStepOfTheWeightItWaitsAndNeverFallsOrJumps) {
  start_and_come_to_ten();
  written_.steps = {set_weight(500), pause_for(1min), set_weight(2000), pause_for(2min), set_weight(10'000)};
  EXPECT_EQ(follow_now().size(), 1U);
  expect(Phase::Paused, Reason::ConfigDrift, 2, 1000);
  look(requests(5000), 24h);
  expect(Phase::Paused, Reason::ConfigDrift, 2, 1000);
  ask(Verb::Promote);
  expect(Phase::Progressing, Reason::None, 3, 2000);
}

TEST_F(FollowTest, OtherMetricsBeginTheEvidenceAnewWithHalfTheRate) {
  start_and_come_to_ten();
  const unsigned epoch = state_.epoch;
  written_.analysis.tolerance = 2;
  follow_now();
  expect(Phase::Progressing, Reason::None, 3, 1000);
  EXPECT_EQ(state_.epoch, epoch + 1);
  EXPECT_EQ(state_.halvings, 1U);
  ask(Verb::Abort);
  ask(Verb::Retry);
  EXPECT_EQ(state_.halvings, 0U);
}

TEST_F(FollowTest, OtherLimitsAndDeadlinesCountFromNowOn) {
  start_and_come_to_ten();
  const State before = state_;
  std::get<config::ErrorRate>(written_.analysis.metrics[0].of).slo_max = 0.05;
  written_.progress_deadline = 3h;
  EXPECT_TRUE(follow_now().empty());
  EXPECT_EQ(state_.epoch, before.epoch);
  EXPECT_EQ(state_.deadline, before.deadline + 1h);
}

TEST_F(FollowTest, AnotherRevisionEndsWhatIsInProgressAndWaitsForStart) {
  start_and_come_to_ten();
  written_.revision = "r2";
  EXPECT_EQ(follow_now().size(), 1U);
  expect(Phase::Paused, Reason::NewRevision, 3, 0);
  const State before = state_;
  EXPECT_TRUE(follow_now().empty()) << "told once";
  EXPECT_EQ(state_, before);
  ask(Verb::Start);
  expect(Phase::Progressing, Reason::None, 1, 100);
  EXPECT_EQ(state_.revision, "r2");
}

TEST_F(FollowTest, AutoStartBeginsARevisionThatItDoesntKnow) {
  written_.auto_start = true;
  follow_now();
  EXPECT_EQ(state_.phase, Phase::Progressing);
  look(bad());
  look({});
  ASSERT_EQ(state_.phase, Phase::Progressing) << "its first weight comes with the next look";
  look(bad());
  expect(Phase::Degraded, Reason::AnalysisFailed, 1, 0);
  follow_now();
  expect(Phase::Degraded, Reason::AnalysisFailed, 1, 0);
  written_.revision = "r2";
  follow_now();
  EXPECT_EQ(state_.phase, Phase::Progressing);
}

TEST_F(FollowTest, WhatHasFailedStaysFailedAndIsToldOf) {
  start();
  look(bad());
  const std::vector<std::string> warnings = follow_now();
  ASSERT_EQ(warnings.size(), 1U);
  EXPECT_NE(warnings[0].find("revision r1"), std::string::npos);
  expect(Phase::Degraded, Reason::AnalysisFailed, 1, 0);
}

TEST_F(FollowTest, AnotherRuleOrOtherGroupsEndIt) {
  start_and_come_to_ten();
  written_.canary.value = "app-other";
  EXPECT_EQ(follow_now().size(), 1U);
  expect(Phase::Healthy, Reason::None, 0, 0);
}

TEST_F(FollowTest, AnIdentityThatNoneOfUsHasWrittenIsAnotherOne) {
  start();
  state_.identity = "damaged";
  EXPECT_EQ(follow_now().size(), 1U);
  expect(Phase::Healthy, Reason::None, 0, 0);
}

TEST_F(FollowTest, AnotherRuleMakesNoFailedRevisionGood) {
  written_.auto_start = true;
  follow_now();
  look({});
  look(bad());
  written_.rule.value = "https/canary";
  follow_now();
  expect(Phase::Degraded, Reason::AnalysisFailed, 0, 0);
  EXPECT_EQ(state_.failed, "r1");
  written_.revision = "r2";
  follow_now();
  EXPECT_EQ(state_.phase, Phase::Progressing);
}

TEST_F(FollowTest, AnotherRuleBeginsNoRevisionAgainThatWasInProgress) {
  written_.auto_start = true;
  follow_now();
  look({});
  written_.rule.value = "https/canary";
  EXPECT_EQ(follow_now().size(), 1U);
  expect(Phase::Healthy, Reason::None, 0, 0);
}

TEST_F(FollowTest, RolesStaySwappedUnderAnotherRuleAndNotWithOtherGroups) {
  written_.on_complete = config::OnComplete::Swap;
  start();
  promote_full();
  look({}, 10min);
  written_.rule.value = "https/canary";
  EXPECT_TRUE(follow_now().empty());
  EXPECT_EQ(stable_of(written_, state_), "app-canary");
  written_.canary.value = "app-other";
  EXPECT_EQ(follow_now().size(), 1U);
  EXPECT_EQ(stable_of(written_, state_), "app-main");
}

TEST_F(FollowTest, OtherMetricsLeaveNoEvidenceOfTheOldOnes) {
  start();
  look(bad());
  const unsigned epoch = state_.epoch;
  written_.analysis.metrics.pop_back();
  follow_now();
  expect(Phase::Degraded, Reason::AnalysisFailed, 1, 0);
  EXPECT_EQ(state_.epoch, epoch + 1) << "its kinds of errors are told by their numbers";
}

TEST_F(FollowTest, EditedStepsLeaveABakeAlone) {
  start();
  promote_full();
  written_.steps = {set_weight(10'000)};
  follow_now();
  expect(Phase::Baking, Reason::None, 1, 10'000);
}

// ---- a start

TEST_F(FollowTest, ARestartGoesOnWhereItWas) {
  start_and_come_to_ten();
  EXPECT_EQ(recover(written_, state_, now_, 0, now_ + 1h), state_);
  EXPECT_EQ(recover(written_, state_, now_, kMostCrashes - 1, now_ + 24h), state_);
}

TEST_F(FollowTest, WhatIsTooOldIsLost) {
  start_and_come_to_ten();
  state_ = recover(written_, state_, now_, 0, now_ + 24h + 1ms);
  expect(Phase::Paused, Reason::StateLost, 3, 0);
  ask(Verb::Start);
  expect(Phase::Progressing, Reason::None, 1, 100);
}

TEST_F(FollowTest, WhatWasLostAndAbortedBeginsNotByItself) {
  written_.auto_start = true;
  state_ = lost(written_, {}, now_, "damaged");
  follow_now();
  expect(Phase::Paused, Reason::StateLost, 0, 0);
  ask(Verb::Abort);
  follow_now();
  expect(Phase::Degraded, Reason::ManualAbort, 0, 0);
}

TEST_F(FollowTest, ACrashLoopTakesItBack) {
  start_and_come_to_ten();
  state_ = recover(written_, state_, now_, kMostCrashes, now_);
  expect(Phase::Degraded, Reason::CrashLoop, 3, 0);
}

TEST_F(FollowTest, WhatIsNotExposedNeitherAgesNorCrashes) {
  start();
  ask(Verb::Abort);
  EXPECT_EQ(recover(written_, state_, now_, 9, now_ + 1000h), state_);
}

TEST_F(FollowTest, AClockThatWasSetBackMakesAPauseWholeAgain) {
  start();
  const WallTime before = now_;
  now_ -= 2h;
  state_ = recover(written_, state_, before, 0, now_);
  look(requests(100), 5min - 1ms);
  expect(Phase::Progressing, Reason::None, 1, 100);
  look(requests(100), 1ms);
  expect(Phase::Progressing, Reason::None, 3, 1000);
}

TEST_F(FollowTest, AStepThatThereIsntIsTheLastOne) {
  start_and_come_to_ten();
  state_.step = 1000;
  state_ = recover(written_, state_, now_, 0, now_);
  look(requests(0));
  EXPECT_EQ(state_.phase, Phase::Baking);
}

}  // namespace
}  // namespace kanaria::rollout
