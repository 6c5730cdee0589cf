#include "kanaria/targets/share.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "kanaria/base/random.hpp"

namespace kanaria::targets {
namespace {

TEST(ShareTest, SlowStartGrowsLinearly) {
  struct Case {
    std::string description;
    Duration since;
    Milliseconds duration;
    Share expected;
  };
  const std::vector<Case> cases{
      {"it has just become healthy", Milliseconds{0}, Milliseconds{30'000}, 1},
      {"too little for a thousandth", Milliseconds{20}, Milliseconds{30'000}, 1},
      {"a tenth", Milliseconds{3'000}, Milliseconds{30'000}, 100},
      {"a half", Milliseconds{15'000}, Milliseconds{30'000}, 500},
      {"nearly all", Milliseconds{29'999}, Milliseconds{30'000}, 999},
      {"all", Milliseconds{30'000}, Milliseconds{30'000}, kFullShare},
      {"long ago", std::chrono::hours{24 * 365 * 100}, Milliseconds{30'000}, kFullShare},
      {"the longest one", Milliseconds{450'000}, Milliseconds{900'000}, 500},
      {"none", Milliseconds{0}, Milliseconds{0}, kFullShare},
      {"none, before it began", Milliseconds{-1}, Milliseconds{0}, kFullShare},
      {"before it began", Milliseconds{-1}, Milliseconds{30'000}, 1},
  };
  for (const Case& c : cases) EXPECT_EQ(slow_start_share(c.since, c.duration), c.expected) << c.description;
}

struct Seen {
  std::uint64_t requests;
  std::uint64_t failures;
};

class Group {
 public:
  explicit Group(std::size_t size) : mitigations_(size), is_healthy_(size, true) {}

  void look(const std::vector<Seen>& seen, bool mitigate = true) {
    std::vector<Suspect> suspects;
    for (std::size_t i = 0; i < seen.size(); ++i)
      suspects.push_back({&mitigations_[i], is_healthy_[i], {seen[i].requests, seen[i].failures}});
    judge_anomalies(suspects, mitigate);
  }
  void set_healthy(std::size_t i, bool is_healthy) { is_healthy_[i] = is_healthy; }
  const Mitigation& operator[](std::size_t i) const { return mitigations_[i]; }
  std::string anomalous() const {
    std::string seen;
    for (const Mitigation& mitigation : mitigations_) seen += mitigation.is_anomalous() ? '!' : '.';
    return seen;
  }

 private:
  std::vector<Mitigation> mitigations_;
  std::vector<bool> is_healthy_;
};

TEST(ShareTest, WhoIsAnomalousAfterTwoEqualLooks) {
  struct Case {
    std::string description;
    std::vector<Seen> seen;
    std::string expected;
  };
  const std::vector<Case> cases{
      {"no traffic", {{0, 0}, {0, 0}, {0, 0}}, "..."},
      {"no failures", {{100, 0}, {100, 0}, {100, 0}}, "..."},
      {"all fail alike", {{100, 10}, {100, 12}, {100, 9}}, "..."},
      {"all fail always", {{100, 100}, {100, 100}, {100, 100}}, "..."},
      {"one fails always", {{100, 100}, {100, 0}, {100, 0}}, "!.."},
      {"one fails often", {{100, 1}, {100, 20}, {100, 1}}, ".!."},
      {"four failures are too few", {{10, 4}, {100, 0}, {100, 0}}, "..."},
      {"five failures are enough", {{10, 5}, {100, 0}, {100, 0}}, "!.."},
      {"not twice as often", {{10'000, 1'900}, {10'000, 1'000}, {10'000, 1'000}}, "..."},
      {"more than twice", {{10'000, 2'100}, {10'000, 1'000}, {10'000, 1'000}}, "!.."},
      {"more than twice, but so few that it may be chance", {{100, 6}, {100, 2}, {100, 2}}, "..."},
      {"the same rates of ten times as many are none", {{1'000, 60}, {1'000, 20}, {1'000, 20}}, "!.."},
      {"two of five", {{100, 30}, {100, 0}, {100, 30}, {100, 1}, {100, 0}}, "!.!.."},
      {"where most fail, those are the peers", {{100, 30}, {100, 30}, {100, 1}}, "..."},
      {"two are no group", {{100, 100}, {100, 0}}, ".."},
      {"nor is one", {{100, 100}}, "."},
      {"none", {}, ""},
      {"nobody to compare with has traffic", {{100, 100}, {0, 0}, {0, 0}}, "..."},
      {"it has less traffic than the others", {{20, 10}, {1'000, 10}, {1'000, 10}}, "!.."},
      {"it has more", {{1'000, 100}, {100, 1}, {100, 1}}, "!.."},
      {"more failures than requests, for they are counted apart", {{100, 130}, {10, 0}, {10, 0}}, "!.."},
      {"of all", {{10, 11}, {10, 11}, {10, 11}}, "..."},
  };
  for (const Case& c : cases) {
    Group group(c.seen.size());
    group.look(c.seen);
    EXPECT_EQ(group.anomalous(), std::string(c.seen.size(), '.')) << "a single look: " << c.description;
    group.look(c.seen);
    EXPECT_EQ(group.anomalous(), c.expected) << c.description;
  }
}

const std::vector<Seen> kBad{{100, 50}, {100, 1}, {100, 1}};
const std::vector<Seen> kGood{{100, 1}, {100, 1}, {100, 1}};
const std::vector<Seen> kBadOfFew{{4, 2}, {100, 1}, {100, 1}};
const std::vector<Seen> kGoodOfFew{{4, 0}, {100, 1}, {100, 1}};
const std::vector<Seen> kIdle{{0, 0}, {100, 1}, {100, 1}};

TEST(ShareTest, MitigationGoesDownAndUpInSteps) {
  struct Step {
    std::string description;
    const std::vector<Seen>& seen;
    bool anomalous;
    Share share;
  };
  const std::vector<Step> steps{
      {"nothing is wrong", kGood, false, 1000},
      {"one bad look", kBad, false, 1000},
      {"was chance", kGood, false, 1000},
      {"bad once more", kBad, false, 1000},
      {"twice in a row", kBad, true, 500},
      {"and on", kBad, true, 250},
      {"a good look", kGood, true, 125},
      {"a second one", kGood, true, 62},
      {"not a third", kBad, true, 31},
      {"few requests left", kBadOfFew, true, 15},
      {"few requests, some of which fail", kBadOfFew, true, 10},
      {"never less", kBadOfFew, true, 10},
      {"better", kGoodOfFew, true, 10},
      {"no request is no failure", kIdle, true, 10},
      {"three in a row", kGoodOfFew, false, 20},
      {"up", kGoodOfFew, false, 40},
      {"a relapse turns it at once", kBadOfFew, true, 20},
      {"better", kGoodOfFew, true, 10},
      {"better", kGoodOfFew, true, 10},
      {"three in a row", kGoodOfFew, false, 20},
      {"up", kGood, false, 40},
      {"up", kGood, false, 80},
      {"up", kGood, false, 160},
      {"up", kGood, false, 320},
      {"up", kGood, false, 640},
      {"full", kGood, false, 1000},
      {"full", kGood, false, 1000},
      {"trusted again: one bad look is chance", kBad, false, 1000},
  };
  Group group(3);
  for (std::size_t i = 0; i < steps.size(); ++i) {
    group.look(steps[i].seen);
    EXPECT_EQ(group[0].is_anomalous(), steps[i].anomalous) << i << ": " << steps[i].description;
    EXPECT_EQ(group[0].share(), steps[i].share) << i << ": " << steps[i].description;
    EXPECT_EQ(group[1].share(), kFullShare);
  }
}

TEST(ShareTest, WithoutMitigationAnomaliesAreDetectedOnly) {
  Group group(3);
  for (int i = 0; i < 2; ++i) group.look(kBad, false);
  EXPECT_EQ(group.anomalous(), "!..");
  EXPECT_EQ(group[0].share(), kFullShare);
  group.look(kBad, true);
  EXPECT_EQ(group[0].share(), 500U);
  group.look(kBad, false);
  EXPECT_EQ(group.anomalous(), "!..");
  EXPECT_EQ(group[0].share(), kFullShare);
  for (int i = 0; i < 3; ++i) group.look(kGood, false);
  EXPECT_EQ(group.anomalous(), "...");
}

TEST(ShareTest, WhereTooFewAreHealthyAllAreNormalAndRecover) {
  Group group(3);
  for (int i = 0; i < 4; ++i) group.look(kBad);
  EXPECT_EQ(group[0].share(), 125U);
  group.set_healthy(2, false);
  group.look(kBad);
  EXPECT_EQ(group.anomalous(), "...");
  EXPECT_EQ(group[0].share(), 250U);
}

TEST(ShareTest, AnUnhealthyTargetIsNoPeerAndStartsAfresh) {
  Group group(4);
  // Were the second a peer, the first would be one of two that fail.
  const std::vector<Seen> seen{{100, 20}, {100, 100}, {100, 1}, {100, 1}};
  group.set_healthy(1, false);
  for (int i = 0; i < 2; ++i) group.look(seen);
  EXPECT_EQ(group.anomalous(), "!...");
  EXPECT_EQ(group[0].share(), 500U);
  group.set_healthy(0, false);
  group.look(seen);
  EXPECT_EQ(group.anomalous(), "....");
  EXPECT_EQ(group[0].share(), kFullShare);
}

// How many of `requests` fail at `rate`: a binomial draw, by the gaps between failures.
std::uint64_t failures_of(Random& random, std::uint64_t requests, double rate) {
  std::uint64_t failures = 0;
  double at = 0;
  for (;;) {
    const double uniform = (static_cast<double>(random.next() >> 11) + 0.5) * 0x1p-53;
    at += 1 + std::floor(std::log(uniform) / std::log1p(-rate));
    if (at > static_cast<double>(requests)) return failures;
    ++failures;
  }
}

// A group under `load` requests a look, each target's part of them by its share.
std::vector<Seen> traffic(Random& random, const Group& group, const std::vector<double>& rates, std::uint64_t load) {
  std::uint64_t shares = 0;
  for (std::size_t i = 0; i < rates.size(); ++i) shares += group[i].share();
  std::vector<Seen> seen;
  for (std::size_t i = 0; i < rates.size(); ++i) {
    const std::uint64_t requests = load * group[i].share() / shares;
    seen.push_back({requests, failures_of(random, requests, rates[i])});
  }
  return seen;
}

// 10,000 looks are 14 hours. At the worst load, about 2,000 requests a look, 2 of 100,000 verdicts are wrong (of
// 2,000,000 that were counted); the bound is 10.
TEST(ShareTest, EqualTargetsAreNotCalledAnomalous) {
  for (const std::uint64_t load : {100U, 500U, 1'000U, 2'000U, 10'000U}) {
    Random random(load);
    Group group(5);
    int verdicts = 0;
    for (int look = 0; look < 10'000; ++look) {
      const std::string before = group.anomalous();
      group.look(traffic(random, group, std::vector<double>(5, 0.01), load));
      for (std::size_t i = 0; i < 5; ++i) verdicts += group[i].is_anomalous() && before[i] == '.' ? 1 : 0;
    }
    EXPECT_LE(verdicts, 5) << load;  // of 50,000
  }
}

// Found within a few looks; from then on it has 1 % of a full share, or where that is less than a few requests a look,
// so many as it takes to know it by: about 8.
TEST(ShareTest, ATargetThatFailsIsFoundAndLosesItsTraffic) {
  struct Case {
    std::uint64_t load;
    int looks;
    std::uint64_t share;
  };
  for (const Case c : {Case{500, 5, 70}, Case{1'000, 3, 35}, Case{5'000, 2, 12}, Case{50'000, 2, 10}}) {
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      Random random(seed);
      Group group(5);
      const std::vector<double> rates{0.2, 0.01, 0.01, 0.01, 0.01};
      for (int i = 0; i < c.looks && !group[0].is_anomalous(); ++i) group.look(traffic(random, group, rates, c.load));
      EXPECT_EQ(group.anomalous(), "!....") << c.load << ", " << seed;
      for (int i = 0; i < 10; ++i) group.look(traffic(random, group, rates, c.load));
      constexpr int kTenMinutes = 120;
      std::uint64_t shares = 0;
      for (int i = 0; i < kTenMinutes; ++i) {
        group.look(traffic(random, group, rates, c.load));
        shares += group[0].share();
      }
      EXPECT_LE(shares / kTenMinutes, c.share) << c.load << ", " << seed;
    }
  }
}

TEST(ShareTest, ATargetThatIsGoodAgainHasItsFullShareSoon) {
  for (const std::uint64_t load : {10U, 100U, 1'000U, 5'000U, 50'000U}) {
    int slow = 0;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
      Random random(seed);
      Group group(5);
      for (int i = 0; i < 10; ++i) group.look({{1'000, 200}, {1'000, 10}, {1'000, 10}, {1'000, 10}, {1'000, 10}});
      ASSERT_EQ(group[0].share(), 10U);
      int looks = 0;
      while (group[0].share() < kFullShare && looks < 1'000) {
        group.look(traffic(random, group, std::vector<double>(5, 0.01), load));
        ++looks;
      }
      EXPECT_GE(looks, 9);  // three to be normal, of which the third is the first of seven steps
      EXPECT_LE(looks, 60) << load << ", " << seed;
      slow += looks > 12 ? 1 : 0;
    }
    EXPECT_LE(slow, 50) << load;  // of 200
  }
}

}  // namespace
}  // namespace kanaria::targets
