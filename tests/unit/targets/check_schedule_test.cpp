// When health checks begin, tick by tick.
#include "../../../src/targets/check_schedule.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <map>

#include "kanaria/targets/target.hpp"

namespace kanaria::targets {
namespace {

using Wanted = std::vector<CheckSchedule::Wanted>;
using Ticks = std::vector<Tick>;
using Begun = std::map<const Target*, Ticks>;
constexpr Milliseconds kTenTicks{1'000};

class CheckScheduleTest : public testing::Test {
 protected:
  Wanted some(std::size_t from, std::size_t to, Milliseconds interval) {
    while (targets_.size() < to) targets_.push_back(std::make_unique<Target>());
    Wanted wanted;
    for (std::size_t i = from; i < to; ++i) wanted.push_back({targets_[i].get(), interval});
    return wanted;
  }
  /// What begins in these ticks; each check ends in the tick in which it began.
  Begun pass(Tick from, Tick to) {
    Begun begun;
    for (Tick now = from; now < to; ++now) {
      while (const Target* const target = schedule_.begin(now)) {
        begun[target].push_back(now);
        schedule_.end(target);
      }
    }
    return begun;
  }
  static std::map<Tick, int> by_tick(const Begun& begun) {
    std::map<Tick, int> counts;
    for (const auto& [target, ticks] : begun)
      for (const Tick tick : ticks) ++counts[tick];
    return counts;
  }

  std::vector<std::unique_ptr<Target>> targets_;
  CheckSchedule schedule_{12'345};
};

TEST_F(CheckScheduleTest, WithoutTargetsNothingIsDue) {
  EXPECT_EQ(schedule_.begin(0), nullptr);
  schedule_.set({}, 5);
  EXPECT_EQ(schedule_.begin(6), nullptr);
}

TEST_F(CheckScheduleTest, ANewTargetIsCheckedAtOnceThenEveryIntervalAtItsPhase) {
  const Wanted one = some(0, 1, kTenTicks);
  schedule_.set(one, 100);
  const Ticks ticks = pass(101, 201)[one[0].target];
  ASSERT_GE(ticks.size(), 10U);
  EXPECT_EQ(ticks[0], 101U);
  EXPECT_LE(ticks[1], 111U);
  for (std::size_t i = 2; i < ticks.size(); ++i) EXPECT_EQ(ticks[i] - ticks[i - 1], 10U);
}

TEST_F(CheckScheduleTest, AtMostAHundredFirstChecksASecondBeginInTheOrderOfArrival) {
  const Wanted many = some(0, 250, Milliseconds(300'000));
  schedule_.set(many, 0);
  std::vector<const Target*> order;
  for (Tick now = 1; now <= 25; ++now) {
    for (int i = 0; i < CheckSchedule::kMostFirst; ++i) {
      order.push_back(schedule_.begin(now));
      ASSERT_NE(order.back(), nullptr);
    }
    ASSERT_EQ(schedule_.begin(now), nullptr);
  }
  for (std::size_t i = 0; i < order.size(); ++i) EXPECT_EQ(order[i], many[i].target);
}

TEST_F(CheckScheduleTest, ATargetThatLeftBeforeItsFirstCheckTakesNobodysPlace) {
  schedule_.set(some(0, 1'000, kTenTicks), 0);
  const Wanted last = some(1'000, 1'001, kTenTicks);
  schedule_.set(last, 0);
  EXPECT_EQ(schedule_.begin(1), last[0].target);
  EXPECT_EQ(schedule_.begin(1), nullptr);
}

struct Spread {
  const char* description;
  std::size_t targets;
  Milliseconds interval;
  int fewest;  // in any tick
  int most;
};

TEST_F(CheckScheduleTest, LaterChecksAreSpreadEvenlyOverTheInterval) {
  const std::vector<Spread> table{
      {"20 a tick", 1'000, Milliseconds(5'000), 17, 23},
      {"3 or 4 a tick", 1'000, Milliseconds(30'000), 2, 5},
      {"one every other tick", 25, Milliseconds(5'000), 0, 1},
      {"two, apart", 2, Milliseconds(1'000), 0, 1},
  };
  for (const Spread& row : table) {
    SCOPED_TRACE(row.description);
    schedule_ = CheckSchedule(12'345);
    schedule_.set(some(0, row.targets, row.interval), 0);
    const auto interval = static_cast<Tick>(row.interval / kTickLength);
    pass(1, 2 * interval + 200);  // the first checks are over
    const Tick from = 2 * interval + 200;
    const Begun begun = pass(from, from + interval);
    EXPECT_EQ(begun.size(), row.targets);
    for (const auto& [target, ticks] : begun) EXPECT_EQ(ticks.size(), 1U);
    std::map<Tick, int> counts = by_tick(begun);
    for (Tick tick = from; tick < from + interval; ++tick) {
      EXPECT_GE(counts[tick], row.fewest) << tick;
      EXPECT_LE(counts[tick], row.most) << tick;
    }
  }
}

TEST_F(CheckScheduleTest, ACheckUnderWayIsNeverDoubledAndMovesNoneAfterIt) {
  const Wanted one = some(0, 1, kTenTicks);
  schedule_.set(one, 0);
  const Tick last = pass(1, 51)[one[0].target].back();
  Tick now = last + 10;
  ASSERT_EQ(schedule_.begin(now), one[0].target);
  for (; now < last + 45; ++now) ASSERT_EQ(schedule_.begin(now), nullptr) << now;
  schedule_.end(one[0].target);
  EXPECT_EQ(schedule_.begin(now), one[0].target) << "it is late, and begins at once, but once";
  schedule_.end(one[0].target);
  EXPECT_EQ(pass(now, last + 71)[one[0].target], (Ticks{last + 50, last + 60, last + 70}));
}

TEST_F(CheckScheduleTest, WhoWaitsLongestBeginsFirst) {
  const Wanted many = some(0, 30, kTenTicks);
  schedule_.set(many, 0);
  pass(1, 21);
  const Begun due = pass(21, 31);
  ASSERT_EQ(due.size(), 30U);
  Ticks order;
  while (const Target* const target = schedule_.begin(41)) order.push_back(due.at(target).front());
  EXPECT_EQ(order.size(), 30U);
  EXPECT_TRUE(std::is_sorted(order.begin(), order.end()));
}

TEST_F(CheckScheduleTest, FirstChecksDoNotWaitBehindLateOnes) {
  schedule_.set(some(0, 100, kTenTicks), 0);
  pass(1, 31);
  schedule_.set(some(0, 101, kTenTicks), 31);
  EXPECT_EQ(schedule_.begin(90), targets_[100].get());
}

TEST_F(CheckScheduleTest, WhoStaysKeepsItsPlaceAndWhoLeftIsCheckedNoMore) {
  schedule_.set(some(0, 20, kTenTicks), 0);
  const Begun before = pass(1, 31);
  schedule_.set(some(10, 30, kTenTicks), 31);
  const Begun after = pass(31, 61);
  for (std::size_t i = 0; i < 10; ++i) EXPECT_FALSE(after.contains(targets_[i].get()));
  for (std::size_t i = 10; i < 20; ++i) {
    const Target* const target = targets_[i].get();
    EXPECT_EQ(after.at(target).front(), before.at(target).back() + 10);
  }
  for (std::size_t i = 20; i < 30; ++i) EXPECT_EQ(after.at(targets_[i].get()).front(), 31U);
}

TEST_F(CheckScheduleTest, WhoComesBackIsNew) {
  const Wanted one = some(0, 1, kTenTicks);
  schedule_.set(one, 0);
  ASSERT_EQ(schedule_.begin(1), one[0].target);
  schedule_.set({}, 2);
  schedule_.set(one, 3);
  EXPECT_EQ(schedule_.begin(4), one[0].target) << "the check that was under way is of no matter";
}

TEST_F(CheckScheduleTest, WhoIsNamedTwiceIsCheckedOnce) {
  Wanted twice = some(0, 1, kTenTicks);
  twice.push_back(twice[0]);
  for (const Tick now : {Tick{0}, Tick{1}}) {
    schedule_.set(twice, now);
    schedule_.set(twice, now);
  }
  EXPECT_EQ(schedule_.begin(1), twice[0].target);
  EXPECT_EQ(schedule_.begin(1), nullptr);
}

TEST_F(CheckScheduleTest, ACheckUnderWaySurvivesAChangeOfSettings) {
  const Wanted one = some(0, 1, kTenTicks);
  schedule_.set(one, 0);
  ASSERT_EQ(schedule_.begin(1), one[0].target);
  schedule_.set(some(0, 1, Milliseconds(2'000)), 2);
  for (Tick now = 2; now < 50; ++now) EXPECT_EQ(schedule_.begin(now), nullptr);
  schedule_.end(one[0].target);
  EXPECT_EQ(schedule_.begin(50), one[0].target);
}

TEST_F(CheckScheduleTest, AShorterIntervalBringsTheNextCheckForwardALongerOneHoldsAfterIt) {
  schedule_.set(some(0, 1, Milliseconds(300'000)), 0);
  const Target* const target = targets_[0].get();
  pass(1, 6'001);
  schedule_.set(some(0, 1, kTenTicks), 6'001);
  const Ticks soon = pass(6'001, 6'031)[target];
  ASSERT_EQ(soon.size(), 3U);
  EXPECT_LE(soon[0], 6'011U);
  schedule_.set(some(0, 1, Milliseconds(300'000)), 6'031);
  EXPECT_EQ(pass(6'031, 6'042)[target], (Ticks{soon[2] + 10}));
  EXPECT_EQ(pass(6'042, 12'042)[target].size(), 2U);
}

}  // namespace
}  // namespace kanaria::targets
