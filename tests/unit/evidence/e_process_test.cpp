#include "kanaria/evidence/e_process.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace kanaria::evidence {
namespace {

Logs after(const Coin& coin, std::initializer_list<Arm> events) {
  Logs logs{};
  for (const Arm arm : events)
    for (std::size_t j = 0; j < logs.size(); ++j) logs[j] += coin.gains[static_cast<std::size_t>(arm)][j];
  return logs;
}

TEST(EProcess, HasTheValueOfItsFormulaAfterAFewEvents) {
  const double q = 0.1;
  const Coin coin = coin_of(q, 1);
  const auto side = [&](double risk) { return q * risk / (q * risk + 1 - q); };
  double expected = 0;
  for (const double risk : kRisks)
    expected += std::pow(side(risk) / q, 2) * (1 - side(risk)) / (1 - q) / static_cast<double>(kRisks.size());
  EXPECT_NEAR(std::exp(log_evidence(after(coin, {Arm::Canary, Arm::Stable, Arm::Canary}))), expected, 1e-9);
  EXPECT_EQ(log_evidence(Logs{}), 0) << "nothing was seen";
}

TEST(EProcess, NeedsFewErrorsOfTheCanaryAloneAsCanaryMdSays) {
  const struct {
    double share, alpha;
    int errors;
  } cases[] = {{0.01, .05, 2}, {0.05, .05, 2}, {0.10, .05, 2}, {0.25, .05, 3}, {0.50, .05, 6},
               {0.01, .01, 2}, {0.05, .01, 3}, {0.10, .01, 3}, {0.25, .01, 5}, {0.50, .01, 9}};
  for (const auto& one : cases) {
    SCOPED_TRACE(testing::Message() << one.share << " " << one.alpha);
    const Coin coin = coin_of(one.share, 1);
    Logs logs{};
    int errors = 0;
    while (log_evidence(logs) < -std::log(one.alpha)) {
      ++errors;
      for (std::size_t j = 0; j < logs.size(); ++j) logs[j] += coin.gains[1][j];
    }
    EXPECT_EQ(errors, one.errors);
  }
}

// Ville's bound rests on this: weighed by how likely each of all sequences is, E is 1 on average while the canary is as
// bad as tolerated, and less while it is better.
TEST(EProcess, IsOneOnAverageWhereTheCanaryIsNoWorse) {
  constexpr int kEvents = 12;
  for (const double q : {0.01, 0.1, 0.5, 0.9}) {
    for (const double tolerance : {1.0, 1.25}) {
      for (const double risk : {0.5, 1.0, tolerance}) {
        SCOPED_TRACE(testing::Message() << q << " " << tolerance << " " << risk);
        const Coin coin = coin_of(q, tolerance);
        const double p = q * risk / (q * risk + 1 - q);
        double mean = 0;
        for (unsigned sequence = 0; sequence < 1U << kEvents; ++sequence) {
          Logs logs{};
          double likely = 1;
          for (int event = 0; event < kEvents; ++event) {
            const std::size_t arm = sequence >> event & 1;
            likely *= arm == 1 ? p : 1 - p;
            for (std::size_t j = 0; j < logs.size(); ++j) logs[j] += coin.gains[arm][j];
          }
          mean += likely * std::exp(log_evidence(logs));
        }
        EXPECT_LE(mean, 1 + 1e-9);
        if (risk == tolerance) EXPECT_NEAR(mean, 1, 1e-9);
      }
    }
  }
}

// The same with a share that changes at each event, and by what was seen before: steps may follow the evidence.
TEST(EProcess, IsOneOnAverageWhateverTheStepsAre) {
  constexpr int kEvents = 12;
  double mean = 0;
  for (unsigned sequence = 0; sequence < 1U << kEvents; ++sequence) {
    Logs logs{};
    double likely = 1;
    for (int event = 0; event < kEvents; ++event) {
      const double q = log_evidence(logs) > 0.5 ? 0.02 : event < 6 ? 0.1 : 0.5;
      const Coin coin = coin_of(q, 1);
      const std::size_t arm = sequence >> event & 1;
      likely *= arm == 1 ? q : 1 - q;
      for (std::size_t j = 0; j < logs.size(); ++j) logs[j] += coin.gains[arm][j];
    }
    mean += likely * std::exp(log_evidence(logs));
  }
  EXPECT_NEAR(mean, 1, 1e-9);
}

TEST(EProcess, LearnsNothingFromACoinWithOneSide) {
  for (const double share : {0.0, 1.0})
    EXPECT_EQ(log_evidence(after(coin_of(share, 1), {Arm::Canary, Arm::Stable})), 0) << share;
}

TEST(EProcess, StaysFiniteHoweverMuchIsSeen) {
  const Coin coin = coin_of(0.0001, 1);
  Logs logs{};
  for (int i = 0; i < 1'000'000; ++i)
    for (std::size_t j = 0; j < logs.size(); ++j) logs[j] += coin.gains[1][j];
  EXPECT_TRUE(std::isfinite(log_evidence(logs)));
  EXPECT_GT(log_evidence(logs), 1e6);
}

TEST(Limit, IsOneOnAverageAtTheLimit) {
  constexpr unsigned kRequests = 60;
  for (const double limit : {0.01, 0.05, 0.5}) {
    double mean = 0;
    double likely = std::pow(1 - limit, kRequests);
    for (unsigned bad = 0; bad <= kRequests; ++bad) {
      mean += likely * std::exp(log_evidence_over(limit, bad, kRequests));
      likely *= (kRequests - bad) / (bad + 1.0) * limit / (1 - limit);
    }
    EXPECT_NEAR(mean, 1, 1e-9) << limit;
  }
}

TEST(Limit, IsSurelyOverWhereAllIsBad) {
  EXPECT_GT(log_evidence_over(0.05, 4, 4), std::log(100.0));
  EXPECT_LT(log_evidence_over(0.05, 5, 100), 0.1) << "just at it";
  EXPECT_LT(log_evidence_over(0.05, 0, 1000), 0);
  EXPECT_EQ(log_evidence_over(0.05, 3, 2), log_evidence_over(0.05, 2, 2)) << "one was counted late";
}

}  // namespace
}  // namespace kanaria::evidence
