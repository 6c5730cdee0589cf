// Where users are who have a bucket: properties that must hold whatever the operator does with the weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "kanaria/base/siphash.hpp"
#include "kanaria/targets/split.hpp"

namespace kanaria::targets {
namespace {

using Weights = std::vector<std::uint32_t>;
using Groups = std::vector<std::size_t>;

Split split_of(const Weights& weights) {
  return Split(weights, config::SplitMode::PerUser, 1, 2);
}

/// The group of each bucket.
Groups groups_of(const Weights& weights) {
  const Split split = split_of(weights);
  Groups groups(kBuckets);
  for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket) groups[bucket] = split.group_at(bucket);
  return groups;
}

bool has_any(const Weights& weights) {
  return std::accumulate(weights.begin(), weights.end(), 0U) > 0;
}

/// As an operator might write them: often small, often 0, of two to five groups.
Weights random_weights(Random& random, std::size_t groups) {
  constexpr std::uint32_t kUsual[] = {0, 1, 5, 10, 50, 90, 99, 100, 999};
  while (true) {
    Weights weights(groups);
    for (std::uint32_t& weight : weights)
      weight = random.below(2) == 0 ? kUsual[random.below(std::size(kUsual))]
                                    : static_cast<std::uint32_t>(random.below(1000));
    if (has_any(weights)) return weights;
  }
}

TEST(Buckets, AreSharedOutByWeight) {
  for (const Weights& weights : {Weights{90, 10}, Weights{1, 99}, Weights{33, 33, 34}, Weights{0, 1}, Weights{5, 0, 5},
                                 Weights{999, 998, 997, 999, 998}, Weights{1}}) {
    const Groups groups = groups_of(weights);
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (std::size_t i = 0; i < weights.size(); ++i) {
      const auto has = static_cast<double>(std::count(groups.begin(), groups.end(), i));
      EXPECT_NEAR(has, kBuckets * weights[i] / total, 1.0);
      if (weights[i] == 0) EXPECT_EQ(has, 0);
      if (weights[i] > 0) EXPECT_GE(has, 2);  // whatever the others weigh
    }
  }
}

TEST(Buckets, DontDependOnHowWeightsAreWritten) {
  EXPECT_EQ(groups_of({90, 10}), groups_of({9, 1}));
  EXPECT_EQ(groups_of({90, 10}), groups_of({900, 100}));
}

/// The mission's growth, and each step back.
TEST(Buckets, MoveOnlyIntoACanaryThatGrows) {
  Groups before = groups_of({100, 0});
  for (const std::uint32_t canary : {1U, 10U, 50U, 100U}) {
    const Groups after = groups_of({100 - canary, canary});
    for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket)
      if (after[bucket] != before[bucket]) ASSERT_EQ(after[bucket], 1U);
    EXPECT_EQ(std::count(after.begin(), after.end(), 1), 100L * canary);
    before = after;
  }
}

TEST(Buckets, OverARandomHistoryAreGainedByWhoGrowsAndLostByWhoShrinks) {
  Random random(20261130);
  for (int history = 0; history < 60; ++history) {
    const std::size_t count = 2 + random.below(4);
    Weights weights = random_weights(random, count);
    Groups before = groups_of(weights);
    for (int step = 0; step < 30; ++step) {
      const std::size_t changed = random.below(count);
      Weights next = weights;
      next[changed] = random_weights(random, 1)[0] * static_cast<std::uint32_t>(random.below(2));
      if (!has_any(next)) continue;
      const Groups after = groups_of(next);
      for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket) {
        // Who grows loses nobody, who shrinks gains nobody.
        if (next[changed] >= weights[changed] && before[bucket] == changed) ASSERT_EQ(after[bucket], changed);
        if (next[changed] <= weights[changed] && after[bucket] == changed) ASSERT_EQ(before[bucket], changed);
        // With two groups nobody else is there to move.
        if (count == 2 && before[bucket] != after[bucket])
          ASSERT_EQ(after[bucket] == changed, next[changed] > weights[changed]);
        ASSERT_GT(next[after[bucket]], 0U);
      }
      weights = next;
      before = after;
    }
    EXPECT_EQ(groups_of(weights), before);  // where everybody is depends on the weights alone, not on their history
  }
}

TEST(Buckets, OfAGroupAreDealtAlikeAndStayItsOwn) {
  Split split = split_of({90, 10});
  Random random(7);
  std::vector<int> dealt(kBuckets);
  constexpr int kUsers = 100'000;
  for (int user = 0; user < kUsers; ++user) {
    const std::size_t group = split.choose(random);
    const std::uint32_t bucket = split.bucket_in(group, random);
    ASSERT_EQ(split.group_at(bucket), group);
    ++dealt[bucket];
  }
  EXPECT_EQ(std::accumulate(dealt.begin() + 9000, dealt.end(), 0), kUsers / 10);  // exact
  EXPECT_LE(std::count(dealt.begin(), dealt.end(), 0), 5);                        // 10 each: e^-10 of 10,000 is 0.45
}

TEST(Buckets, OfNewUsersAreExactInEveryBlock) {
  Split split = split_of({33, 33, 34});
  Random random(8);
  for (int block = 0; block < 50; ++block) {
    Weights counts(3);
    for (int user = 0; user < 100; ++user) ++counts[split.group_at(split.bucket_in(split.choose(random), random))];
    ASSERT_EQ(counts, (Weights{33, 33, 34}));
  }
}

/// Of 100,000 users, who changes side when the canary grows 1 -> 10 -> 50 -> 100 %.
TEST(Buckets, OfKnownUsersChangeOnceIntoTheCanary) {
  constexpr int kUsers = 100'000;
  const std::uint64_t scope = name_hash("web/canary");
  std::vector<bool> in_canary(kUsers);
  for (const std::uint32_t canary : {1U, 10U, 50U, 100U}) {
    const Split split = split_of({100 - canary, canary});
    int count = 0;
    for (int user = 0; user < kUsers; ++user) {
      const bool now = split.group_at(bucket_of(scope, "user-" + std::to_string(user))) == 1;
      ASSERT_TRUE(now || !in_canary[static_cast<std::size_t>(user)]) << "moved back";
      in_canary[static_cast<std::size_t>(user)] = now;
      count += now ? 1 : 0;
    }
    const double share = canary / 100.0;
    EXPECT_NEAR(count, kUsers * share, 5 * std::sqrt(kUsers * share * (1 - share)) + 1);
  }
}

/// While a group has failed, its users are spread over the others by weight.
TEST(Buckets, OfAFailedGroupFindRefugeWithAllOthers) {
  const Split all = split_of({50, 30, 20});
  const Split left = split_of({0, 30, 20});
  Weights refuges(3);
  for (std::uint32_t bucket = 0; bucket < kBuckets; ++bucket)
    if (all.group_at(bucket) == 0) ++refuges[left.group_at(refuge_of(bucket))];
  EXPECT_EQ(refuges[0], 0U);
  EXPECT_NEAR(refuges[1], 3000, 5 * std::sqrt(5000 * 0.6 * 0.4));
  EXPECT_EQ(refuges[1] + refuges[2], 5000U);
}

/// Kept by nobody but by this function: it must never change.
TEST(Buckets, OfKnownUsersAreFrozen) {
  const std::uint64_t scope = name_hash("http-8080/canary");
  const std::pair<const char*, std::uint32_t> users[] = {
      {"alice", 7334}, {"bob", 5185}, {"user-1", 669}, {"user-2", 5649}, {"42", 7705}};
  for (const auto& [user, bucket] : users) EXPECT_EQ(bucket_of(scope, user), bucket) << user;
  EXPECT_NE(bucket_of(name_hash("http-8080/other"), "alice"), 7334U);  // rules divide their users in other ways
}

}  // namespace
}  // namespace kanaria::targets
