// Turns: who is told, in which order, and what does not survive its owner.
#include "kanaria/net/loop.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "kanaria/net/signals.hpp"
#include "kanaria/net/spawn.hpp"
#include "kanaria/net/stream.hpp"
#include "support/driver.hpp"
#include "support/peer.hpp"

namespace kanaria::net {
namespace {

using Words = std::vector<std::string>;

Awaitable<void> read_and_answer(Stream& stream, std::string name, Words& told) {
  std::array<char, 16> room{};
  const Result<std::size_t> got = co_await stream.read(room);
  EXPECT_TRUE(got);
  told.push_back("read " + name);
  Gather answer;
  answer.add("answer");
  const Result<void> written = co_await stream.write(answer);
  EXPECT_TRUE(written);
  told.push_back("wrote " + name);
}

TEST(LoopTurn, WritesWhenAllWhoAreReadyHaveRead) {
  test::Driver driver;
  test::Joined a = test::joined_by_unix();
  test::Joined b = test::joined_by_unix();
  Stream stream_a(driver.loop(), a.ours, Fault::ClientGone);
  Stream stream_b(driver.loop(), b.ours, Fault::ClientGone);
  Words told;
  const auto first = driver.start(read_and_answer(stream_a, "a", told));
  const auto second = driver.start(read_and_answer(stream_b, "b", told));
  a.peer.send("x");
  b.peer.send("x");
  EXPECT_TRUE(driver.loop().turn(Milliseconds(1000)));
  ASSERT_EQ(told.size(), 4U);
  EXPECT_EQ((std::set<std::string>{told[0], told[1]}), (std::set<std::string>{"read a", "read b"}));
  EXPECT_EQ((std::set<std::string>{told[2], told[3]}), (std::set<std::string>{"wrote a", "wrote b"}));
}

class Late final : public Loop::Late {
 public:
  Late(Loop& loop, Words& told, std::string word) : loop_(loop), told_(told), word_(std::move(word)) {}
  bool again = false;

 private:
  void at_turn_end() override {
    told_.push_back(word_);
    if (again) loop_.line_up(*this);
  }
  Loop& loop_;
  Words& told_;
  std::string word_;
};

TEST(LoopTurn, EndsWithThoseInLineEachOnce) {
  test::Driver driver;
  Words told;
  Late a(driver.loop(), told, "a");
  Late b(driver.loop(), told, "b");
  driver.loop().line_up(b);
  driver.loop().line_up(a);
  driver.loop().line_up(b);  // keeps its place
  driver.settle();
  EXPECT_EQ(told, (Words{"b", "a"}));
}

TEST(LoopTurn, WhoLinesUpMeanwhileWaitsForTheNext) {
  test::Driver driver;
  Words told;
  Late a(driver.loop(), told, "a");
  a.again = true;
  driver.loop().line_up(a);
  EXPECT_TRUE(driver.loop().turn(Milliseconds(0)));
  EXPECT_EQ(told, Words{"a"});
  EXPECT_TRUE(driver.loop().turn(Milliseconds(10'000))) << "it must not wait while somebody stands in line";
  EXPECT_EQ(told, (Words{"a", "a"}));
  a.leave_line();
}

TEST(LoopTurn, WhoDiesLeavesTheLine) {
  test::Driver driver;
  Words told;
  auto a = std::make_unique<Late>(driver.loop(), told, "a");
  driver.loop().line_up(*a);
  a.reset();
  driver.settle();
  EXPECT_EQ(told, Words{});
}

class Poster final : public Loop::Late {
 public:
  Poster(Loop& loop, bool& ran) : loop_(loop), ran_(ran) {}

 private:
  void at_turn_end() override {
    loop_.post([this] { ran_ = true; });
  }
  Loop& loop_;
  bool& ran_;
};

TEST(LoopPost, AtATurnsEndIsRunByTheNextTurnWithoutAWait) {
  test::Driver driver;
  bool ran = false;
  Poster poster(driver.loop(), ran);
  driver.loop().line_up(poster);
  driver.loop().turn(Milliseconds(0));
  EXPECT_TRUE(driver.loop().turn(Milliseconds(60'000)));  // a wait would be the test's own time-out
  EXPECT_TRUE(ran);
}

TEST(LoopPost, FromAnotherThreadEndsAWait) {
  test::Driver driver;
  bool ran = false;
  std::thread other([&] { driver.loop().post([&ran] { ran = true; }); });
  while (!ran) driver.loop().turn(Milliseconds(60'000));  // without the wake, the test's own time-out
  other.join();
}

/// An end of a pipe that tells how often it was told.
class Told final : public Poller::Entry {
 public:
  explicit Told(Poller& poller) : poller_(poller) {}
  void on_ready(Readiness what) override {
    ++times;
    last = what;
    if (other != nullptr) poller_.forget(*other);
  }
  int times = 0;
  Readiness last;
  Told* other = nullptr;

 private:
  Poller& poller_;
};

TEST(PollerTest, ForgetsAlsoWhatItIsAboutToTell) {
  Poller poller;
  test::Joined a = test::joined_by_unix();
  test::Joined b = test::joined_by_unix();
  const OwnedSocket ours_a(a.ours);
  const OwnedSocket ours_b(b.ours);
  Told first(poller);
  Told second(poller);
  first.other = &second;
  second.other = &first;
  poller.add(first, ours_a.get(), Poller::Interest::Reads);
  poller.add(second, ours_b.get(), Poller::Interest::Reads);
  a.peer.send("x");
  b.peer.send("x");
  ASSERT_TRUE(poller.wait(Milliseconds(1000)));
  poller.tell();
  EXPECT_EQ(first.times + second.times, 1) << "the first that was told had the other forgotten";
}

TEST(PollerTest, TellsAHangUpBehindBytesThatAreStillThere) {
  Poller poller;
  test::Joined joined = test::joined_by_tcp();
  const OwnedSocket ours(joined.ours);
  Told told(poller);
  joined.peer.send("x");
  joined.peer.finish();
  poller.add(told, ours.get(), Poller::Interest::Reads);
  while (!told.last.hung_up && poller.wait(Milliseconds(10'000))) poller.tell();
  EXPECT_TRUE(told.last.readable);
  EXPECT_TRUE(told.last.hung_up);
  EXPECT_FALSE(told.last.writable);
}

TEST(SignalsTest, ComeToTheLoopEachAsItself) {
  test::Driver driver;
  std::multiset<int> seen;
  hold_signals({SIGUSR1, SIGUSR2});
  ::raise(SIGUSR1);  // before anybody listens: it waits
  {
    const Signals signals(driver.loop(), {SIGUSR1, SIGUSR2}, [&](int signal) { seen.insert(signal); });
    EXPECT_TRUE(driver.until([&] { return seen.contains(SIGUSR1); }));
    ::raise(SIGUSR2);
    ::raise(SIGUSR1);
    EXPECT_TRUE(driver.until([&] { return seen.size() == 3; }));
  }
  EXPECT_EQ(seen, (std::multiset<int>{SIGUSR1, SIGUSR1, SIGUSR2}));
}

Awaitable<std::unique_ptr<int>> number(int value) {
  co_return std::make_unique<int>(value);
}

Awaitable<int> sum_or_throw(bool throws) {
  const std::unique_ptr<int> a = co_await number(20);
  const std::unique_ptr<int> b = co_await number(22);
  if (throws) throw std::runtime_error("from inside");
  co_return *a + *b;
}

Awaitable<std::string> caught() {
  std::string words;
  try {
    co_await sum_or_throw(true);
  } catch (const std::runtime_error& error) {
    words = error.what();
  }
  co_return words;
}

TEST(AwaitableTest, HandsOverWhatCanOnlyBeMovedAndExceptions) {
  test::Driver driver;
  EXPECT_EQ(driver.run(sum_or_throw(false)), 42);
  EXPECT_EQ(driver.run(caught()), "from inside");
}

TEST(AwaitableTest, ThatNobodyAwaitsNeverRuns) {
  Words told;
  const auto tell = [](Words& words) -> Awaitable<void> {
    words.emplace_back("ran");
    co_return;
  };
  {
    const Awaitable<void> unused = tell(told);
  }
  EXPECT_EQ(told, Words{});
}

TEST(FramePoolTest, GivesOutAgainWhatCameBack) {
  FramePool pool;
  const FramePool::Use use(pool);
  void* const first = FramePool::take(200);
  FramePool::give_back(first, 200);
  void* const second = FramePool::take(250);  // of the same list
  EXPECT_EQ(second == first, kFramesAreKept);
  void* const large = FramePool::take(100'000);  // is never kept
  FramePool::give_back(large, 100'000);
  FramePool::give_back(second, 250);
}

}  // namespace
}  // namespace kanaria::net
