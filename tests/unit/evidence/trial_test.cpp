#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <random>

#include "kanaria/evidence/exposure.hpp"

namespace kanaria::evidence {
namespace {

using namespace std::chrono_literals;

Plan plan_of_errors(double alpha = 0.01) {
  Plan plan;
  Plan::Errors errors;
  for (std::size_t status = 500; status < 600; ++status) errors.bad.statuses.set(status);
  errors.limit = -std::log(alpha);
  plan.errors.push_back(errors);
  plan.latency_limit = -std::log(alpha);
  return plan;
}

class TrialTest : public testing::Test {
 protected:
  void answer(unsigned worker, Arm arm, std::uint16_t status, Duration took = 5ms,
              std::optional<std::uint32_t> user = std::nullopt) {
    Exposure exposure;
    exposure.begin(*trial_, worker, arm, Exposure::By::Lot, coin_, user);
    exposure.answered(status, took);
  }
  double evidence() { return std::exp(trial_->merge().log_errors(0)); }

  Coin coin_ = coin_of(0.1, 1);
  std::unique_ptr<Trial> trial_ = std::make_unique<Trial>(plan_of_errors(), 2);
};

TEST_F(TrialTest, AddsUpWhatWorkersCount) {
  answer(0, Arm::Stable, 200);
  answer(1, Arm::Stable, 503);
  answer(1, Arm::Canary, 200);
  const Totals& totals = trial_->merge();
  EXPECT_EQ(totals.requests, (Totals::PerArm{2, 1}));
  EXPECT_EQ(totals.chosen, (Totals::PerArm{2, 1}));
  EXPECT_EQ(totals.bad[0], (Totals::PerArm{1, 0}));
  EXPECT_EQ(totals.in_flight, (Totals::PerArm{0, 0}));
}

TEST_F(TrialTest, IsClosedByTheWorkerThatCrossesTheLimit) {
  answer(0, Arm::Canary, 500);
  answer(0, Arm::Canary, 500);
  EXPECT_TRUE(trial_->is_open());
  answer(0, Arm::Canary, 500);
  EXPECT_FALSE(trial_->is_open()) << "three errors at 10 % and alpha 0.01";
  EXPECT_EQ(trial_->crossings(), 1);
  EXPECT_GE(evidence(), 100);
}

TEST_F(TrialTest, KnowsTheOthersSumsAsOfTheLastMerge) {
  answer(0, Arm::Canary, 500);
  answer(0, Arm::Canary, 500);
  answer(1, Arm::Canary, 500);
  EXPECT_TRUE(trial_->is_open()) << "neither knows enough by itself";
  EXPECT_GE(evidence(), 100) << "control does";
  answer(1, Arm::Canary, 500);
  EXPECT_FALSE(trial_->is_open());
}

TEST_F(TrialTest, ThatWasClosedTooEarlyIsOpenedAgainUnlessItIsCrossedMeanwhile) {
  trial_->close();
  trial_->open(trial_->crossings());
  EXPECT_TRUE(trial_->is_open());
  const std::uint64_t before = trial_->crossings();
  for (int i = 0; i < 3; ++i) answer(0, Arm::Canary, 500);
  trial_->open(before);
  EXPECT_FALSE(trial_->is_open());
}

TEST_F(TrialTest, OfADryRunClosesNothing) {
  Plan plan = plan_of_errors();
  plan.closes = false;
  trial_ = std::make_unique<Trial>(plan, 2);
  for (int i = 0; i < 5; ++i) answer(0, Arm::Canary, 500);
  EXPECT_TRUE(trial_->is_open());
  EXPECT_GE(evidence(), 100);
}

TEST_F(TrialTest, TakesOnlyTheLotAsEvidence) {
  for (const auto by : {Exposure::By::Cookie, Exposure::By::Other}) {
    for (int i = 0; i < 5; ++i) {
      Exposure exposure;
      exposure.begin(*trial_, 0, Arm::Canary, by, coin_, std::nullopt);
      exposure.answered(500, 1ms);
    }
  }
  EXPECT_EQ(evidence(), 1);
  EXPECT_EQ(trial_->totals().requests[1], 5) << "who was there before is counted, who was sent there isn't";
  EXPECT_EQ(trial_->totals().bad[0][1], 5);
}

TEST_F(TrialTest, CountsTheFirstTryAlone) {
  Exposure exposure;
  exposure.begin(*trial_, 0, Arm::Canary, Exposure::By::Lot, coin_, std::nullopt);
  exposure.failed(Symptom::ConnectFailure, 502);
  exposure.answered(200, 1ms);  // the retry healed it
  const Totals& totals = trial_->merge();
  EXPECT_EQ(totals.requests[1], 1);
  EXPECT_EQ(totals.bad[0][1], 1);
  EXPECT_EQ(totals.in_flight[1], 1);
}

TEST_F(TrialTest, CountsAnAnswerThatBreaksOffOnce) {
  for (const std::uint16_t status : std::initializer_list<std::uint16_t>{200, 500}) {
    Exposure exposure;
    exposure.begin(*trial_, 0, Arm::Canary, Exposure::By::Lot, coin_, std::nullopt);
    exposure.answered(status, 1ms);
    exposure.failed(Symptom::Reset, 502);
  }
  EXPECT_EQ(trial_->merge().requests[1], 2);
  EXPECT_EQ(trial_->totals().bad[0][1], 2);
}

TEST_F(TrialTest, KnowsWhatCountsAsBad) {
  Plan plan = plan_of_errors();
  plan.errors[0].bad.timeout = false;
  const struct {
    const char* description;
    Symptom symptom;
    std::uint16_t status;
    std::uint64_t bad;
  } cases[] = {{"a refused connect", Symptom::ConnectFailure, 502, 1},
               {"a time-out that doesn't count", Symptom::Timeout, 504, 0},
               {"a malformed answer, which the client sees as 502", Symptom::None, 502, 1},
               {"an odd fault that it sees as 400", Symptom::None, 400, 0}};
  for (const auto& one : cases) {
    SCOPED_TRACE(one.description);
    trial_ = std::make_unique<Trial>(plan, 2);
    Exposure exposure;
    exposure.begin(*trial_, 0, Arm::Canary, Exposure::By::Lot, coin_, std::nullopt);
    exposure.failed(one.symptom, one.status);
    EXPECT_EQ(trial_->merge().bad[0][1], one.bad);
  }
}

TEST_F(TrialTest, CountsAUsersFailuresOnce) {
  Plan plan = plan_of_errors();
  plan.once_a_user = true;
  trial_ = std::make_unique<Trial>(plan, 2);
  for (unsigned i = 0; i < 10; ++i) answer(i % 2, Arm::Canary, 500, 5ms, 7);
  EXPECT_TRUE(trial_->is_open());
  EXPECT_LT(evidence(), 20);
  EXPECT_EQ(trial_->totals().bad[0][1], 10) << "the table counts them all";
  for (std::uint32_t user = 8; user < 10; ++user) answer(0, Arm::Canary, 500, 5ms, user);
  EXPECT_GE(evidence(), 100);
}

TEST_F(TrialTest, HoldsLatencyAgainstStablesOwn) {
  trial_->judge_latency(true);
  for (int i = 0; i < 199; ++i) answer(0, Arm::Stable, 200, 10ms);
  trial_->look();
  EXPECT_FALSE(trial_->threshold(0));
  for (int i = 0; i < 20; ++i) answer(0, Arm::Canary, 200, 1s);
  EXPECT_EQ(trial_->merge().log_latency(), 0) << "there is nothing to hold it against yet";
  answer(0, Arm::Stable, 200, 10ms);
  trial_->look();
  ASSERT_TRUE(trial_->threshold(0));
  EXPECT_NEAR(std::chrono::duration<double>(*trial_->threshold(0)).count(), 0.011, 0.0005);
  for (int i = 0; i < 4; ++i) answer(0, Arm::Canary, 200, 1s);
  EXPECT_FALSE(trial_->is_open());
  EXPECT_GE(trial_->merge().log_latency(), std::log(100.0));
}

TEST_F(TrialTest, TakesNoLatencyOfACanaryThatIsStillCold) {
  for (int i = 0; i < 200; ++i) answer(0, Arm::Stable, 200, 10ms);
  trial_->look();
  for (int i = 0; i < 20; ++i) answer(0, Arm::Canary, 200, 1s);
  EXPECT_EQ(trial_->merge().log_latency(), 0);
  for (int i = 0; i < 3; ++i) answer(0, Arm::Canary, 500, 1s);
  EXPECT_FALSE(trial_->is_open()) << "errors have no such excuse";
}

TEST_F(TrialTest, KnowsThatWhoLeavesHadWaitedTooLong) {
  trial_->judge_latency(true);
  for (int i = 0; i < 200; ++i) answer(0, Arm::Stable, 200, 10ms);
  trial_->look();
  const auto leave = [&](Duration waited) {
    Exposure exposure;
    exposure.begin(*trial_, 0, Arm::Canary, Exposure::By::Lot, coin_, std::nullopt);
    exposure.left(waited);
  };
  for (int i = 0; i < 20; ++i) leave(5ms);
  EXPECT_EQ(trial_->merge().log_latency(), 0) << "it may have been about to answer";
  for (int i = 0; i < 4; ++i) leave(5s);
  EXPECT_FALSE(trial_->is_open());
  EXPECT_EQ(trial_->merge().requests[1], 0) << "there was no outcome";
}

TEST_F(TrialTest, TellsBurstsByItsLooksAlone) {
  const auto evidence_when = [&](bool is_asked_meanwhile) {
    trial_ = std::make_unique<Trial>(plan_of_errors(), 1);
    for (int look = 0; look < 100; ++look) {
      for (int i = 0; i < 20; ++i) {
        answer(0, Arm::Stable, look % 10 == 9 ? 500 : 200);
        if (is_asked_meanwhile) trial_->merge();  // as for a status
      }
      trial_->look();
    }
    answer(0, Arm::Canary, 500);
    return evidence();
  };
  EXPECT_EQ(evidence_when(false), evidence_when(true));
}

TEST_F(TrialTest, GoesOnWhereItWasAfterARestart) {
  Plan plan = plan_of_errors();
  plan.once_a_user = true;
  trial_ = std::make_unique<Trial>(plan, 2);
  answer(0, Arm::Canary, 500, 5ms, 1);
  answer(1, Arm::Canary, 500, 5ms, 2);
  trial_->merge();
  const Trial::Kept kept = trial_->keep();
  trial_ = std::make_unique<Trial>(plan, 1);
  trial_->restore(kept);
  answer(0, Arm::Canary, 500, 5ms, 2);  // was counted before
  EXPECT_TRUE(trial_->is_open());
  answer(0, Arm::Canary, 500, 5ms, 3);
  EXPECT_FALSE(trial_->is_open());
  EXPECT_EQ(trial_->merge().bad[0][1], 4);
}

TEST(Dispersion, OfIndependentEventsTakesNothingFromThem) {
  Dispersion dispersion(1);
  std::mt19937_64 random(1);
  std::binomial_distribution<std::uint64_t> bad(25, 0.02);
  std::uint64_t sum = 0;
  for (std::uint64_t look = 0; look < 5000; ++look) {
    dispersion.look(sum += bad(random), 25 * (look + 1));
    ASSERT_EQ(dispersion.worth(), 1) << look;
  }
}

TEST(Dispersion, OfRareEventsTakesNothingFromThem) {
  Dispersion dispersion(1);
  std::mt19937_64 random(1);
  std::bernoulli_distribution is_bad(0.0005);
  std::uint64_t bad = 0;
  for (std::uint64_t look = 1; look <= 100'000; ++look) {
    dispersion.look(bad += is_bad(random) ? 1 : 0, 5 * look);
    ASSERT_GE(dispersion.worth(), 0.6) << look;
  }
}

TEST(Dispersion, OfAnIncidentTakesLittle) {
  Dispersion dispersion(1);
  std::mt19937_64 random(1);
  std::uint64_t bad = 0;
  for (std::uint64_t look = 1; look <= 3000; ++look) {
    std::binomial_distribution<std::uint64_t> events(45, look > 2000 && look <= 2600 ? 0.2 : 0.001);
    dispersion.look(bad += events(random), 45 * look);
    if (look > 2200) ASSERT_GE(dispersion.worth(), 0.5) << look;
  }
}

TEST(Dispersion, OfBurstsTakesThemForFew) {
  Dispersion dispersion(1);
  for (std::uint64_t look = 1; look <= 2000; ++look) dispersion.look(look / 100 * 20, look * 25);
  EXPECT_LT(dispersion.worth(), 1.0 / 10);
  EXPECT_GT(dispersion.worth(), 1.0 / 40);
  EXPECT_EQ(Dispersion(10).worth(), 0.1) << "before anything was seen";
}

TEST(Latencies, FallIntoBucketsThreePercentWide) {
  for (std::int64_t microseconds = 1; microseconds < 4'000'000'000; microseconds += microseconds / 7 + 1) {
    const Duration took = std::chrono::microseconds(microseconds);
    const std::uint16_t bucket = latency_bucket(took);
    ASSERT_LT(bucket, kLatencyBuckets);
    EXPECT_GE(latency_of(bucket), took);
    EXPECT_LE(latency_of(bucket), took + took / 31) << microseconds;
    if (bucket > 0) EXPECT_LT(latency_of(static_cast<std::uint16_t>(bucket - 1)), took);
  }
  EXPECT_EQ(latency_bucket(-5ms), 0);
  EXPECT_EQ(latency_bucket(100h), kLatencyBuckets - 1);
}

}  // namespace
}  // namespace kanaria::evidence
