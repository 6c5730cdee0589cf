#include "kanaria/targets/balancer.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <map>
#include <set>
#include <string>
#include <thread>

namespace kanaria::targets {
namespace {

using config::Algorithm;

constexpr Algorithm kAlgorithms[] = {Algorithm::RoundRobin, Algorithm::LeastOutstandingRequests,
                                     Algorithm::WeightedRandom};
const Tried kNone;

std::shared_ptr<Target> target_of(std::uint32_t row) {
  auto target = std::make_shared<Target>();
  target->row = row;
  return target;
}

Group group_of(std::size_t count, Algorithm algorithm = Algorithm::RoundRobin, std::uint32_t row = 0) {
  Group group;
  group.row = row;
  group.algorithm = algorithm;
  for (std::uint32_t i = 0; i < count; ++i) group.targets.push_back(target_of(1000 * row + i));
  return group;
}

/// What control does.
void publish(const Group& group) {
  group.state->version.fetch_add(1, std::memory_order_release);
}

void set_share(const Group& group, std::size_t target, Share share) {
  group.targets[target]->state->share = share;
  publish(group);
}

class BalancerTest : public testing::Test {
 protected:
  /// The index of the target that is picked; -1: none.
  int pick(const Group& group, const Tried& tried = kNone) {
    const Target* const target = balancer_.pick(group, tried, false).target;
    for (std::size_t i = 0; i < group.targets.size(); ++i)
      if (group.targets[i].get() == target) return static_cast<int>(i);
    EXPECT_EQ(target, nullptr);
    return -1;
  }

  /// How often each target is picked.
  std::vector<int> count(const Group& group, int picks, const Tried& tried = kNone) {
    std::vector<int> counts(group.targets.size());
    for (int i = 0; i < picks; ++i) {
      const int at = pick(group, tried);
      if (at >= 0) ++counts[static_cast<std::size_t>(at)];
    }
    return counts;
  }

  Random random_{1};
  Balancer balancer_{random_};
};

using Counts = std::vector<int>;

TEST_F(BalancerTest, RoundRobinGoesAroundInTheOrderOfTheGroup) {
  const Group group = group_of(4);
  const int first = pick(group);
  for (int i = 1; i < 400; ++i) EXPECT_EQ(pick(group), (first + i) % 4);
}

TEST_F(BalancerTest, WorkersBeginAtDifferentTargets) {
  const Group group = group_of(4);
  std::set<const Target*> first;
  for (std::uint64_t seed = 1; seed <= 64; ++seed) {
    Random random(seed);
    first.insert(Balancer(random).pick(group, kNone, false).target);
  }
  EXPECT_EQ(first.size(), 4U);
}

TEST_F(BalancerTest, AnEmptyGroupHasNone) {
  for (const Algorithm algorithm : kAlgorithms) {
    EXPECT_EQ(pick(group_of(0, algorithm)), -1);
    Group group = group_of(2, algorithm);
    for (const std::size_t target : {0U, 1U}) set_share(group, target, 0);
    EXPECT_EQ(pick(group), -1);
  }
}

TEST_F(BalancerTest, EachGroupHasAPlaceOfItsOwn) {
  const Group a = group_of(2, Algorithm::RoundRobin, 0);
  const Group b = group_of(2, Algorithm::RoundRobin, 7);
  const int first = pick(a);
  for (int i = 0; i < 5; ++i) pick(b);
  EXPECT_NE(pick(a), first);
  EXPECT_EQ(pick(a), first);
}

TEST_F(BalancerTest, RoundRobinIsExactWithAnyShares) {
  struct Row {
    std::vector<Share> shares;
    int picks;
    Counts expected;
  };
  const Row rows[] = {
      {{1000, 1000, 1000}, 300, {100, 100, 100}},
      {{300, 300}, 100, {50, 50}},
      {{1000, 500}, 300, {200, 100}},
      {{1000, 1}, 1001, {1000, 1}},
      {{1000, 250, 750}, 2000, {1000, 250, 750}},
      {{1, 1, 1000, 333}, 1335, {1, 1, 1000, 333}},
      {{1000, 0, 1000}, 200, {100, 0, 100}},
      {{0, 7, 0}, 50, {0, 50, 0}},
  };
  for (const Row& row : rows) {
    const Group group = group_of(row.shares.size());
    for (std::size_t i = 0; i < row.shares.size(); ++i) set_share(group, i, row.shares[i]);
    // A rotation may begin anywhere, so the first and the last round may each be a part: the second time is whole.
    const Counts once = count(group, row.picks);
    const Counts twice = count(group, row.picks);
    for (std::size_t i = 0; i < row.shares.size(); ++i) {
      EXPECT_NEAR(once[i], row.expected[i], 1) << testing::PrintToString(row.shares);
      EXPECT_NEAR(once[i] + twice[i], 2 * row.expected[i], 1) << testing::PrintToString(row.shares);
    }
  }
}

TEST_F(BalancerTest, WithEqualSharesRoundRobinIsExactToTheLast) {
  for (const Share share : {Share{1}, Share{777}, kFullShare}) {
    const Group group = group_of(3);
    for (std::size_t i = 0; i < 3; ++i) set_share(group, i, share);
    EXPECT_EQ(count(group, 300), Counts({100, 100, 100})) << share;
  }
}

TEST_F(BalancerTest, ASmallShareHasItsTurnHoweverOftenTheListIsMade) {
  const Group group = group_of(2);
  set_share(group, 1, 100);
  int picked = 0;
  constexpr int kPicks = 22'000;
  for (int i = 0; i < kPicks; ++i) {
    publish(group);
    picked += pick(group) == 1 ? 1 : 0;
  }
  EXPECT_NEAR(picked, kPicks / 11, 6 * std::sqrt(kPicks / 11.0));
}

TEST_F(BalancerTest, TheRotationGoesOnWhereItWasWhenATargetLeavesAndReturns) {
  const Group group = group_of(5);
  while (pick(group) != 1) {
  }
  set_share(group, 3, 0);
  EXPECT_EQ(pick(group), 2);
  EXPECT_EQ(pick(group), 4);  // 3 is out
  EXPECT_EQ(pick(group), 0);
  set_share(group, 1, 0);  // the one whose turn it is
  EXPECT_EQ(pick(group), 2);
  set_share(group, 3, kFullShare);
  EXPECT_EQ(pick(group), 4);  // it was to be next before 3 returned
  EXPECT_EQ(pick(group), 0);
  set_share(group, 1, kFullShare);
  EXPECT_EQ(pick(group), 2);
  EXPECT_EQ(pick(group), 3);
}

TEST_F(BalancerTest, TheRotationGoesOnAfterAReload) {
  const Group before = group_of(4);
  while (pick(before) != 1) {
  }
  Group after = group_of(0);
  after.targets.assign({target_of(9), before.targets[0], before.targets[2], target_of(8), before.targets[3]});
  for (const int expected : {2, 3, 4, 0, 1, 2}) EXPECT_EQ(pick(after), expected);
}

TEST_F(BalancerTest, TheRotationGoesOnAfterAllTargetsWereOut) {
  const Group group = group_of(3);
  while (pick(group) != 0) {
  }
  for (std::size_t i = 0; i < 3; ++i) set_share(group, i, 0);
  EXPECT_EQ(pick(group), -1);
  for (std::size_t i = 0; i < 3; ++i) set_share(group, i, kFullShare);
  EXPECT_EQ(pick(group), 1);
}

TEST_F(BalancerTest, GoesOnWhenAReloadShrinksOrGrowsTheGroup) {
  for (const Algorithm algorithm : kAlgorithms) {
    for (const std::size_t size : {5U, 2U, 1U, 0U, 7U, 12U}) {
      const Group group = group_of(size, algorithm);
      const Counts counts = count(group, 100 * static_cast<int>(size));
      for (const int picked : counts) EXPECT_GT(picked, 0) << size;
      if (algorithm == Algorithm::RoundRobin) {
        EXPECT_EQ(counts, Counts(size, 100)) << size;
      }
    }
  }
}

TEST_F(BalancerTest, AViewIsOfOneGroupOnly) {  // the targets of the one before are no more
  for (const Algorithm algorithm : kAlgorithms) {
    for (int i = 0; i < 50; ++i) {
      const Group group = group_of(12, algorithm);
      for (int j = 0; j < 20; ++j) EXPECT_GE(pick(group), 0);
    }
  }
}

TEST_F(BalancerTest, WhatChangesWithoutAVersionIsNotSeen) {
  const Group group = group_of(2);
  pick(group);
  group.targets[0]->state->share = 0;
  EXPECT_EQ(count(group, 10), Counts({5, 5}));
  publish(group);
  EXPECT_EQ(count(group, 10), Counts({0, 10}));
}

TEST_F(BalancerTest, ShareZeroIsNeverPicked) {
  for (const Algorithm algorithm : kAlgorithms) {
    for (const std::size_t size : {3U, 20U}) {
      const Group group = group_of(size, algorithm);
      set_share(group, 1, 0);
      EXPECT_EQ(count(group, 2000)[1], 0);
      const Tried tried{group.targets[0].get()};
      EXPECT_EQ(count(group, 2000, tried)[1], 0);
    }
  }
}

TEST_F(BalancerTest, TellsFailOpen) {
  const Group group = group_of(2);
  EXPECT_FALSE(balancer_.pick(group, kNone, false).fail_open);
  group.state->fail_open = true;
  publish(group);
  EXPECT_TRUE(balancer_.pick(group, kNone, false).fail_open);
  group.state->fail_open = false;
  publish(group);
  EXPECT_FALSE(balancer_.pick(group, kNone, false).fail_open);
}

TEST_F(BalancerTest, EachTargetIsTriedOnceAndThenThereIsNone) {
  for (const Algorithm algorithm : kAlgorithms) {
    for (const std::size_t size : {1U, 2U, 3U, 9U, 15U}) {
      const Group group = group_of(size, algorithm);
      set_share(group, 0, 1);  // hard to draw, slow to save
      for (int request = 0; request < 20; ++request) {
        Tried tried;
        while (const Target* const target = balancer_.pick(group, tried, false).target) tried.push_back(target);
        EXPECT_EQ(tried.size(), size);
        EXPECT_EQ((std::set<const Target*>{tried.begin(), tried.end()}).size(), size);
      }
    }
  }
}

TEST_F(BalancerTest, AFullTargetIsPassedOverUntilItHasRoom) {
  for (const Algorithm algorithm : kAlgorithms) {
    for (const std::size_t size : {3U, 20U}) {
      Group group = group_of(size, algorithm);
      group.max_connections = 2;
      for (std::size_t i = 1; i < size; ++i) group.targets[i]->state->in_flight = 2;
      for (int i = 0; i < 50; ++i) EXPECT_EQ(pick(group), 0);
      group.targets[0]->state->in_flight = 3;
      EXPECT_EQ(pick(group), -1);
      group.targets[1]->state->in_flight = 1;
      for (int i = 0; i < 50; ++i) EXPECT_EQ(pick(group), 1);
      const Tried tried{group.targets[1].get()};
      EXPECT_EQ(pick(group, tried), -1);
    }
  }
}

TEST_F(BalancerTest, WithoutABoundNoTargetIsFull) {
  for (const Algorithm algorithm : kAlgorithms) {
    const Group group = group_of(1, algorithm);
    group.targets[0]->state->in_flight = 1'000'000;
    EXPECT_EQ(pick(group), 0);
  }
}

TEST_F(BalancerTest, TheRotationIsExactAmongThoseWithRoom) {
  Group group = group_of(4);
  group.max_connections = 1;
  group.targets[2]->state->in_flight = 1;
  EXPECT_EQ(count(group, 300), Counts({100, 100, 0, 100}));
  group.targets[2]->state->in_flight = 0;
  EXPECT_EQ(count(group, 400), Counts({100, 100, 100, 100}));
}

TEST_F(BalancerTest, LeastOutstandingTakesTheFewestExactlyUpToEight) {
  for (std::size_t size = 1; size <= 8; ++size) {
    const Group group = group_of(size, Algorithm::LeastOutstandingRequests);
    for (std::size_t fewest = 0; fewest < size; ++fewest) {
      for (std::size_t i = 0; i < size; ++i) group.targets[i]->state->in_flight = i == fewest ? 4 : 5;
      for (int i = 0; i < 10; ++i) EXPECT_EQ(pick(group), static_cast<int>(fewest));
    }
  }
}

TEST_F(BalancerTest, LeastOutstandingTakesEqualsByTurns) {
  const Group group = group_of(5, Algorithm::LeastOutstandingRequests);
  EXPECT_EQ(count(group, 500), Counts({100, 100, 100, 100, 100}));
  group.targets[1]->state->in_flight = 1;
  group.targets[4]->state->in_flight = 1;
  EXPECT_EQ(count(group, 300), Counts({100, 0, 100, 100, 0}));
}

TEST_F(BalancerTest, LeastOutstandingKeepsManyTargetsLevel) {
  // Whoever is picked keeps its requests. Of 100 targets with 100 each the fullest has, by the better of two random
  // ones, about log log 100 / log 2 = 2 above the mean; a single random choice would give some 28 more.
  const Group group = group_of(100, Algorithm::LeastOutstandingRequests);
  for (int i = 0; i < 10'000; ++i) {
    const int at = pick(group);
    ASSERT_GE(at, 0);
    ++group.targets[static_cast<std::size_t>(at)]->state->in_flight;
  }
  for (const auto& target : group.targets) EXPECT_LE(target->state->in_flight.load(), 105U);
}

TEST_F(BalancerTest, LeastOutstandingAboveEightNeverTakesTheFullestOfAll) {
  const Group group = group_of(9, Algorithm::LeastOutstandingRequests);
  group.targets[4]->state->in_flight = 1;  // the two that are compared are distinct
  const Counts counts = count(group, 9000);
  EXPECT_EQ(counts[4], 0);
  for (std::size_t i = 0; i < 9; ++i) {
    if (i != 4) {
      EXPECT_NEAR(counts[i], 1125, 6 * std::sqrt(1125.0));
    }
  }
}

TEST_F(BalancerTest, WeightedRandomDrawsByShare) {
  const std::vector<Share> rows[] = {
      {1000, 1000, 1000}, {1000, 10}, {10, 1000, 500}, {1, 1, 1}, {1000, 0, 333, 667, 125, 62, 31, 15, 10}};
  constexpr int kDraws = 200'000;
  for (const auto& shares : rows) {
    const Group group = group_of(shares.size(), Algorithm::WeightedRandom);
    double total = 0;
    for (std::size_t i = 0; i < shares.size(); ++i) {
      set_share(group, i, shares[i]);
      total += shares[i];
    }
    const Counts counts = count(group, kDraws);
    for (std::size_t i = 0; i < shares.size(); ++i) {
      const double mean = kDraws * shares[i] / total;
      EXPECT_NEAR(counts[i], mean, 5 * std::sqrt(mean)) << testing::PrintToString(shares) << " " << i;  // 5 sigma
    }
  }
}

TEST_F(BalancerTest, WeightedRandomDrawsAThousandByShare) {
  const Group group = group_of(1000, Algorithm::WeightedRandom);
  for (std::size_t i = 0; i < 1000; ++i) group.targets[i]->state->share = i < 500 ? 1000 : 200;
  constexpr int kDraws = 600'000;
  const Counts counts = [&] {
    Counts of(1000);
    std::map<const Target*, std::size_t> index;
    for (std::size_t i = 0; i < 1000; ++i) index[group.targets[i].get()] = i;
    for (int i = 0; i < kDraws; ++i) ++of[index[balancer_.pick(group, kNone, false).target]];
    return of;
  }();
  for (std::size_t i = 0; i < 1000; ++i) {
    const double mean = i < 500 ? 1000 : 200;
    EXPECT_NEAR(counts[i], mean, 6 * std::sqrt(mean)) << i;
  }
}

TEST_F(BalancerTest, AnEjectedTargetIsProbedOnceByARequestThatMay) {
  for (const Algorithm algorithm : kAlgorithms) {
    const Group group = group_of(3, algorithm);
    TargetState& ejected = *group.targets[1]->state;
    ejected.share = 0;
    ejected.probe = Probe::Offered;
    publish(group);
    EXPECT_EQ(count(group, 100)[1], 0);  // they may not
    EXPECT_EQ(ejected.probe.load(), Probe::Offered);
    const Pick probe = balancer_.pick(group, kNone, true);
    EXPECT_EQ(probe.target, group.targets[1].get());
    EXPECT_TRUE(probe.is_probe);
    EXPECT_EQ(ejected.probe.load(), Probe::Taken);
    for (int i = 0; i < 100; ++i) {
      const Pick other = balancer_.pick(group, kNone, true);
      EXPECT_FALSE(other.is_probe);
      EXPECT_NE(other.target, group.targets[1].get());
    }
    ejected.probe = Probe::Offered;  // again, after it failed
    publish(group);
    EXPECT_TRUE(balancer_.pick(group, kNone, true).is_probe);
  }
}

TEST_F(BalancerTest, EachOfSeveralEjectedTargetsIsProbedOnce) {
  const Group group = group_of(4);
  for (const std::size_t i : {0U, 2U, 3U}) {
    group.targets[i]->state->share = 0;
    group.targets[i]->state->probe = Probe::Offered;
  }
  publish(group);
  std::multiset<const Target*> probed;
  for (int i = 0; i < 10; ++i) {
    const Pick pick = balancer_.pick(group, kNone, true);
    if (pick.is_probe) probed.insert(pick.target);
  }
  const auto target = [&](std::size_t i) -> const Target* { return group.targets[i].get(); };
  EXPECT_EQ(probed, (std::multiset<const Target*>{target(0), target(2), target(3)}));
}

TEST_F(BalancerTest, ATriedOrFullTargetIsNotProbed) {
  Group group = group_of(2);
  group.max_connections = 1;
  TargetState& ejected = *group.targets[0]->state;
  ejected.share = 0;
  ejected.probe = Probe::Offered;
  publish(group);
  const Tried tried{group.targets[0].get()};
  EXPECT_FALSE(balancer_.pick(group, tried, true).is_probe);
  ejected.in_flight = 1;
  EXPECT_FALSE(balancer_.pick(group, kNone, true).is_probe);
  ejected.in_flight = 0;
  EXPECT_TRUE(balancer_.pick(group, kNone, true).is_probe);
}

TEST_F(BalancerTest, AProbeIsTakenOnceOverAllWorkers) {
  constexpr int kRounds = 2000;
  constexpr int kWorkers = 4;
  const Group group = group_of(2);
  TargetState& ejected = *group.targets[0]->state;
  ejected.share = 0;
  std::atomic<int> round{0};
  std::atomic<int> asked{0};
  std::atomic<int> probes{0};
  std::vector<std::jthread> workers;
  for (int worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&, worker] {
      Random random(static_cast<std::uint64_t>(worker));
      Balancer balancer(random);
      for (int mine = 0; mine < kRounds; ++mine) {
        round.wait(mine);
        if (balancer.pick(group, kNone, true).is_probe) ++probes;
        ++asked;
        asked.notify_one();
      }
    });
  }
  for (int i = 1; i <= kRounds; ++i) {
    ejected.probe = Probe::Offered;
    publish(group);
    round = i;
    round.notify_all();
    for (int so_far = asked; so_far < i * kWorkers; so_far = asked) asked.wait(so_far);
    ASSERT_EQ(probes.load(), i);
  }
}

TEST_F(BalancerTest, NoSerialIsUsedTwice) {
  std::set<std::uint64_t> serials;
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(serials.insert(Group().serial).second);
  EXPECT_FALSE(serials.contains(0));
}

}  // namespace
}  // namespace kanaria::targets
