#include "kanaria/targets/target_table.hpp"

#include <gtest/gtest.h>

#include <boost/asio/ip/address.hpp>

namespace kanaria::targets {
namespace {

using namespace std::chrono_literals;

constexpr CheckResult kSuccess{};
constexpr CheckResult kFailure{HealthReason::Timeout, 0};

/// A table with one group, whose targets are known by their ports.
class TargetTableTest : public testing::Test {
 protected:
  TargetTableTest() {
    settings_.name = "group";
    settings_.health_check.unhealthy_threshold = 2;
    settings_.passive_health.failures = 3;
    settings_.passive_health.ejection_time = 10s;
    settings_.passive_health.max_ejected_percent = 100;
  }

  std::shared_ptr<const Target> target(std::uint16_t port) {
    return table_.target("group", net::Endpoint::of(boost::asio::ip::address_v4::loopback(), port));
  }
  TargetState& state(std::uint16_t port) { return *target(port)->state; }

  /// As control does before the workers have a new configuration. `drained`: by hand.
  void begin_install(std::initializer_list<std::uint16_t> ports, bool in_use = true,
                     std::initializer_list<std::uint16_t> drained = {}) {
    auto group = std::make_shared<Group>();
    group->name = "group";
    group->state = table_.group_state("group");
    for (const std::uint16_t port : ports) group->targets.push_back(target(port));
    TargetTable::Member member{&settings_, group, in_use, {}};
    for (const std::uint16_t port : drained) member.draining.insert(target(port)->text);
    table_.install({member}, now_);
  }
  void install(std::initializer_list<std::uint16_t> ports, bool in_use = true,
               std::initializer_list<std::uint16_t> drained = {}) {
    begin_install(ports, in_use, drained);
    table_.settle(now_);
  }
  void check(std::uint16_t port, CheckResult result, int times = 1) {
    for (int i = 0; i < times; ++i) table_.on_check(target(port), result, now_);
  }
  void look_after(Milliseconds time) {
    now_ += time;
    table_.look(now_);
  }
  HealthState health(std::size_t place) const { return table_.report().front().targets.at(place).state; }
  bool is_alive() { return table_.group_state("group")->alive.load(); }

  config::TargetGroup settings_;
  observe::Metrics metrics_{1};
  TargetTable table_{metrics_};
  Time now_{1h};
};

TEST_F(TargetTableTest, HealthOutlivesATimeOutOfUse) {
  install({1, 2});
  check(1, kSuccess);
  check(2, kFailure, 2);
  install({1, 2}, false);
  EXPECT_EQ(health(1), HealthState::Unused);
  install({1, 2});
  EXPECT_EQ(health(0), HealthState::Healthy);
  EXPECT_EQ(health(1), HealthState::Unhealthy);
  EXPECT_EQ(state(2).share, 0U);
}

TEST_F(TargetTableTest, AGroupThatWasNeverInUseIsJudgedBeforeItsTargetsAreUsable) {
  install({1}, false);
  install({1});
  EXPECT_EQ(health(0), HealthState::Initial);
}

TEST_F(TargetTableTest, AGroupIsAliveUntilItsTargetsAreJudged) {
  install({1, 2});
  EXPECT_TRUE(is_alive());
  check(1, kFailure, 2);
  EXPECT_FALSE(is_alive()) << "what was judged is unhealthy";
  check(2, kSuccess);
  EXPECT_TRUE(is_alive());
}

TEST_F(TargetTableTest, ANewTargetRevivesADeadGroupOnlyOnceItIsHealthy) {
  install({1});
  check(1, kFailure, 2);
  install({1, 2});
  EXPECT_FALSE(is_alive());
  install({3});
  EXPECT_FALSE(is_alive()) << "though those that failed are gone";
  check(3, kSuccess);
  EXPECT_TRUE(is_alive());
}

TEST_F(TargetTableTest, AGroupThatIsReplacedWholeStaysAlive) {
  install({1});
  check(1, kSuccess);
  install({2});
  EXPECT_TRUE(is_alive());
  check(2, kFailure, 2);
  EXPECT_FALSE(is_alive());
}

TEST_F(TargetTableTest, ATargetThatLeftIsNoCandidate) {
  settings_.health_check.enabled = false;
  install({1, 2});
  const auto leaving = target(2);
  metrics_.worker(0).target(leaving->row).in_flight.add();
  const std::uint64_t version = table_.group_state("group")->version;
  install({1});
  EXPECT_EQ(leaving->state->share, 0U) << "requests that began before may still see it";
  EXPECT_GT(table_.group_state("group")->version, version);
  install({1, 2});
  EXPECT_EQ(leaving->state->share, kFullShare);
}

TEST_F(TargetTableTest, ATargetThatLeavesIsACandidateUntilAllWorkersKnow) {
  settings_.health_check.enabled = false;
  install({1});
  const auto leaving = target(1);
  metrics_.worker(0).target(leaving->row).in_flight.add();
  begin_install({2});
  look_after(100ms);
  EXPECT_EQ(leaving->state->share, kFullShare) << "a worker may have no other one";
  table_.settle(now_);
  EXPECT_EQ(leaving->state->share, 0U);
}

TEST_F(TargetTableTest, TheTargetsOfAGroupThatIsGoneStayCandidatesOfWhoBeganWithIt) {
  settings_.health_check.enabled = false;
  install({1});
  const auto leaving = target(1);
  metrics_.worker(0).target(leaving->row).in_flight.add();
  for (int i = 0; i < 3; ++i) {
    table_.install({}, now_);
    table_.settle(now_);
    look_after(100ms);
    EXPECT_EQ(leaving->state->share, kFullShare);
  }
}

TEST_F(TargetTableTest, ATargetThatOnlyFailOpenMakesACandidateIsOneUntilAllWorkersKnowABetterOne) {
  install({1});
  check(1, kSuccess);
  metrics_.worker(0).target(target(1)->row).in_flight.add();
  install({2});
  EXPECT_EQ(state(2).share, kFullShare) << "it is not judged, and the only one";
  begin_install({2, 1});
  EXPECT_EQ(state(1).share, kFullShare);
  EXPECT_EQ(state(2).share, kFullShare) << "a worker may have no other one";
  table_.settle(now_);
  EXPECT_EQ(state(2).share, 0U);
}

TEST_F(TargetTableTest, WhatOutlivesItsDeregistrationIsCutAtEachLook) {
  settings_.deregistration_delay = 1s;
  install({1});
  const auto leaving = target(1);
  metrics_.worker(0).target(leaving->row).in_flight.add();
  install({});
  EXPECT_TRUE(table_.look(now_ += 500ms).empty());
  for (int i = 0; i < 2; ++i) EXPECT_EQ(table_.look(now_ += 1s), std::vector{leaving});
  metrics_.worker(0).target(leaving->row).in_flight.subtract();
  EXPECT_TRUE(table_.look(now_ += 1s).empty());
}

TEST_F(TargetTableTest, ATargetThatIsDrainedByHandIsNotProbed) {
  settings_.health_check.enabled = false;
  install({1, 2});
  state(2).failures = 3;
  look_after(100ms);
  EXPECT_EQ(state(2).share, 0U);
  look_after(10s);
  EXPECT_EQ(state(2).probe, Probe::Offered);
  install({1, 2}, true, {2});
  EXPECT_EQ(state(2).probe, Probe::None);
  look_after(100ms);
  EXPECT_EQ(state(2).probe, Probe::None);
  install({1, 2});
  look_after(10s);
  EXPECT_EQ(state(2).share, kFullShare) << "it returns untried";
}

}  // namespace
}  // namespace kanaria::targets
