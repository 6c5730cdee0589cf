#include "kanaria/net/wheel.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <vector>

namespace kanaria::net {
namespace {

class Alarm final : public Wheel::Entry {
 public:
  explicit Alarm(const Wheel& wheel) : wheel_(wheel) {}
  std::vector<Tick> rang;
  std::function<void()> on_expire = [] {};

 private:
  void expire() override {
    rang.push_back(wheel_.now());
    on_expire();
  }
  const Wheel& wheel_;
};

using Ticks = std::vector<Tick>;

class WheelTest : public testing::Test {
 protected:
  void reach(Tick tick) { wheel_.advance(start_ + tick * kTickLength); }

  Time start_ = std::chrono::steady_clock::now();
  Wheel wheel_{start_};
  Alarm a_{wheel_};
  Alarm b_{wheel_};
};

TEST_F(WheelTest, TellsHowLongUntilTheNextTick) {
  EXPECT_EQ(wheel_.until_next_tick(start_), Milliseconds(100));
  EXPECT_EQ(wheel_.until_next_tick(start_ + std::chrono::microseconds(1)), Milliseconds(100)) << "rounded up";
  EXPECT_EQ(wheel_.until_next_tick(start_ + Milliseconds(40)), Milliseconds(60));
  EXPECT_EQ(wheel_.until_next_tick(start_ + Milliseconds(170)), Milliseconds(0)) << "it is late";
  reach(7);
  EXPECT_EQ(wheel_.until_next_tick(start_ + Milliseconds(710)), Milliseconds(90));
}

TEST_F(WheelTest, AnEntryExpiresOnceAtItsTick) {
  wheel_.schedule(a_, 5);
  reach(4);
  EXPECT_TRUE(a_.rang.empty());
  EXPECT_TRUE(a_.scheduled());
  reach(5);
  reach(3000);
  EXPECT_EQ(a_.rang, Ticks{5});
  EXPECT_FALSE(a_.scheduled());
}

TEST_F(WheelTest, DeadlinesFurtherThanOneTurnWaitForTheirTurn) {
  for (const Tick due : Ticks{1023, 1024, 1025, 2048, 5000, 40'000}) {
    const Tick at = wheel_.now() + due;
    Alarm alarm(wheel_);
    wheel_.schedule(alarm, at);
    reach(at - 1);
    EXPECT_TRUE(alarm.rang.empty()) << due;
    reach(at);
    EXPECT_EQ(alarm.rang, Ticks{at}) << due;
  }
}

TEST_F(WheelTest, EntriesOfOneSlotAndDifferentTurnsDontDisturbEachOther) {
  wheel_.schedule(a_, 7);
  wheel_.schedule(b_, 7 + 1024);
  reach(7);
  EXPECT_EQ(a_.rang, Ticks{7});
  EXPECT_TRUE(b_.rang.empty());
  reach(7 + 1024);
  EXPECT_EQ(b_.rang, Ticks{7 + 1024});
}

TEST_F(WheelTest, SchedulingAgainMovesAnEntryAndNeverTakesItOff) {
  wheel_.schedule(a_, 5);
  wheel_.schedule(a_, 9);
  wheel_.schedule(b_, 5);
  wheel_.schedule(b_, kNever);
  EXPECT_FALSE(b_.scheduled());
  reach(20);
  EXPECT_EQ(a_.rang, Ticks{9});
  EXPECT_TRUE(b_.rang.empty());
}

TEST_F(WheelTest, ADueTickThatHasPassedMeansTheNext) {
  reach(10);
  wheel_.schedule(a_, 3);
  wheel_.schedule(b_, 10);
  EXPECT_EQ(a_.due(), 11U);
  reach(10);
  EXPECT_TRUE(a_.rang.empty());
  reach(11);
  EXPECT_EQ(a_.rang, Ticks{11});
  EXPECT_EQ(b_.rang, Ticks{11});
}

TEST_F(WheelTest, AnEntryMayScheduleItselfAgainWhenItExpires) {
  a_.on_expire = [&] {
    if (a_.rang.size() == 1) wheel_.schedule(a_, wheel_.now());         // the next tick, not this one again
    if (a_.rang.size() == 2) wheel_.schedule(a_, wheel_.now() + 1024);  // the slot that is being walked
  };
  wheel_.schedule(a_, 5);
  reach(2000);
  EXPECT_EQ(a_.rang, (Ticks{5, 6, 1030}));
}

TEST_F(WheelTest, AnEntryMayDestroyOthersOfItsSlot) {
  auto before = std::make_unique<Alarm>(wheel_);
  auto after = std::make_unique<Alarm>(wheel_);
  wheel_.schedule(*before, 5 + 1024);
  wheel_.schedule(a_, 5);
  wheel_.schedule(*after, 5);
  wheel_.schedule(b_, 5);
  a_.on_expire = [&] {
    before.reset();
    after.reset();
  };
  reach(2000);
  EXPECT_EQ(a_.rang, Ticks{5});
  EXPECT_EQ(b_.rang, Ticks{5});
}

TEST_F(WheelTest, AnEntryMayTakeOthersOfItsSlotOffOrMoveThem) {
  Alarm c(wheel_);
  a_.on_expire = [&] {
    wheel_.schedule(b_, kNever);
    wheel_.schedule(c, 8);
  };
  wheel_.schedule(a_, 5);
  wheel_.schedule(b_, 5);
  wheel_.schedule(c, 5);
  reach(2000);
  EXPECT_TRUE(b_.rang.empty());
  EXPECT_EQ(c.rang, Ticks{8});
}

TEST_F(WheelTest, TimeThatGoesBackChangesNothing) {
  reach(10);
  wheel_.schedule(a_, 11);
  reach(2);
  EXPECT_EQ(wheel_.now(), 10U);
  EXPECT_TRUE(a_.rang.empty());
}

TEST(Ticks, CoverADurationSurely) {
  EXPECT_EQ(ticks_of(Milliseconds(1)), 2U);
  EXPECT_EQ(ticks_of(Milliseconds(100)), 2U);
  EXPECT_EQ(ticks_of(Milliseconds(101)), 3U);
  EXPECT_EQ(ticks_of(Milliseconds(1000)), 11U);
}

}  // namespace
}  // namespace kanaria::net
