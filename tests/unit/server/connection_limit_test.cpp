#include "kanaria/server/connection_limit.hpp"

#include <gtest/gtest.h>

#include <thread>
#include <vector>

namespace kanaria::server {
namespace {

TEST(MaxConnections, AutoLeavesDescriptorsForTargetsAndAllElse) {
  const config::LoadBalancer settings;
  struct Case {
    std::uint64_t descriptors;
    std::uint64_t expected;
  };
  for (const Case& one : {Case{1'048'576, 524'160}, Case{1024, 384}, Case{512, 128}, Case{400, 100}, Case{256, 64},
                          Case{64, 16}, Case{0, 0}})
    EXPECT_EQ(max_connections_of(settings, one.descriptors), one.expected) << one.descriptors;
}

TEST(MaxConnections, ANumberIsTakenAsItIs) {
  config::LoadBalancer settings;
  settings.max_connections = 5000;
  EXPECT_EQ(max_connections_of(settings, 256), 5000U);
}

TEST(ConnectionLimit, LetsInAsManyAsItSays) {
  ConnectionLimit limit;
  limit.set(2);
  EXPECT_TRUE(limit.enter());
  EXPECT_TRUE(limit.enter());
  EXPECT_FALSE(limit.enter());
  EXPECT_EQ(limit.open(), 2U);
  limit.leave();
  EXPECT_TRUE(limit.enter());
  EXPECT_FALSE(limit.enter());
}

TEST(ConnectionLimit, ALowerOneEndsNobody) {
  ConnectionLimit limit;
  limit.set(3);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(limit.enter());
  limit.set(1);
  EXPECT_EQ(limit.open(), 3U);
  limit.leave();
  limit.leave();
  EXPECT_FALSE(limit.enter());
  limit.leave();
  EXPECT_TRUE(limit.enter());
}

TEST(ConnectionLimit, OfAFewTellsASeriesOfRefusalsOnce) {
  ConnectionLimit limit;
  limit.set(1);
  ASSERT_TRUE(limit.enter());
  Time now(std::chrono::hours(1));
  EXPECT_TRUE(limit.note_refusal(now));
  for (int i = 0; i < 3; ++i) {  // each that leaves makes room for one
    limit.leave();
    ASSERT_TRUE(limit.enter());
    EXPECT_FALSE(limit.note_refusal(now += Episode::kQuiet));
  }
  EXPECT_TRUE(limit.note_refusal(now += Episode::kQuiet + Milliseconds(1)));
}

TEST(ConnectionLimit, AnotherOneIsToldAnew) {
  ConnectionLimit limit;
  limit.set(1);
  const Time now(std::chrono::hours(1));
  EXPECT_TRUE(limit.note_refusal(now));
  EXPECT_FALSE(limit.note_refusal(now));
  limit.set(2);
  EXPECT_TRUE(limit.note_refusal(now));
}

TEST(ConnectionLimit, HoldsOverThreads) {
  ConnectionLimit limit;
  limit.set(1000);
  std::atomic<int> entered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i)
    threads.emplace_back([&] {
      for (int tries = 0; tries < 500; ++tries) entered += limit.enter() ? 1 : 0;
    });
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(entered, 1000);
  EXPECT_EQ(limit.open(), 1000U);
}

}  // namespace
}  // namespace kanaria::server
