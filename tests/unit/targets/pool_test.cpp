#include "kanaria/targets/pool.hpp"

#include "kanaria/net/sockets.hpp"
#include "line.hpp"

namespace kanaria::targets {
namespace {

class PoolTest : public Line {};

TEST_F(PoolTest, AConnectionIsUsedAgain) {
  test::Peer peer = idle_connection();
  EXPECT_EQ(pool.idle(), 1U);
  peer.forget();
  AttemptPtr again = open();
  EXPECT_EQ(pool.idle(), 0U);
  exchange(std::move(again), peer);
  EXPECT_EQ(peer.received(), "GET / HTTP/1.1\r\nHost: test\r\n\r\n");
  EXPECT_EQ(pool.idle(), 1U);
  EXPECT_EQ(row().connects.read(), 1U);
}

TEST_F(PoolTest, AFreshOneIsMadeWhereThatIsWanted) {
  const test::Peer peer = idle_connection();
  const AttemptPtr fresh = open(true);
  scripted.accept();
  EXPECT_EQ(pool.idle(), 1U);
  EXPECT_EQ(row().connects.read(), 2U);
  EXPECT_EQ(row().connections.read(), 2U);
}

TEST_F(PoolTest, TheOneUsedLastIsTakenFirst) {
  test::Peer older = idle_connection();
  test::Peer newer = idle_connection();
  newer.forget();
  exchange(open(), newer);
  EXPECT_NE(newer.received(), "");
}

TEST_F(PoolTest, WhatTheTargetEndsOrSpeaksUnaskedOnIsClosed) {
  struct Case {
    const char* description;
    void (*act)(test::Peer&);
  };
  for (const Case& one :
       {Case{"FIN", [](test::Peer& peer) { peer.finish(); }}, Case{"RST", [](test::Peer& peer) { peer.reset(); }},
        Case{"bytes", [](test::Peer& peer) { peer.send("HTTP/1.1 200 OK\r\n\r\n"); }}}) {
    SCOPED_TRACE(one.description);
    test::Peer peer = idle_connection();
    ASSERT_EQ(pool.idle(), 1U);
    one.act(peer);
    EXPECT_TRUE(becomes_empty());
    EXPECT_EQ(row().connections.read(), 0U);
  }
}

TEST_F(PoolTest, AConnectionThatEndedBeforeItCameBackIsNotKept) {
  AttemptPtr attempt = open();
  test::Peer peer = scripted.accept();
  send(*attempt);
  peer.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(receive(*attempt), 204);
  peer.finish();
  attempt.reset();
  EXPECT_TRUE(becomes_empty());
}

TEST_F(PoolTest, OnlyAConnectionInOrderIsKept) {
  struct Case {
    const char* description;
    const char* answer;
    bool reads_body;
    std::size_t kept;
  };
  for (const Case& one :
       {Case{"in order", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", true, 1},
        Case{"chunked", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", true, 1},
        Case{"no body", "HTTP/1.1 304 Not Modified\r\n\r\n", true, 1},
        Case{"the target wants to close", "HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\nx", true,
             0},
        Case{"HTTP/1.0", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx", true, 0},
        Case{"more bytes than the answer", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP", true, 0},
        Case{"a body that was not read", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n", false, 0}}) {
    SCOPED_TRACE(one.description);
    {
      AttemptPtr attempt = open(true);
      test::Peer peer = scripted.accept();
      send(*attempt);
      peer.send(one.answer);
      receive(*attempt);
      Fault fault{};
      if (one.reads_body) body(*attempt, fault);
      attempt.reset();
      EXPECT_EQ(pool.idle(), one.kept);
    }
    EXPECT_TRUE(becomes_empty()) << "its other end is closed now";
  }
}

TEST_F(PoolTest, AnAbortedConnectionIsNotKept) {
  AttemptPtr attempt = open();
  test::Peer peer = scripted.accept();
  send(*attempt);
  peer.send("HTTP/1.1 204 No Content\r\n\r\n");
  EXPECT_EQ(receive(*attempt), 204);
  attempt->abort(Fault::ClientGone);
  attempt.reset();
  EXPECT_EQ(pool.idle(), 0U);
  EXPECT_TRUE(driver.until([&] { return peer.has_ended(); }));
}

TEST_F(PoolTest, AnUnusedConnectionIsClosedAfterTheGroupsTime) {
  group.target_idle_timeout = Milliseconds(1000);
  test::Peer peer = idle_connection();
  driver.pass(10);
  EXPECT_EQ(pool.idle(), 1U);
  driver.pass(1);
  EXPECT_EQ(pool.idle(), 0U);
  EXPECT_TRUE(driver.until([&] { return peer.has_ended(); }));
}

TEST_F(PoolTest, TheTimeDoesNotRunWhileAConnectionIsUsed) {
  group.target_idle_timeout = Milliseconds(1000);
  test::Peer peer = idle_connection();
  driver.pass(5);
  AttemptPtr attempt = open();
  driver.pass(50);
  exchange(std::move(attempt), peer);
  driver.pass(10);
  EXPECT_EQ(pool.idle(), 1U);
}

TEST_F(PoolTest, ConnectionsOfTargetsThatLeftAreClosedAtOnceOrWhenTheyComeBack) {
  test::Peer idle = idle_connection();
  AttemptPtr used = open(true);
  test::Peer other = scripted.accept();
  pool.keep_only({});
  EXPECT_EQ(pool.idle(), 0U);
  EXPECT_TRUE(driver.until([&] { return idle.has_ended(); }));
  exchange(std::move(used), other);
  EXPECT_EQ(pool.idle(), 0U);
  EXPECT_TRUE(driver.until([&] { return other.has_ended(); }));
  EXPECT_EQ(row().connections.read(), 0U);
}

TEST_F(PoolTest, ConnectionsOfTargetsThatStayAreKept) {
  const test::Peer peer = idle_connection();
  test::ScriptedTarget added;
  pool.keep_only({target_at(added.endpoint()), target});
  EXPECT_EQ(pool.idle(), 1U);
  pool.close();
  EXPECT_EQ(pool.idle(), 0U);
}

TEST_F(PoolTest, WhenFullTheLongestUnusedGoes) {
  if (net::raise_descriptor_limit() < 2 * Pool::kMaxIdle + 100) GTEST_SKIP() << "too few descriptors";
  std::vector<test::Peer> peers;
  for (std::size_t i = 0; i < Pool::kMaxIdle; ++i) peers.push_back(idle_connection());
  ASSERT_EQ(pool.idle(), Pool::kMaxIdle);
  EXPECT_FALSE(peers.front().has_ended());
  peers.push_back(idle_connection());
  EXPECT_EQ(pool.idle(), Pool::kMaxIdle);
  EXPECT_TRUE(driver.until([&] { return peers.front().has_ended(); }));
  EXPECT_FALSE(peers[1].has_ended());
}

TEST_F(PoolTest, AnIdleConnectionHoldsNoBlock) {
  const test::Peer peer = idle_connection();
  EXPECT_EQ(driver.loop().blocks().lent(), 0U);
}

}  // namespace
}  // namespace kanaria::targets
