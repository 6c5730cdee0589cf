// How coroutines wait for each other, for a number of things, and for another thread; and when a loop ends.
#include <gtest/gtest.h>

#include <array>
#include <future>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kanaria/net/blocking.hpp"
#include "kanaria/net/countdown.hpp"
#include "kanaria/net/spawn.hpp"
#include "kanaria/net/stream.hpp"
#include "support/driver.hpp"
#include "support/peer.hpp"

namespace kanaria::net {
namespace {

using Words = std::vector<std::string>;

Awaitable<void> wait_and_tell(Event& event, Words& told) {
  co_await event.wait();
  told.emplace_back("resumed");
}

TEST(EventTest, ResumesItsWaiterBeforeNotifyReturns) {
  test::Driver driver;
  Event event;
  Words told;
  const auto waiting = driver.start(wait_and_tell(event, told));
  EXPECT_TRUE(event.waiting());
  driver.loop().post([&] {
    event.notify();
    told.emplace_back("notified");
  });
  driver.settle();
  EXPECT_EQ(told, (Words{"resumed", "notified"}));
  EXPECT_FALSE(event.waiting());
}

TEST(EventTest, IsNotLatched) {
  test::Driver driver;
  Event event;
  Words told;
  event.notify();
  const auto waiting = driver.start(wait_and_tell(event, told));
  EXPECT_FALSE(waiting->has_value());
  event.notify();
  driver.settle();
  EXPECT_TRUE(waiting->has_value());
}

Awaitable<void> parent(Loop& loop, Event& event, Words& told, bool child_first) {
  Child child(loop);
  child.start(wait_and_tell(event, told));
  EXPECT_TRUE(child.running());
  if (child_first) {
    loop.post([&event] { event.notify(); });
    co_await loop.turn_end();
    co_await loop.turn_end();
    EXPECT_FALSE(child.running());
  }
  co_await child.join();
  EXPECT_FALSE(child.running());
  told.emplace_back("joined");
}

TEST(ChildTest, IsJoinedWhetherItEndsBeforeOrAfter) {
  for (const bool child_first : {true, false}) {
    test::Driver driver;
    Event event;
    Words told;
    const auto done = driver.start(parent(driver.loop(), event, told, child_first));
    EXPECT_EQ(done->has_value(), child_first);
    event.notify();
    driver.settle();
    EXPECT_TRUE(done->has_value());
    EXPECT_EQ(told, (Words{"resumed", "joined"}));
  }
}

Awaitable<void> nothing() {
  co_return;
}

Awaitable<void> start_twice(Loop& loop) {
  Child child(loop);
  co_await child.join();  // not started: at once
  child.start(nothing());
  co_await child.join();
  child.start(nothing());
  co_await child.join();
}

TEST(ChildTest, CanBeStartedAgain) {
  test::Driver driver;
  driver.run(start_twice(driver.loop()));
}

Awaitable<void> fail() {
  throw std::runtime_error("a bug in a test");
  co_return;
}

Awaitable<void> join_failing(Loop& loop) {
  Child child(loop);
  child.start(fail());
  co_await child.join();
}

TEST(SpawnTest, AnExceptionEndsItsCoroutineOnly) {
  test::Driver driver;
  spawn(driver.loop(), fail());
  driver.run(join_failing(driver.loop()));
  driver.settle();
  EXPECT_EQ(driver.loop().tasks(), 0U);
}

TEST(CountdownTest, EndsWithTheLastOfItsThings) {
  test::Driver driver;
  Countdown countdown(driver.loop(), 2);
  const auto waiting = driver.start(countdown.wait());
  countdown.done();
  driver.settle();
  EXPECT_FALSE(countdown.reached());
  EXPECT_FALSE(waiting->has_value());
  countdown.done();
  driver.settle();
  EXPECT_TRUE(countdown.reached());
  EXPECT_TRUE(waiting->has_value());
}

TEST(CountdownTest, OfNothingNeverWaits) {
  test::Driver driver;
  Countdown countdown(driver.loop(), 0);
  driver.run(countdown.wait());
  driver.run(countdown.wait(Milliseconds(1000)));
}

TEST(CountdownTest, EndsWithItsTimeAndIsNotReachedThen) {
  test::Driver driver;
  Countdown countdown(driver.loop(), 1);
  const auto waiting = driver.start(countdown.wait(Milliseconds(1000)));
  driver.pass(10);
  EXPECT_FALSE(waiting->has_value());
  driver.pass(1);
  EXPECT_TRUE(waiting->has_value());
  EXPECT_FALSE(countdown.reached());
}

TEST(CountdownTest, WaitsNoLongerOnceAllIsDone) {
  test::Driver driver;
  Countdown countdown(driver.loop(), 1);
  const auto waiting = driver.start(countdown.wait(Milliseconds(1000)));
  countdown.done();
  driver.settle();
  EXPECT_TRUE(waiting->has_value());
  driver.pass(20);  // its deadline is off the wheel
}

TEST(BlockingTest, WorksOnAnotherThreadAndTheLoopGoesOn) {
  test::Driver driver;
  Blocking blocking;
  std::promise<void> go_on;
  auto work = [&go_on] {
    go_on.get_future().wait();
    return std::this_thread::get_id();
  };
  const auto result = driver.start(blocking.run(driver.loop(), work));
  driver.loop().post([&go_on] { go_on.set_value(); });  // the work ends only because the loop does not wait for it
  ASSERT_TRUE(driver.until([&] { return result->has_value(); }));
  EXPECT_NE(**result, std::this_thread::get_id());
}

TEST(BlockingTest, CarriesOutOnePieceOfWorkAfterAnother) {
  test::Driver driver;
  Blocking blocking;
  std::vector<int> order;  // its one thread writes it
  auto first = [&order] { return order.push_back(1), std::string("first"); };
  auto second = [&order] { return order.push_back(2), std::string("second"); };
  const auto a = driver.start(blocking.run(driver.loop(), first));
  const auto b = driver.start(blocking.run(driver.loop(), second));
  ASSERT_TRUE(driver.until([&] { return a->has_value() && b->has_value(); }));
  EXPECT_EQ(order, (std::vector<int>{1, 2}));
  EXPECT_EQ(**a + **b, "firstsecond");
}

/// Runs a loop on a thread of its own; does run() return?
bool run_returns(Loop& loop) {
  std::promise<void> returned;
  std::future<void> done = returned.get_future();
  std::thread thread([&] {
    loop.run();
    returned.set_value();
  });
  const bool in_time = done.wait_for(std::chrono::seconds(10)) == std::future_status::ready;
  if (!in_time) {
    thread.detach();
    ADD_FAILURE() << "a loop does not end";
    std::abort();
  }
  thread.join();
  return in_time;
}

TEST(LoopTest, EndsWhenItIsStoppedAndNoCoroutineIsLeft) {
  Loop loop;
  loop.stop();
  EXPECT_TRUE(run_returns(loop));
}

Awaitable<void> stop_and_go_on(Loop& loop, Words& told) {
  loop.stop();
  for (int i = 0; i < 100; ++i) co_await loop.turn_end();
  told.emplace_back("ended");
}

TEST(LoopTest, LetsItsCoroutinesEndFirst) {
  Loop loop;
  Words told;
  spawn(loop, stop_and_go_on(loop, told));
  EXPECT_EQ(loop.tasks(), 1U);
  EXPECT_TRUE(run_returns(loop));
  EXPECT_EQ(told, Words{"ended"});
}

Awaitable<void> read_until_timeout(Loop& loop, int descriptor, Fault& fault) {
  Stream stream(loop, descriptor, Fault::ClientGone);
  stream.limit_reads({Milliseconds(1), kNever, Fault::ClientIdle});
  loop.stop();
  std::array<char, 1> room{};
  const Result<std::size_t> got = co_await stream.read(room);
  if (!got) fault = got.error().fault;
}

TEST(LoopTest, EndsAlsoWhenItsLastCoroutineEndsByATimeout) {
  Loop loop;
  const test::Joined joined = test::joined_by_unix();
  Fault fault = Fault::None;
  spawn(loop, read_until_timeout(loop, joined.ours, fault));
  EXPECT_TRUE(run_returns(loop));
  EXPECT_EQ(fault, Fault::ClientIdle);
}

}  // namespace
}  // namespace kanaria::net
