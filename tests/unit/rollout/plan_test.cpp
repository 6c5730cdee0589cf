#include "kanaria/rollout/plan.hpp"

#include "rollouts.hpp"

namespace kanaria::rollout {
namespace {

TEST_F(RolloutTest, WalksItsStepsToTheEnd) {
  start();
  expect(Phase::Progressing, Reason::None, 1, 100);
  look(requests(100), 5min - 1ms);
  expect(Phase::Progressing, Reason::None, 1, 100);
  look(requests(100), 1ms);
  expect(Phase::Progressing, Reason::None, 3, 1000);
  look(requests(299), 1h);
  expect(Phase::Progressing, Reason::None, 3, 1000);
  look(requests(300));
  expect(Phase::Paused, Reason::StepPause, 5, 5000);
  ask(Verb::Promote);
  expect(Phase::Baking, Reason::None, 7, 10'000);
  look({}, 10min - 1ms);
  expect(Phase::Baking, Reason::None, 7, 10'000);
  look({}, 1ms);
  expect(Phase::Baking, Reason::Handover, 7, 10'000);
  ask(Verb::Promote);
  expect(Phase::Healthy, Reason::Completed, 7, 0);
}

TEST_F(RolloutTest, TellsEachTransition) {
  start_and_come_to_ten();
  ASSERT_EQ(state_.history.size(), 3U);
  EXPECT_EQ(state_.history[0].why, "started by alice");
  EXPECT_EQ(state_.history[1].why, "set 1%");
  const Transition& last = state_.history[2];
  EXPECT_EQ(last.why, "pause of 5m is over");
  EXPECT_EQ(last.from_weight, 100);
  EXPECT_EQ(last.to_weight, 1000);
  EXPECT_EQ(last.to_step, 3U);
}

TEST_F(RolloutTest, KeepsOnlyItsLastTransitions) {
  start();
  for (int i = 0; i < 100; ++i) ask(i % 2 == 0 ? Verb::Pause : Verb::Resume);
  EXPECT_EQ(state_.history.size(), kHistory);
  EXPECT_EQ(state_.history.back().why, "resumed by alice");
}

TEST_F(RolloutTest, IsTakenBackInEachPhaseInWhichTheCanaryHasSomething) {
  start();
  look(bad());
  expect(Phase::Degraded, Reason::AnalysisFailed, 1, 0);

  state_ = {};
  start();
  ask(Verb::Pause);
  look(bad());
  expect(Phase::Degraded, Reason::AnalysisFailed, 1, 0);

  state_ = {};
  start();
  promote_full();
  expect(Phase::Baking, Reason::None, 7, 10'000);
  look(bad());
  expect(Phase::Degraded, Reason::AnalysisFailed, 7, 0);
}

TEST_F(RolloutTest, ThatHandsOverIsTakenBackByPeopleOnly) {
  start();
  promote_full();
  look({}, 10min);
  expect(Phase::Baking, Reason::Handover, 7, 10'000);
  look(bad());
  expect(Phase::Baking, Reason::Handover, 7, 10'000);
  ask(Verb::Abort);
  expect(Phase::Degraded, Reason::ManualAbort, 7, 0);
}

TEST_F(RolloutTest, IsNotCompleteDuringAnIncident) {
  start();
  promote_full();
  Facts facts;
  facts.incident = "stable is over the limit of errors as well";
  look(facts, 1h);
  expect(Phase::Baking, Reason::None, 7, 10'000);
  look({});
  expect(Phase::Baking, Reason::Handover, 7, 10'000);
}

TEST_F(RolloutTest, BakesWithTheWholeRule) {
  written_.steps.push_back(pause_for_promote());
  start();
  promote_full();
  ask(Verb::Abort);
  ask(Verb::Retry);
  state_.step = 7;  // the last pause
  Command little{Verb::SetWeight, "checkout", "alice", now_};
  little.weight = 100;
  ask(little);
  ask(Verb::Promote);
  expect(Phase::Baking, Reason::None, 8, 10'000);
}

TEST_F(RolloutTest, IsNotJudgedWhileTheCanaryHasNothing) {
  written_.steps.insert(written_.steps.begin(), pause_for_promote());
  start();
  expect(Phase::Paused, Reason::StepPause, 0, 0);
  look(bad());
  expect(Phase::Paused, Reason::StepPause, 0, 0);
}

TEST_F(RolloutTest, WaitsWhereTooFewRequestsHaveToldAnything) {
  start();
  look(requests(99), 5min);
  expect(Phase::Paused, Reason::Inconclusive, 1, 100);
  look(requests(99), 9h);
  expect(Phase::Paused, Reason::Inconclusive, 1, 100);
  look(requests(100));
  expect(Phase::Progressing, Reason::None, 3, 1000);
  EXPECT_GT(state_.deadline, now_) << "the night doesn't count";
}

TEST_F(RolloutTest, DoesWhatOnInconclusiveSays) {
  written_.analysis.on_inconclusive = config::OnInconclusive::Promote;
  start();
  look(requests(0), 5min);
  expect(Phase::Progressing, Reason::None, 3, 1000);

  written_.analysis.on_inconclusive = config::OnInconclusive::Abort;
  state_ = {};
  start();
  look(requests(0), 5min);
  expect(Phase::Degraded, Reason::Inconclusive, 1, 0);
}

TEST_F(RolloutTest, AnAnalysisEndsAfterMaxWait) {
  written_.steps[3] = analysis_of(300, 30min);
  start_and_come_to_ten();
  look(requests(200), 30min - 1ms);
  expect(Phase::Progressing, Reason::None, 3, 1000);
  look(requests(200), 1ms);
  expect(Phase::Paused, Reason::Inconclusive, 3, 1000);
  look(requests(300));
  expect(Phase::Paused, Reason::StepPause, 5, 5000);
}

TEST_F(RolloutTest, AnIncidentPausesAndIsNoWordAgainstTheCanary) {
  start_and_come_to_ten();
  Facts facts;
  facts.incident = "stable is over the limit of errors as well";
  look(facts);
  expect(Phase::Paused, Reason::Incident, 3, 1000);
  look(facts, 1h);
  expect(Phase::Paused, Reason::Incident, 3, 1000);
  facts.against = bad().against;
  look(facts);
  expect(Phase::Degraded, Reason::AnalysisFailed, 3, 0);
  facts.against.reset();

  written_.analysis.on_incident = config::OnIncident::Abort;
  state_ = {};
  start_and_come_to_ten();
  look(facts);
  expect(Phase::Degraded, Reason::Incident, 3, 0);
}

TEST_F(RolloutTest, ACanaryWithoutAHealthyTargetIsTakenBackAfterAWhile) {
  start();
  Facts facts;
  facts.unhealthy_since = now_;
  look(facts, 10s - 1ms);
  expect(Phase::Progressing, Reason::None, 1, 100);
  look(facts, 1ms);
  expect(Phase::Degraded, Reason::CanaryUnhealthy, 1, 0);
}

TEST_F(RolloutTest, MustComeToItsEndBeforeTheDeadline) {
  written_.steps[1] = pause_for(24h);
  start();
  look(requests(0), 2h - 1ms);
  expect(Phase::Progressing, Reason::None, 1, 100);
  look(requests(0), 1ms);
  expect(Phase::Degraded, Reason::ProgressDeadline, 1, 0);
}

TEST_F(RolloutTest, PausesForAPersonDontCountAgainstTheDeadline) {
  start();
  look({}, 1min);
  ask(Verb::Pause);
  look({}, 72h);
  expect(Phase::Paused, Reason::ManualPause, 1, 100);
  ask(Verb::Resume);
  expect(Phase::Progressing, Reason::None, 1, 100);
  look(requests(100), 4min - 1ms);
  expect(Phase::Progressing, Reason::None, 1, 100);
  look(requests(100), 1ms);
  expect(Phase::Progressing, Reason::None, 3, 1000);
}

TEST_F(RolloutTest, HoldsBackAPartUntilTheBakeIsOver) {
  written_.holdback = 500;
  start();
  promote_full();
  expect(Phase::Baking, Reason::None, 7, 9500);
  look({}, 10min);
  expect(Phase::Baking, Reason::Handover, 7, 10'000);

  state_ = {};
  written_.steps = {set_weight(10'000)};
  start();
  expect(Phase::Baking, Reason::None, 1, 9500);
}

TEST_F(RolloutTest, MaySwapTheRoles) {
  written_.on_complete = config::OnComplete::Swap;
  start();
  promote_full();
  look({}, 10min);
  expect(Phase::Healthy, Reason::Completed, 7, 0);
  EXPECT_EQ(stable_of(written_, state_), "app-canary");
  EXPECT_EQ(canary_of(written_, state_), "app-main");
  look({}, 24h);
  EXPECT_EQ(ask(Verb::Abort).status, Changed::Status::Done) << "within undo_window";
  expect(Phase::Degraded, Reason::ManualAbort, 7, 0);
  EXPECT_EQ(stable_of(written_, state_), "app-main");
}

TEST_F(RolloutTest, IsUndoneAsItWasCompleted) {
  start();
  promote_full();
  look({}, 10min);
  ask(Verb::Promote);
  expect(Phase::Healthy, Reason::Completed, 7, 0);
  written_.on_complete = config::OnComplete::Swap;
  EXPECT_EQ(ask(Verb::Abort).status, Changed::Status::Done);
  EXPECT_EQ(stable_of(written_, state_), "app-main") << "the roles had not been swapped";
}

TEST_F(RolloutTest, CantBeUndoneForEver) {
  written_.on_complete = config::OnComplete::Swap;
  start();
  promote_full();
  look({}, 10min);
  look({}, 24h + 1ms);
  EXPECT_EQ(ask(Verb::Abort).status, Changed::Status::Refused);
  EXPECT_EQ(stable_of(written_, state_), "app-canary");
}

TEST(Words, OfStepsAndTimesAreShort) {
  EXPECT_EQ(words_of(set_weight(1250)), "set 12.5%");
  EXPECT_EQ(words_of(pause_for(90min)), "pause 1h 30m");
  EXPECT_EQ(words_of(pause_for_promote()), "pause");
  EXPECT_EQ(words_of(analysis_of(1)), "analysis");
  EXPECT_EQ(words_of(Milliseconds(250ms)), "250ms");
  EXPECT_EQ(words_of(Milliseconds(25h + 30s)), "1d 1h");
}

}  // namespace
}  // namespace kanaria::rollout
