// Who is checked when, and who is told.
#include "kanaria/targets/health_checker.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <thread>

#include "support/scripted_target.hpp"

namespace kanaria::targets {
namespace {

const std::string kOk = "HTTP/1.1 200 OK\r\n\r\n";

class HealthCheckerTest : public testing::Test {
 protected:
  struct Heard {
    const Target* target;
    CheckResult result;
  };

  HealthCheckerTest() {
    settings_.interval = Milliseconds(2'000);
    settings_.timeout = Milliseconds(1'000);
  }
  ~HealthCheckerTest() override { driver_.run(checker_->close()); }

  HealthChecker::Subject subject() {
    auto target = std::make_shared<Target>();
    target->endpoint = scripted_.endpoint();
    return {target, settings_};
  }
  std::vector<HealthChecker::Subject> subjects(std::size_t count) {
    std::vector<HealthChecker::Subject> all;
    for (std::size_t i = 0; i < count; ++i) all.push_back(subject());
    return all;
  }
  bool hears(std::size_t count) {
    return driver_.until([&] { return heard_.size() >= count; });
  }
  /// Its phase is random.
  void pass_until_one_begins() {
    for (Tick ticks = 0; ticks < 20 && driver_.loop().tasks() == 0; ++ticks) driver_.pass(1);
    EXPECT_EQ(driver_.loop().tasks(), 1U);
  }
  /// The next check, answered.
  void answer(const std::string& bytes) {
    test::Peer peer = scripted_.accept();
    const std::size_t before = heard_.size();
    peer.send(bytes);
    EXPECT_TRUE(hears(before + 1));
  }

  test::Driver driver_;
  test::ScriptedTarget scripted_;
  config::HealthCheck settings_;
  std::vector<Heard> heard_;
  std::function<void()> when_told_ = [] {};
  std::optional<HealthChecker> checker_{std::in_place, driver_.loop(), [this](const auto& target, const auto& result) {
                                          heard_.push_back({target.get(), result});
                                          when_told_();
                                        }};
};

TEST_F(HealthCheckerTest, TellsHowEachCheckWent) {
  const auto one = subject();
  checker_->set({one});
  EXPECT_EQ(driver_.loop().tasks(), 0U) << "nothing begins inside of set()";
  driver_.pass(1);
  answer(kOk);
  pass_until_one_begins();
  answer("HTTP/1.1 500 No\r\n\r\n");
  EXPECT_EQ(heard_[0].target, one.target.get());
  EXPECT_EQ(heard_[0].result.failed, HealthReason::None);
  EXPECT_EQ(heard_[1].result.failed, HealthReason::ResponseCodeMismatch);
  EXPECT_EQ(heard_[1].result.status, 500);
}

TEST_F(HealthCheckerTest, ACheckUnderWayIsNotDoubled) {
  settings_.timeout = Milliseconds(120'000);
  checker_->set({subject()});
  driver_.pass(100);
  EXPECT_EQ(driver_.loop().tasks(), 1U);
}

TEST_F(HealthCheckerTest, OnlySoManyAreUnderWayAtOnce) {
  settings_.timeout = Milliseconds(120'000);
  settings_.interval = Milliseconds(300'000);
  checker_->set(subjects(HealthChecker::kMostAtOnce + 20));
  driver_.pass(HealthChecker::kMostAtOnce / 10 + 10);
  EXPECT_EQ(driver_.loop().tasks(), HealthChecker::kMostAtOnce);
  answer(kOk);
  driver_.pass(1);
  EXPECT_EQ(driver_.loop().tasks(), HealthChecker::kMostAtOnce) << "who waited took the place";
}

TEST_F(HealthCheckerTest, WhoLeftIsToldNoMoreAndItsConnectionEnds) {
  checker_->set({subject()});
  driver_.pass(1);
  test::Peer peer = scripted_.accept();
  checker_->set({});
  peer.send(kOk);
  EXPECT_TRUE(driver_.until([&] { return driver_.loop().tasks() == 0; }));
  EXPECT_TRUE(peer.has_ended());
  driver_.pass(50);
  EXPECT_TRUE(heard_.empty());
  EXPECT_EQ(driver_.loop().tasks(), 0U);
}

TEST_F(HealthCheckerTest, WhoComesBackIsCheckedAnewAndToldOnce) {
  const auto one = subject();
  checker_->set({one});
  driver_.pass(1);
  const test::Peer before = scripted_.accept();
  checker_->set({});
  checker_->set({one});
  driver_.pass(1);
  answer(kOk);
  EXPECT_EQ(driver_.loop().tasks(), 0U);
  EXPECT_EQ(heard_.size(), 1U);
}

TEST_F(HealthCheckerTest, ACheckUnderWaySurvivesASetThatKeepsItsTarget) {
  auto one = subject();
  checker_->set({one});
  driver_.pass(1);
  test::Peer peer = scripted_.accept();
  one.settings.path = "/other";
  checker_->set({subject(), one, one});
  peer.send(kOk);
  ASSERT_TRUE(hears(1));
  EXPECT_EQ(heard_[0].target, one.target.get());
}

TEST_F(HealthCheckerTest, ChangedSettingsHoldForTheNextCheck) {
  auto one = subject();
  checker_->set({one});
  driver_.pass(1);
  answer(kOk);
  one.settings.path = "/other";
  checker_->set({one});
  pass_until_one_begins();
  test::Peer peer = scripted_.accept();
  EXPECT_TRUE(driver_.until([&] { return peer.received().starts_with("GET /other HTTP/1.1\r\n"); }));
}

TEST_F(HealthCheckerTest, WhoIsToldMayChangeWhoIsChecked) {
  // One of them ends in the tick in which it begins: nobody listens there.
  auto refused = subject();
  refused.target = [] {
    auto target = std::make_shared<Target>();
    target->endpoint = *net::Endpoint::of_unix("/nonexistent/kanaria");
    return target;
  }();
  const auto other = subject();
  when_told_ = [&] { checker_->set({other}); };
  checker_->set({refused, subject()});
  driver_.pass(1);
  ASSERT_EQ(heard_.size(), 1U);
  EXPECT_EQ(heard_[0].target, refused.target.get());
  EXPECT_EQ(heard_[0].result.failed, HealthReason::FailedHealthChecks);
  driver_.pass(1);
  EXPECT_EQ(driver_.loop().tasks(), 1U) << "of the other alone";
}

// The process was stopped for a while, or its machine slept: all ticks of that time pass at once.
TEST_F(HealthCheckerTest, AStallOfOursCostsNoTargetItsHealth) {
  settings_.timeout = Milliseconds(100);
  checker_->set({subject()});
  std::this_thread::sleep_for(10 * kTickLength);  // it is the stall
  driver_.loop().turn(Milliseconds(0));
  driver_.loop().wheel().advance(driver_.loop().now().time);
  answer(kOk);
  EXPECT_EQ(heard_[0].result.failed, HealthReason::None);
}

TEST_F(HealthCheckerTest, NothingBeginsAfterCloseAndNobodyIsTold) {
  checker_->set(subjects(3));
  driver_.pass(1);
  driver_.run(checker_->close());
  EXPECT_EQ(driver_.loop().tasks(), 0U);
  checker_->set(subjects(3));
  driver_.pass(50);
  EXPECT_EQ(driver_.loop().tasks(), 0U);
  EXPECT_TRUE(heard_.empty());
}

}  // namespace
}  // namespace kanaria::targets
