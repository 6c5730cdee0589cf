// A rollout and its trial. Of absolute limits: all the weights that a canary has in a rollout share the rate of false
// rollbacks.
#include "kanaria/rollout/rollout.hpp"

#include "kanaria/evidence/exposure.hpp"
#include "rollouts.hpp"

namespace kanaria::rollout {
namespace {

class LimitsTest : public RolloutTest {
 protected:
  /// How many of the canary's requests, each of them bad, take it back at the weight that is the rollout's
  /// `weights`-th.
  int failures_at(unsigned weights) {
    written_ = checkout();
    config::ErrorRate errors;
    errors.slo_max = 0.5;
    written_.analysis.metrics = {{"errors", errors}};
    written_.analysis.tolerance = 1000;  // beside stable it is never worse
    state_ = {};
    start();
    state_.weights = weights;
    Rollout rollout({written_, state_, nullptr}, 1, false);
    rollout.become(rollout.with(written_, state_, false));
    const evidence::Coin coin = evidence::coin_of(0.01, written_.analysis.tolerance);
    for (int failures = 1; failures < 100; ++failures) {
      evidence::Exposure exposure;
      exposure.begin(*rollout.trial(), 0, evidence::Arm::Canary, evidence::Exposure::By::Lot, coin, std::nullopt);
      exposure.answered(500, 1ms);
      const auto& against = rollout.look(now_, true).against;
      if (!against) continue;
      EXPECT_EQ(against->reason, Reason::LimitExceeded) << against->why;
      return failures;
    }
    return 100;
  }
};

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
