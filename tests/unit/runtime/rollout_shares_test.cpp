// The shares of rollouts, as the store puts them above the file and above what was set by hand.
#include "kanaria/runtime/rollout_shares.hpp"

#include "stores.hpp"

namespace kanaria::runtime {
namespace {

class SharesTest : public StoreTest {
 protected:
  static RolloutShare share(std::optional<config::Basis> canary) {
    RolloutShare made;
    made.rollout = "checkout";
    made.stable = "main";
    made.canary = "new";
    made.weight = canary;
    return made;
  }
  /// "" for none; what it did: "before", "adopted".
  Outcome steer(const std::optional<RolloutShare>& share) {
    Store::Steer steer;
    steer.edit = [&](const config::Model&, RolloutShares& shares, Outcome&) {
      shares.erase("web/api");
      if (share) shares.emplace("web/api", *share);
    };
    steer.before = [this]() -> net::Awaitable<void> {
      did_.emplace_back("before");
      co_return;
    };
    steer.adopt = [this] { did_.emplace_back("adopted"); };
    return driver_.run(store_.steer(steer, ChangeOptions{"rollout checkout", {}}));
  }

  std::vector<std::string> did_;
};

TEST_F(SharesTest, StandAboveTheFileAndWhatWasSetByHand) {
  change(to(canary()));
  set_weights(70, 30);
  EXPECT_EQ(steer(share(1000)).status, Status::Applied);
  EXPECT_EQ(weight(0), 90U);
  EXPECT_EQ(weight(1), 10U);
  steer(std::nullopt);
  EXPECT_EQ(weight(1), 30U) << "the override is in force again";
}

TEST_F(SharesTest, AreInSmallNumbers) {
  const struct {
    config::Basis canary;
    std::pair<int, int> weights;
  } cases[] = {{0, {100, 0}},  {1, {9999, 1}},   {50, {199, 1}},    {100, {99, 1}},
               {1250, {7, 1}}, {5000, {50, 50}}, {9999, {1, 9999}}, {10'000, {0, 100}}};
  for (const auto& one : cases) EXPECT_EQ(weights_of(one.canary), one.weights) << one.canary;
}

TEST_F(SharesTest, OfARuleRefuseItsWeightsByHandAndSayWhatToUse) {
  change(to(canary()));
  steer(share(1000));
  const Outcome outcome = set_weights(50, 50);
  EXPECT_EQ(outcome.status, Status::Refused);
  ASSERT_EQ(words_of(outcome).size(), 1U);
  EXPECT_NE(words_of(outcome)[0].find("kanaria rollout set-weight checkout N%"), std::string::npos);
  EXPECT_EQ(weight(1), 10U);
}

TEST_F(SharesTest, AreAnotherGenerationAlsoWhereTheWeightsAreTheSame) {
  change(to(canary()));
  const std::string before = generation();
  const auto weights = static_cast<config::Basis>(weight(1) * 100);
  steer(share(weights));
  EXPECT_NE(generation(), before) << "another one decides";
}

TEST_F(SharesTest, ThatStayAreNotPublished) {
  change(to(canary()));
  steer(share(1000));
  const std::size_t published = board_.published.size();
  did_.clear();
  steer(share(1000));
  EXPECT_EQ(board_.published.size(), published);
  EXPECT_EQ(did_, (Words{"before", "adopted"}));
}

TEST_F(SharesTest, AreKeptBeforeTheyAreInForceAndAdoptedBeforeAnybodyElseRuns) {
  change(to(canary()));
  board_.held = false;
  const std::size_t published = board_.published.size();
  steer(share(1000));
  EXPECT_EQ(did_, (Words{"before", "adopted"}));
  EXPECT_EQ(board_.published.size(), published + 1);
}

TEST_F(SharesTest, ReadTheFileByRoleWhereTheRolesWereSwapped) {
  change(to(canary("[{name: main, weight: 99}, {name: new, weight: 1}]")));
  steer(share(std::nullopt));
  EXPECT_EQ(weight(0), 1U);
  EXPECT_EQ(weight(1), 99U);
  EXPECT_EQ(set_weights(50, 50).status, Status::Applied) << "it owns nothing";
}

/// Says what it is told to, and remembers what it was asked.
class Says final : public Steering {
 public:
  RolloutShares follow(const config::Model& file) override {
    asked.push_back(file.listeners.size());
    return shares;
  }
  void adopt() override { ++adopted; }

  RolloutShares shares;
  std::vector<std::size_t> asked;
  int adopted = 0;
};

TEST_F(SharesTest, AreAskedForWithEachFileAndAdoptedWhereItComesIntoForce) {
  Says says;
  store_.set_steering(says);
  says.shares.emplace("web/api", share(2000));
  change(to(canary()));
  EXPECT_EQ(weight(1), 20U) << "from the first request on";
  EXPECT_EQ(says.adopted, 1);
  board_.refusal = "port 80 is taken";
  change(to(canary("[{name: main, weight: 1}, {name: new, weight: 2}]")));
  EXPECT_EQ(says.asked.size(), 2U);
  EXPECT_EQ(says.adopted, 1) << "nothing has changed";
  board_.refusal.clear();
  ChangeOptions dry{"test", {}};
  dry.dry_run = true;
  change(to(canary("[{name: main, weight: 1}, {name: new, weight: 2}]")), dry);
  EXPECT_EQ(says.adopted, 1);
}

TEST_F(SharesTest, OfARuleWhoseWeightsAreEditedStayWithAWarning) {
  Says says;
  store_.set_steering(says);
  says.shares.emplace("web/api", share(2000));
  change(to(canary()));
  const Outcome outcome = change(to(canary("[{name: main, weight: 1}, {name: new, weight: 2}]")));
  EXPECT_EQ(weight(1), 20U);
  ASSERT_EQ(words_of(outcome).size(), 1U);
  EXPECT_NE(words_of(outcome)[0].find("rollout checkout decides"), std::string::npos) << words_of(outcome)[0];
}

TEST_F(SharesTest, AreAskedForAfterAReloadAndNotForANamesNewAddresses) {
  Says says;
  store_.set_steering(says);
  says.shares.emplace("web/api", share(2000));
  change(to(canary()));
  change(to(canary()));
  EXPECT_EQ(says.asked.size(), 2U);
  change([](const auto& file) { return file; });
  EXPECT_EQ(says.asked.size(), 2U);
  EXPECT_EQ(says.adopted, 2);
  EXPECT_EQ(weight(1), 20U);
}

}  // namespace
}  // namespace kanaria::runtime
