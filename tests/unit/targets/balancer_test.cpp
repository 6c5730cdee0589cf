#include "kanaria/targets/balancer.hpp"

#include <gtest/gtest.h>

#include <map>
#include <set>
#include <string>

namespace kanaria::targets {
namespace {

Group group_of(std::size_t count, std::uint32_t row = 0) {
  Group group;
  group.row = row;
  for (std::size_t i = 0; i < count; ++i) group.targets.push_back(std::make_shared<Target>());
  return group;
}

TEST(BalancerTest, GoesAroundExactly) {
  Random random(1);
  Balancer balancer(random);
  const Group group = group_of(3);
  std::map<const Target*, int> seen;
  const Target* before = nullptr;
  for (int i = 0; i < 300; ++i) {
    const Target* const target = balancer.pick(group, {});
    ++seen[target];
    EXPECT_NE(target, before);
    before = target;
  }
  for (const auto& target : group.targets) EXPECT_EQ(seen[target.get()], 100);
}

TEST(BalancerTest, KeepsTheOrderOfTheFile) {
  Random random(1);
  Balancer balancer(random);
  const Group group = group_of(4);
  const Target* const first = balancer.pick(group, {});
  std::size_t at = 0;
  while (group.targets[at].get() != first) ++at;
  for (std::size_t i = 1; i < 9; ++i) EXPECT_EQ(balancer.pick(group, {}), group.targets[(at + i) % 4].get());
}

TEST(BalancerTest, WorkersBeginAtDifferentTargets) {
  const Group group = group_of(4);
  std::set<const Target*> first;
  for (std::uint64_t seed = 1; seed <= 64; ++seed) {
    Random random(seed);
    first.insert(Balancer(random).pick(group, {}));
  }
  EXPECT_EQ(first.size(), 4U);
}

TEST(BalancerTest, SkipsTargetsThatWereTried) {
  Random random(1);
  Balancer balancer(random);
  const Group group = group_of(3);
  for (int request = 0; request < 10; ++request) {
    Tried tried;
    while (const Target* const target = balancer.pick(group, tried)) tried.push_back(target);
    EXPECT_EQ((std::set<const Target*>{tried.begin(), tried.end()}).size(), 3U);
  }
}

TEST(BalancerTest, FindsNoneInAnEmptyGroup) {
  Random random(1);
  Balancer balancer(random);
  EXPECT_EQ(balancer.pick(group_of(0), {}), nullptr);
}

TEST(BalancerTest, GoesOnWhenAGroupShrinksOrGrows) {
  Random random(1);
  Balancer balancer(random);
  for (const std::size_t count : {5UL, 2UL, 1UL, 0UL, 7UL}) {
    const Group group = group_of(count);
    std::map<const Target*, int> seen;
    for (std::size_t i = 0; i < 3 * count; ++i) ++seen[balancer.pick(group, {})];
    for (const auto& target : group.targets) EXPECT_EQ(seen[target.get()], 3) << count;
  }
}

TEST(BalancerTest, EachGroupHasAPlaceOfItsOwn) {
  Random random(1);
  Balancer balancer(random);
  const Group a = group_of(2, 0);
  const Group b = group_of(2, 7);
  const Target* const first = balancer.pick(a, {});
  for (int i = 0; i < 5; ++i) balancer.pick(b, {});
  EXPECT_NE(balancer.pick(a, {}), first);
  EXPECT_EQ(balancer.pick(a, {}), first);
}

}  // namespace
}  // namespace kanaria::targets
