// A user's own target, where the group has stickiness: picked first, as long as it can be.
#include <gtest/gtest.h>

#include "kanaria/targets/balancer.hpp"

namespace kanaria::targets {
namespace {

using config::Algorithm;

class OwnTarget : public testing::TestWithParam<Algorithm> {
 protected:
  OwnTarget() {
    group_.algorithm = GetParam();
    group_.stickiness.enabled = true;
    for (std::uint32_t i = 0; i < 20; ++i) {
      auto target = std::make_shared<Target>();
      target->row = i;
      target->id = 1000 - i;  // not in the order of the group
      group_.targets.push_back(target);
    }
  }
  Pick pick(std::optional<std::uint64_t> own, const Tried& tried = {}, bool may_probe = false) {
    return balancer_.pick(group_, tried, may_probe, own);
  }
  TargetState& state(std::size_t target) { return *group_.targets[target]->state; }
  void publish() { group_.state->version.fetch_add(1); }

  Random random_{1};
  Balancer balancer_{random_};
  Group group_;
};

TEST_P(OwnTarget, IsPickedBeforeAnyOther) {
  for (int times = 0; times < 50; ++times)
    for (const auto& target : group_.targets) ASSERT_EQ(pick(target->id).target, target.get());
}

TEST_P(OwnTarget, ThatIsUnknownLeavesTheChoiceToTheAlgorithm) {
  for (int times = 0; times < 50; ++times) EXPECT_NE(pick(77).target, nullptr);
}

TEST_P(OwnTarget, ThatIsNoCandidateIsNotPicked) {
  const Target* const own = group_.targets[3].get();
  state(3).share = 0;
  publish();
  for (int times = 0; times < 200; ++times) EXPECT_NE(pick(own->id).target, own);
  state(3).share = kFullShare;
  publish();
  EXPECT_EQ(pick(own->id).target, own);
}

TEST_P(OwnTarget, AtItsBoundIsNotPicked) {
  group_.max_connections = 1;
  const Target* const own = group_.targets[3].get();
  state(3).in_flight = 1;
  for (int times = 0; times < 200; ++times) EXPECT_NE(pick(own->id).target, own);
  state(3).in_flight = 0;
  EXPECT_EQ(pick(own->id).target, own);
}

TEST_P(OwnTarget, ThatWasTriedIsNotPickedAgain) {
  const Target* const own = group_.targets[3].get();
  for (int times = 0; times < 200; ++times) EXPECT_NE(pick(own->id, Tried{own}).target, own);
}

TEST_P(OwnTarget, IsNotLeftForAProbe) {
  state(5).share = 0;
  state(5).probe = Probe::Offered;
  publish();
  const Pick kept = pick(group_.targets[3]->id, {}, true);
  EXPECT_EQ(kept.target, group_.targets[3].get());
  EXPECT_FALSE(kept.is_probe);
  EXPECT_TRUE(pick(std::nullopt, {}, true).is_probe);
}

INSTANTIATE_TEST_SUITE_P(Algorithms, OwnTarget,
                         testing::Values(Algorithm::RoundRobin, Algorithm::LeastOutstandingRequests));

}  // namespace
}  // namespace kanaria::targets
