#include "kanaria/net/stream.hpp"

#include <gtest/gtest.h>

#include <string>

#include "support/driver.hpp"
#include "support/peer.hpp"

namespace kanaria::net {
namespace {

struct Got {
  std::string bytes;
  Fault fault = Fault::None;
  int number = 0;
};

Awaitable<Got> read_some(Stream& stream, std::size_t most = 65536) {
  Got result;
  result.bytes.resize(most);
  const Result<std::size_t> got = co_await stream.read(result.bytes);
  result.bytes.resize(got ? *got : 0);
  if (!got) {
    result.fault = got.error().fault;
    result.number = got.error().number;
  }
  co_return result;
}

Awaitable<Result<void>> readable(Stream& stream) {
  const Result<void> result = co_await stream.readable();
  co_return result;
}

Fault fault_of(const Result<void>& result) {
  return result ? Fault::None : result.error().fault;
}

Awaitable<Fault> write_all(Stream& stream, std::string bytes) {
  Gather gather;
  gather.add(bytes);
  const Result<void> written = co_await stream.write(gather);
  co_return fault_of(written);
}

/// One connection: ours is a Stream, the other end the test's.
class Line {
 public:
  explicit Line(test::Joined joined = test::joined_by_unix())
      : peer(std::move(joined.peer)), stream(driver.loop(), joined.ours, Fault::TargetReset) {}

  test::Started<Got> reading() { return driver.start(read_some(stream)); }
  std::string read() { return driver.run(read_some(stream)).bytes; }
  test::Started<Fault> writing(std::string bytes) { return driver.start(write_all(stream, std::move(bytes))); }
  /// More than the kernel takes while the peer reads nothing.
  test::Started<Fault> writing_too_much() { return writing(std::string(16U << 20, 'w')); }

  test::Driver driver;
  test::Peer peer;
  Stream stream;
};

TEST(StreamTest, ReadsWhatCameThenWhatComesThenFin) {
  Line line;
  line.peer.send("here");
  EXPECT_EQ(line.read(), "here");
  const auto reading = line.reading();
  EXPECT_FALSE(reading->has_value());
  line.peer.send("later");
  line.driver.settle();
  ASSERT_TRUE(reading->has_value());
  EXPECT_EQ((*reading)->bytes, "later");
  line.peer.finish();
  EXPECT_EQ(line.read(), "");
  EXPECT_EQ(line.read(), "") << "FIN is told as often as it is asked";
  EXPECT_EQ(line.stream.bytes_read(), 9U);
}

TEST(StreamTest, ASmallBufferTakesAllInSeveralReads) {
  Line line;
  line.peer.send("abcdef");
  std::string all;
  while (all.size() < 6) all += line.driver.run(read_some(line.stream, 2)).bytes;
  EXPECT_EQ(all, "abcdef");
  const auto reading = line.reading();
  EXPECT_FALSE(reading->has_value()) << "the last read filled its buffer, yet nothing is left";
  line.peer.finish();
  line.driver.settle();
  EXPECT_EQ((*reading)->bytes, "");
}

Awaitable<Got> peek_beyond(Stream& stream, std::size_t known) {
  Got result;
  result.bytes.resize(100);
  const Result<std::size_t> got = co_await stream.peek(result.bytes, known);
  result.bytes.resize(got ? *got : 0);
  if (!got) result.fault = got.error().fault;
  co_return result;
}

TEST(StreamTest, APeekTakesNothingAndWaitsForMoreThanIsKnown) {
  Line line;
  line.peer.send("ab");
  EXPECT_EQ(line.driver.run(peek_beyond(line.stream, 0)).bytes, "ab");
  const auto peeking = line.driver.start(peek_beyond(line.stream, 2));
  EXPECT_FALSE(peeking->has_value());
  line.peer.send("c");
  line.driver.settle();
  ASSERT_TRUE(peeking->has_value());
  EXPECT_EQ((*peeking)->bytes, "abc");
  line.peer.finish();
  EXPECT_EQ(line.driver.run(peek_beyond(line.stream, 3)).bytes, "abc") << "FIN is behind them";
  EXPECT_EQ(line.read(), "abc");
}

TEST(StreamTest, AReleasedDescriptorIsOpenAndAnotherStreamsOwn) {
  Line line;
  line.peer.send("a");
  EXPECT_EQ(line.read(), "a");
  auto reading = line.reading();  // registered by the wait
  line.peer.send("b");
  line.driver.settle();
  ASSERT_TRUE(reading->has_value());
  Stream next(line.driver.loop(), line.stream.release(), Fault::ClientGone);
  const auto later = line.driver.start(read_some(next));
  line.peer.send("c");
  line.driver.settle();
  ASSERT_TRUE(later->has_value());
  EXPECT_EQ((*later)->bytes, "c");
}

Awaitable<Fault> write_pieces(Stream& stream, const std::string& a, const std::string& b, const std::string& c) {
  Gather gather;
  gather.add(a);
  gather.add({});
  gather.add(b);
  gather.add(c);
  const Result<void> written = co_await stream.write(gather);
  co_return fault_of(written);
}

TEST(StreamTest, WritesEveryPieceInOrderThoughThePeerReadsSlowly) {
  Line line;
  const std::string a(3'000'000, 'a');
  const std::string b = "b";
  const std::string c(3'000'000, 'c');
  const auto writing = line.driver.start(write_pieces(line.stream, a, b, c));
  EXPECT_FALSE(writing->has_value()) << "the peer has read nothing";
  const std::uint64_t stuck = line.stream.bytes_written();
  line.driver.settle();
  EXPECT_EQ(line.stream.bytes_written(), stuck);
  EXPECT_LT(stuck, a.size());
  ASSERT_TRUE(line.driver.until([&] { return line.peer.received().size() == a.size() + 1 + c.size(); }));
  line.driver.settle();
  ASSERT_TRUE(writing->has_value());
  EXPECT_EQ(**writing, Fault::None);
  EXPECT_TRUE(line.peer.received() == a + b + c);
  EXPECT_EQ(line.stream.bytes_written(), a.size() + 1 + c.size());
}

TEST(StreamTest, ReadsWhileAWriteIsStuck) {
  Line line;
  const auto writing = line.writing_too_much();
  ASSERT_FALSE(writing->has_value());
  line.peer.send("up");
  EXPECT_EQ(line.read(), "up");
  line.stream.abort(Fault::Stopped);
  line.driver.settle();
  EXPECT_EQ(**writing, Fault::Stopped);
}

TEST(StreamTest, AbortBeforeAnOperationEndsIt) {
  Line line;
  line.peer.send("bytes that nobody may see now");
  line.driver.settle();
  line.stream.abort(Fault::ClientGone);
  EXPECT_EQ(line.stream.fault(), Fault::ClientGone);
  EXPECT_EQ(line.driver.run(read_some(line.stream)).fault, Fault::ClientGone);
  EXPECT_EQ(fault_of(line.driver.run(readable(line.stream))), Fault::ClientGone);
  EXPECT_EQ(line.driver.run(write_all(line.stream, "x")), Fault::ClientGone);
  EXPECT_EQ(fault_of(line.driver.run(line.stream.connected(Fault::ConnectTimeout, Milliseconds(1000)))),
            Fault::ClientGone);
  EXPECT_EQ(line.peer.received(), "");
}

TEST(StreamTest, AbortAfterAReadThatFilledItsBufferEndsTheNext) {
  Line line;
  line.peer.send("ab");
  EXPECT_EQ(line.driver.run(read_some(line.stream, 1)).bytes, "a");
  line.stream.abort(Fault::ClientGone);
  EXPECT_EQ(line.driver.run(read_some(line.stream)).fault, Fault::ClientGone);
}

TEST(StreamTest, AbortEndsBothWaitsFromTheLoopsTop) {
  Line line;
  const auto reading = line.reading();
  const auto writing = line.writing_too_much();
  line.stream.abort(Fault::ShuttingDown);
  EXPECT_FALSE(reading->has_value()) << "whoever aborts is not called back";
  line.driver.settle();
  ASSERT_TRUE(reading->has_value());
  ASSERT_TRUE(writing->has_value());
  EXPECT_EQ((*reading)->fault, Fault::ShuttingDown);
  EXPECT_EQ(**writing, Fault::ShuttingDown);
}

TEST(StreamTest, AbortWinsOverBytesThatComeWithIt) {
  Line line;
  const auto reading = line.reading();
  line.peer.send("late");
  line.stream.abort(Fault::ShuttingDown);
  line.driver.settle();
  EXPECT_EQ((*reading)->fault, Fault::ShuttingDown);
}

TEST(StreamTest, TheFirstAbortStays) {
  Line line;
  line.stream.abort(Fault::ClientGone);
  line.stream.abort(Fault::ShuttingDown);
  EXPECT_EQ(line.stream.fault(), Fault::ClientGone);
  EXPECT_EQ(line.driver.run(read_some(line.stream)).fault, Fault::ClientGone);
}

TEST(StreamTest, StoppedReadsEndAndWritesGoOn) {
  Line line;
  const auto reading = line.reading();
  line.stream.stop_reads(Fault::Stopped);
  line.driver.settle();
  ASSERT_TRUE(reading->has_value());
  EXPECT_EQ((*reading)->fault, Fault::Stopped);
  EXPECT_EQ(line.driver.run(read_some(line.stream)).fault, Fault::Stopped) << "later reads too";
  EXPECT_EQ(line.stream.fault(), Fault::None);
  EXPECT_EQ(line.driver.run(write_all(line.stream, "down")), Fault::None);
}

TEST(StreamTest, AStoppedReadLosesNoByte) {
  Line line;
  const auto reading = line.reading();
  line.peer.send("kept");
  line.stream.stop_reads(Fault::Stopped);
  line.driver.settle();
  EXPECT_EQ((*reading)->fault, Fault::Stopped);
  line.stream.resume_reads();
  EXPECT_EQ(line.read(), "kept");
}

TEST(StreamTest, ReadableTakesNothing) {
  Line line;
  const auto waiting = line.driver.start(readable(line.stream));
  EXPECT_FALSE(waiting->has_value());
  line.peer.send("abc");
  line.driver.settle();
  ASSERT_TRUE(waiting->has_value());
  EXPECT_TRUE(**waiting);
  EXPECT_TRUE(line.driver.run(readable(line.stream)));
  EXPECT_EQ(line.read(), "abc");
}

TEST(StreamTest, CloseEndsTheConnectionForThePeer) {
  Line line;
  EXPECT_GE(line.stream.descriptor(), 0);
  EXPECT_EQ(&line.stream.loop(), &line.driver.loop());
  line.stream.close();
  line.stream.close();
  EXPECT_TRUE(line.peer.has_ended());
}

TEST(StreamTest, CloseSendsAResetWhereThatIsWanted) {
  for (const bool wanted : {false, true}) {
    Line line(test::joined_by_tcp());
    if (wanted) line.stream.reset_on_close();
    line.stream.close();
    ASSERT_TRUE(line.driver.until([&] { return line.peer.has_ended(); }));
    EXPECT_EQ(line.peer.was_reset(), wanted);
  }
}

TEST(StreamTest, ShutdownOfWritesLeavesReads) {
  Line line;
  line.stream.shutdown_writes();
  EXPECT_TRUE(line.peer.has_ended());
  line.peer.send("still");
  EXPECT_EQ(line.read(), "still");
}

TEST(StreamTest, AResetEndsAReadWithTheSidesFault) {
  Line line(test::joined_by_tcp());
  const auto reading = line.reading();
  line.peer.reset();
  ASSERT_TRUE(line.driver.until([&] { return reading->has_value(); }));
  EXPECT_EQ((*reading)->fault, Fault::TargetReset);
  EXPECT_EQ((*reading)->number, ECONNRESET);
  EXPECT_EQ(line.stream.fault(), Fault::None) << "nobody aborted it";
}

// A target may answer and close without having read all of the request: the kernel sends RST then.
TEST(StreamTest, AFailedWriteLeavesWhatCameBeforeToBeRead) {
  Line line(test::joined_by_tcp());
  ASSERT_EQ(line.driver.run(write_all(line.stream, "unread by the peer")), Fault::None);
  line.peer.send("an early answer");
  line.peer.close();
  Fault fault = Fault::None;
  ASSERT_TRUE(line.driver.until([&] {
    fault = line.driver.run(write_all(line.stream, "more"));
    return fault != Fault::None;
  }));
  EXPECT_EQ(fault, Fault::TargetReset);
  EXPECT_EQ(line.driver.run(write_all(line.stream, "x")), Fault::TargetReset) << "writes are over for good";
  EXPECT_EQ(line.read(), "an early answer");
}

struct Watch final : Watcher {
  explicit Watch(Stream& on) : stream(on) {}
  void on_readable() override {
    ++calls;
    seen = stream.peek();
  }
  Stream& stream;
  int calls = 0;
  int seen = 0;
};

TEST(StreamTest, AWatcherHearsOfBytesFinAndReset) {
  struct Case {
    const char* description;
    void (*act)(test::Peer&);
    int seen;
  };
  for (const Case& one : {Case{"bytes", [](test::Peer& peer) { peer.send("x"); }, 1},
                          Case{"FIN", [](test::Peer& peer) { peer.finish(); }, -1},
                          Case{"RST", [](test::Peer& peer) { peer.reset(); }, -1}}) {
    SCOPED_TRACE(one.description);
    Line line(test::joined_by_tcp());
    Watch watch(line.stream);
    line.stream.watch(&watch);
    line.driver.settle();
    EXPECT_EQ(watch.calls, 0);
    one.act(line.peer);
    EXPECT_TRUE(line.driver.until([&] { return watch.calls > 0; }));
    EXPECT_EQ(watch.seen, one.seen);
  }
}

TEST(StreamTest, AWatchHandedOnToTheNextReadLosesNoByte) {
  struct Case {
    const char* description;
    int step;  // before which the bytes come
  };
  for (const Case& one :
       {Case{"while it is watched", 0}, Case{"between watch and read", 1}, Case{"during the read", 2}}) {
    SCOPED_TRACE(one.description);
    Line line;
    const auto arrive = [&](int step) {
      if (step == one.step) line.peer.send("abc");
      line.driver.settle();
    };
    Watch watch(line.stream);
    line.stream.watch(&watch);
    line.driver.settle();
    arrive(0);
    EXPECT_EQ(watch.calls, one.step == 0 ? 1 : 0);
    line.stream.watch(nullptr);
    arrive(1);
    const auto reading = line.reading();
    arrive(2);
    ASSERT_TRUE(reading->has_value());
    EXPECT_EQ((*reading)->bytes, "abc");
  }
}

TEST(StreamTest, AWatcherIsToldAtOnceWhatIsKnownAlready) {
  Line line;
  line.peer.send("x");
  ASSERT_TRUE(line.driver.run(readable(line.stream)));
  Watch watch(line.stream);
  line.stream.watch(&watch);
  EXPECT_EQ(watch.calls, 1);
  EXPECT_EQ(watch.seen, 1);
  line.stream.watch(nullptr);
  EXPECT_EQ(line.read(), "x");
}

TEST(StreamTest, AWatcherIsNotMisledByAReadThatFilledItsBuffer) {
  Line line;
  line.peer.send("x");
  EXPECT_EQ(line.driver.run(read_some(line.stream, 1)).bytes, "x");  // there may be more
  Watch watch(line.stream);
  line.stream.watch(&watch);
  EXPECT_EQ(watch.calls, 0);
  line.peer.send("y");
  line.driver.settle();
  EXPECT_EQ(watch.calls, 1);
  EXPECT_EQ(watch.seen, 1);
}

TEST(StreamTest, AResetThatAWriteWasToldIsNoEndOfWhatIsRead) {
  Line line(test::joined_by_tcp());
  line.peer.send("half");
  line.peer.reset();
  Fault fault = Fault::None;
  while (fault == Fault::None) fault = line.driver.run(write_all(line.stream, "x"));
  EXPECT_EQ(fault, Fault::TargetReset);
  Got got = line.driver.run(read_some(line.stream));
  if (!got.bytes.empty()) got = line.driver.run(read_some(line.stream));  // what came before the reset
  EXPECT_EQ(got.fault, Fault::TargetReset);
}

// ---- time

constexpr Limit kSecond{Milliseconds(1000), kNever, Fault::ClientIdle};  // 11 ticks

TEST(StreamTime, ATimedOutReadLeavesWritesAndLaterReads) {
  Line line;
  line.stream.limit_reads(kSecond);
  const auto reading = line.reading();
  line.driver.pass(10);
  EXPECT_FALSE(reading->has_value());
  line.driver.pass(1);
  ASSERT_TRUE(reading->has_value());
  EXPECT_EQ((*reading)->fault, Fault::ClientIdle);
  EXPECT_EQ(line.stream.fault(), Fault::None);
  EXPECT_EQ(line.driver.run(write_all(line.stream, "408")), Fault::None);
  EXPECT_EQ(line.peer.received(), "408");
  line.peer.send("after all");
  EXPECT_EQ(line.read(), "after all");
}

TEST(StreamTime, ATimedOutWriteLeavesReads) {
  Line line;
  line.stream.limit_writes({Milliseconds(1000), kNever, Fault::ClientStalled});
  const auto reading = line.reading();
  const auto writing = line.writing_too_much();
  line.driver.pass(11);
  ASSERT_TRUE(writing->has_value());
  EXPECT_EQ(**writing, Fault::ClientStalled);
  EXPECT_FALSE(reading->has_value());
  line.peer.send("up");
  line.driver.settle();
  EXPECT_EQ((*reading)->bytes, "up");
}

TEST(StreamTime, IdleCountsFromTheLastByteInEitherDirection) {
  Line line;
  line.stream.limit_reads(kSecond);
  const auto reading = line.reading();
  line.driver.pass(8);
  ASSERT_EQ(line.driver.run(write_all(line.stream, "down")), Fault::None);
  line.driver.pass(10);
  EXPECT_FALSE(reading->has_value());
  line.driver.pass(1);
  ASSERT_TRUE(reading->has_value());
  EXPECT_EQ((*reading)->fault, Fault::ClientIdle);
}

TEST(StreamTime, IdleCountsFromTheStartOfAWaitThatIsLaterThanTheLastByte) {
  Line line;
  line.stream.limit_reads(kSecond);
  line.driver.pass(100);
  const auto reading = line.reading();
  line.driver.pass(10);
  EXPECT_FALSE(reading->has_value());
  line.driver.pass(1);
  EXPECT_TRUE(reading->has_value());
}

TEST(StreamTime, AFixedTickIsNotMovedByBytes) {
  Line line;
  line.stream.limit_reads({Milliseconds(60'000), line.driver.loop().wheel().now() + 5, Fault::RequestHeadTimeout});
  line.driver.pass(3);
  line.peer.send("a byte now and then");
  line.read();
  const auto reading = line.reading();
  line.driver.pass(1);
  EXPECT_FALSE(reading->has_value());
  line.driver.pass(1);
  ASSERT_TRUE(reading->has_value());
  EXPECT_EQ((*reading)->fault, Fault::RequestHeadTimeout);
}

TEST(StreamTime, ALimitSetDuringAWaitHoldsForIt) {
  Line line;
  const auto reading = line.reading();
  line.driver.pass(2000);
  EXPECT_FALSE(reading->has_value()) << "without a limit it waits for ever";
  line.stream.limit_reads(kSecond);
  line.driver.pass(10);
  EXPECT_FALSE(reading->has_value());
  line.driver.pass(1);
  EXPECT_TRUE(reading->has_value());
}

TEST(StreamTime, BothDirectionsMayTimeOutInOneTick) {
  Line line;
  line.stream.limit_reads(kSecond);
  line.stream.limit_writes({Milliseconds(1000), kNever, Fault::ClientStalled});
  const auto writing = line.writing_too_much();
  const auto reading = line.reading();
  line.driver.pass(11);
  ASSERT_TRUE(reading->has_value() && writing->has_value());
  EXPECT_EQ((*reading)->fault, Fault::ClientIdle);
  EXPECT_EQ(**writing, Fault::ClientStalled);
}

TEST(StreamTime, AbortAfterATimeoutIsWhatCounts) {
  Line line;
  line.stream.limit_reads(kSecond);
  const auto reading = line.reading();
  line.driver.pass(10);
  line.stream.abort(Fault::ShuttingDown);
  line.driver.pass(1);
  EXPECT_EQ((*reading)->fault, Fault::ShuttingDown);
}

}  // namespace
}  // namespace kanaria::net
