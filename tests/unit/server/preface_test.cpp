// A trusted balancer's connection before its first request, on a loop that the test drives.
#include "../../../src/server/preface.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "support/driver.hpp"
#include "support/peer.hpp"

namespace kanaria::server {
namespace {

const std::string kHeader = "PROXY TCP4 192.0.2.7 198.51.100.2 40000 443\r\n";
constexpr http::ConnectionPolicy kLimits;

/// One connection: ours is heard, the other end the test's. The driver checks that no block stays behind.
class Line {
 public:
  explicit Line(config::ProxyVersion expected = config::ProxyVersion::Any, test::Joined joined = test::joined_by_unix())
      : peer(std::move(joined.peer)),
        preface(std::make_unique<Preface>(driver.loop(), Arrived{joined.ours, {}, 7}, connections, gauge)),
        expected_(expected) {}

  void hear() { heard_ = driver.start(preface->hear(expected_, kLimits)); }
  /// "heard", "waits", or why not.
  std::string verdict() {
    driver.settle();
    if (!heard_->has_value()) return "waits";
    return **heard_ ? "heard" : "closed " + std::string(preface->why());
  }
  /// What whoever serves the connection finds.
  std::string left(int descriptor) {
    std::string bytes(1000, '\0');
    const ssize_t got = ::recv(descriptor, bytes.data(), bytes.size(), MSG_DONTWAIT);
    return bytes.substr(0, static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  }

  test::Driver driver;
  test::Peer peer;
  Connections connections;
  observe::Cell gauge;
  std::unique_ptr<Preface> preface;

 private:
  config::ProxyVersion expected_;
  test::Started<bool> heard_;
};

TEST(PrefaceTest, TakesTheHeaderAndNotAByteMore) {
  Line line;
  line.peer.send(kHeader + "GET /");
  line.hear();
  ASSERT_EQ(line.verdict(), "heard");
  const Arrived arrived = line.preface->release();
  const net::OwnedSocket socket(arrived.descriptor);
  EXPECT_EQ(arrived.peer.address.to_string(), "192.0.2.7");
  EXPECT_EQ(arrived.peer.port, 40000);
  EXPECT_EQ(arrived.binding, 7U);
  EXPECT_FALSE(arrived.draining);
  EXPECT_EQ(line.left(socket.get()), "GET /");
}

TEST(PrefaceTest, WaitsForAHeaderThatComesInBytes) {
  Line line;
  line.hear();
  for (const char byte : kHeader) {
    EXPECT_EQ(line.verdict(), "waits");
    line.peer.send({&byte, 1});
  }
  EXPECT_EQ(line.verdict(), "heard");
}

TEST(PrefaceTest, HoldsNoBlockBeforeTheFirstByteAndIsCounted) {
  Line line;
  line.hear();
  EXPECT_EQ(line.driver.loop().blocks().lent(), 0U);
  EXPECT_EQ(line.gauge.read(), 1U);
  EXPECT_FALSE(line.connections.empty());
  line.peer.close();
  EXPECT_EQ(line.verdict(), "closed ");
  line.preface.reset();
  EXPECT_EQ(line.gauge.read(), 0U);
  EXPECT_TRUE(line.connections.empty());
}

TEST(PrefaceTest, SaysWhatIsWrong) {
  Line other(config::ProxyVersion::V2);
  other.peer.send(kHeader);
  other.hear();
  EXPECT_EQ(other.verdict(), "closed its header is version 1, and v2 is configured");

  Line none;
  none.peer.send("GET /");
  none.hear();
  EXPECT_EQ(none.verdict(), "closed it does not begin with a PROXY header");

  Line cut;
  cut.hear();
  cut.peer.send("PROXY TCP4");
  EXPECT_EQ(cut.verdict(), "waits");
  cut.peer.finish();
  EXPECT_EQ(cut.verdict(), "closed it ended inside its header");

  Line cut_at_once;
  cut_at_once.peer.send("PROXY TCP4");
  cut_at_once.peer.finish();
  cut_at_once.hear();
  EXPECT_EQ(cut_at_once.verdict(), "closed it ended inside its header");
}

TEST(PrefaceTest, TheHeadersTimeRunsFromItsFirstByteAndMoreBytesDoNotProlongIt) {
  Line line;
  line.hear();
  line.driver.pass(ticks_of(Milliseconds(50'000)));
  line.peer.send("PROXY");
  EXPECT_EQ(line.verdict(), "waits");
  line.driver.pass(ticks_of(Milliseconds(9'000)));
  line.peer.send(" TCP4");
  EXPECT_EQ(line.verdict(), "waits");
  line.driver.pass(ticks_of(Milliseconds(1'100)));
  EXPECT_EQ(line.verdict(), "closed its header was not whole in time");
}

TEST(PrefaceTest, SilenceIsEndedByTheIdleTimeoutAndIsNoFault) {
  Line line;
  line.hear();
  line.driver.pass(ticks_of(Milliseconds(60'100)));
  EXPECT_EQ(line.verdict(), "closed ");
}

TEST(PrefaceTest, ADrainEndsASilentOneAndAHalfOne) {
  Line silent;
  silent.hear();
  silent.connections.drain();
  EXPECT_EQ(silent.verdict(), "closed ");

  Line half;
  half.hear();
  half.peer.send("PROXY TCP4");
  EXPECT_EQ(half.verdict(), "waits");
  half.connections.drain();
  EXPECT_EQ(half.verdict(), "closed ");
}

TEST(PrefaceTest, ADrainLeavesARequestThatIsInTheKernelAlready) {
  Line whole;
  whole.hear();
  whole.peer.send(kHeader + "GET /");  // the loop has not turned since
  whole.connections.drain();
  ASSERT_EQ(whole.verdict(), "heard");
  const Arrived arrived = whole.preface->release();
  const net::OwnedSocket socket(arrived.descriptor);
  EXPECT_TRUE(arrived.draining) << "whoever serves it ends it after that request";

  Line half;
  half.hear();
  half.peer.send("PROXY TCP4");
  half.connections.drain();
  EXPECT_EQ(half.verdict(), "closed ");
}

TEST(PrefaceTest, AnAbortEndsIt) {
  Line line;
  line.hear();
  line.connections.abort(Fault::ShuttingDown);
  EXPECT_EQ(line.verdict(), "closed ");
}

}  // namespace
}  // namespace kanaria::server
