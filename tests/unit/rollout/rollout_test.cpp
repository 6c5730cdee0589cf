// A rollout and its trial. Of absolute limits: all the weights that a canary has in a rollout share the rate of false
// rollbacks.
#include "kanaria/rollout/rollout.hpp"

#include <memory>

#include "kanaria/evidence/exposure.hpp"
#include "rollouts.hpp"

namespace kanaria::rollout {
namespace {

class LimitsTest : public RolloutTest {
 protected:
  LimitsTest() {
    config::ErrorRate errors;
    errors.slo_max = 0.5;
    written_.analysis.metrics = {{"errors", errors}};
    written_.analysis.tolerance = 1000;  // beside stable it is never worse
  }
  /// With the canary at this weight.
  void begin(config::Basis weight = 100) {
    state_ = {};
    start();
    state_.weight = weight;
    rollout_ = std::make_unique<Rollout>(Standing{written_, state_, nullptr}, 1, false);
    rollout_->look(now_, true);
  }
  void answer(evidence::Arm arm, std::uint16_t status, Duration took = 1ms) {
    evidence::Exposure exposure;
    exposure.begin(*rollout_->trial(), 0, arm, evidence::Exposure::By::Lot, coin_, std::nullopt);
    exposure.answered(status, took);
  }
  /// How many of the canary's requests, each of them bad, take it back at the weight that is the rollout's
  /// `weights`-th.
  int failures_at(unsigned weights) {
    begin();
    state_.weights = weights;
    rollout_->become(rollout_->with(written_, state_, false));
    for (int failures = 1; failures < 100; ++failures) {
      answer(evidence::Arm::Canary, 500);
      const auto& against = rollout_->look(now_, true).against;
      if (!against) continue;
      EXPECT_EQ(against->reason, Reason::LimitExceeded) << against->why;
      return failures;
    }
    return 100;
  }

  evidence::Coin coin_ = evidence::coin_of(0.01, 1000);
  std::unique_ptr<Rollout> rollout_;
};

TEST_F(LimitsTest, AreNoIncidentForARequestOrTwoOfStable) {
  begin();
  for (int i = 0; i < 2; ++i) answer(evidence::Arm::Stable, 500);
  for (int i = 0; i < 50; ++i) answer(evidence::Arm::Canary, 500);
  EXPECT_FALSE(rollout_->look(now_, true).incident);
  EXPECT_TRUE(rollout_->facts().against);
  for (int i = 0; i < 50; ++i) answer(evidence::Arm::Stable, 500);
  EXPECT_TRUE(rollout_->look(now_, true).incident);
  EXPECT_FALSE(rollout_->facts().against);
}

TEST_F(LimitsTest, HoldTheCanaryAloneWhereItHasTheWholeRule) {
  begin(config::kWholeRule);
  for (int i = 0; i < 50; ++i) answer(evidence::Arm::Stable, 500);  // begun before
  for (int i = 0; i < 50; ++i) answer(evidence::Arm::Canary, 500);
  EXPECT_FALSE(rollout_->look(now_, true).incident);
  EXPECT_TRUE(rollout_->facts().against);
}

TEST_F(LimitsTest, ExcuseACanaryThatIsColdForBeingSlow) {
  config::Latency latency;
  latency.slo_p99_max = 100ms;
  written_.analysis.metrics = {{"latency", latency}};
  begin();
  for (int i = 0; i < 100; ++i) answer(evidence::Arm::Canary, 200, 300ms);
  EXPECT_FALSE(rollout_->look(now_, true).against);
  now_ += std::chrono::duration_cast<WallTime::duration>(written_.analysis.initial_delay);
  EXPECT_FALSE(rollout_->look(now_, true).against) << "those began while it was cold";
  for (int i = 0; i < 100; ++i) answer(evidence::Arm::Canary, 200, 300ms);
  EXPECT_TRUE(rollout_->look(now_, true).against);
}

TEST_F(LimitsTest, OfADryRunTellWhatWouldBe) {
  written_.analysis.dry_run = true;
  begin();
  for (int i = 0; i < 100; ++i) answer(evidence::Arm::Canary, 500);
  EXPECT_FALSE(rollout_->look(now_, true).against);
  EXPECT_TRUE(rollout_->would());
  const Report report = rollout_->report(now_);
  EXPECT_EQ(report.verdict, Verdict::Fail);
  EXPECT_NE(report.verdict_words.find("would be taken back"), std::string::npos) << report.verdict_words;
}

TEST_F(LimitsTest, AreJudgedAlikeAtEachWeightOfTheSteps) {
  const int first = failures_at(1);
  EXPECT_LT(first, 30);
  EXPECT_EQ(failures_at(5), first) << "four steps set a weight, and the bake has one";
}

TEST_F(LimitsTest, WantMoreTheOftenerAWeightIsSetByHand) {
  const int planned = failures_at(5);
  EXPECT_GT(failures_at(8), planned);
  EXPECT_GT(failures_at(100), failures_at(20));
}

TEST_F(RolloutTest, ThatIsClosedStaysSoWhenItsMetricsAreEdited) {
  start();
  Rollout rollout({written_, state_, nullptr}, 1, false);
  rollout.trial()->close();
  ++state_.epoch;
  EXPECT_FALSE(rollout.with(written_, state_, false).trial->is_open()) << "an abort may wait for the reload's end";
}

}  // namespace
}  // namespace kanaria::rollout
