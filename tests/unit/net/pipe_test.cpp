// Bytes that pass from one stream to another through a kernel pipe.
#include "kanaria/net/pipe.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "kanaria/net/stream.hpp"
#include "support/driver.hpp"
#include "support/peer.hpp"

namespace kanaria::net {
namespace {

class PipeTest : public ::testing::Test {
 protected:
  Awaitable<std::size_t> fill(std::size_t most) {
    const Result<std::size_t> got = co_await from.read(pipe, most);
    co_return got ? *got : SIZE_MAX;
  }
  Awaitable<Fault> drain() {
    const Result<void> written = co_await to.write(pipe);
    co_return written ? Fault::None : written.error().fault;
  }

  test::Driver driver;
  test::Joined source = test::joined_by_tcp();
  test::Joined sink = test::joined_by_tcp();
  Stream from{driver.loop(), source.ours, Fault::TargetReset};
  Stream to{driver.loop(), sink.ours, Fault::ClientGone};
  Pipe pipe = driver.loop().pipes().take();
};

TEST_F(PipeTest, TakesWhatIsThereButNoMoreThanIsWanted) {
  source.peer.send("head of the next");
  EXPECT_EQ(driver.run(fill(4)), 4U);
  EXPECT_EQ(pipe.size(), 4U);
  EXPECT_EQ(driver.run(drain()), Fault::None);
  EXPECT_EQ(pipe.size(), 0U);
  EXPECT_TRUE(sink.peer.wait());
  EXPECT_EQ(sink.peer.received(), "head");
  EXPECT_EQ(driver.run(fill(100)), 12U) << "the rest was left in the kernel";
  EXPECT_EQ(from.bytes_read(), 16U);
  EXPECT_EQ(to.bytes_written(), 4U);
}

TEST_F(PipeTest, WaitsForBytesAndTellsTheEnd) {
  const auto waiting = driver.start(fill(100));
  EXPECT_FALSE(waiting->has_value());
  source.peer.send("late");
  ASSERT_TRUE(driver.until([&] { return waiting->has_value(); }));
  EXPECT_EQ(**waiting, 4U);
  EXPECT_EQ(driver.run(drain()), Fault::None);
  source.peer.finish();
  EXPECT_EQ(driver.run(fill(100)), 0U);
}

TEST_F(PipeTest, ASinkThatTakesNothingHoldsTheWriteNotTheLoop) {
  std::string sent;
  std::size_t passed = 0;
  test::Started<Fault> draining;
  for (;;) {
    const std::string piece(32'768, static_cast<char>('a' + passed % 26));
    source.peer.send(piece);
    sent += piece;
    passed += driver.run(fill(piece.size()));
    draining = driver.start(drain());
    if (!draining->has_value()) break;
    ASSERT_EQ(**draining, Fault::None);
    ASSERT_LT(passed, 64U << 20) << "the kernel takes everything";
  }
  std::string received;
  ASSERT_TRUE(driver.until([&] {
    received += sink.peer.received();
    sink.peer.forget();
    return draining->has_value() && received.size() == passed;
  }));
  EXPECT_EQ(received, sent.substr(0, passed));
}

TEST_F(PipeTest, UrgentDataHoldsNothingUp) {
  source.peer.send("before");
  source.peer.send_urgent('!');
  source.peer.send("behind");
  std::string received;
  while (received.find("behind") == std::string::npos) {
    ASSERT_GT(driver.run(fill(100)), 0U);
    ASSERT_EQ(driver.run(drain()), Fault::None);
    ASSERT_TRUE(sink.peer.wait());
    received = sink.peer.received();
  }
  EXPECT_TRUE(received.starts_with("before")) << received;
}

TEST_F(PipeTest, AWriteToOneThatIsGoneFails) {
  source.peer.send("lost");
  ASSERT_EQ(driver.run(fill(100)), 4U);
  sink.peer.reset();
  driver.settle();
  EXPECT_EQ(driver.run(drain()), Fault::ClientGone);
  EXPECT_EQ(pipe.size(), 4U);
}

TEST_F(PipeTest, OneThatStillHoldsBytesIsNeverLentAgain) {
  source.peer.send("secret of one client");
  ASSERT_EQ(driver.run(fill(100)), 20U);
  pipe.release();
  EXPECT_FALSE(pipe);
  for (int i = 0; i < 3; ++i) {
    pipe = driver.loop().pipes().take();
    ASSERT_TRUE(pipe);
    EXPECT_EQ(pipe.size(), 0U);
    EXPECT_EQ(driver.run(drain()), Fault::None);
    EXPECT_EQ(sink.peer.received(), "");
  }
}

TEST_F(PipeTest, AreBounded) {
  std::vector<Pipe> lent;
  for (int i = 0; i < 10'000; ++i) {
    Pipe one = driver.loop().pipes().take();
    if (!one) break;
    lent.push_back(std::move(one));
  }
  EXPECT_LT(lent.size(), 1000U);
  lent.clear();
  EXPECT_TRUE(driver.loop().pipes().take()) << "what came back can be lent again";
}

}  // namespace
}  // namespace kanaria::net
