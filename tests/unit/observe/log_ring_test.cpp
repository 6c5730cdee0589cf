#include "kanaria/observe/log_ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <thread>

namespace kanaria::observe {
namespace {

std::string take_all(LogRing& ring) {
  std::string taken;
  for (std::size_t left = ring.waiting(); left > 0;) {
    const std::string_view front = ring.front().substr(0, left);
    taken += front;
    left -= front.size();
    ring.consume(front.size());
  }
  return taken;
}

TEST(LogRing, GivesBackWhatWasPushedInOrder) {
  LogRing ring(16);
  EXPECT_EQ(ring.waiting(), 0U);
  EXPECT_TRUE(ring.push("one\n"));
  EXPECT_TRUE(ring.push("two\n"));
  EXPECT_EQ(ring.waiting(), 8U);
  EXPECT_EQ(take_all(ring), "one\ntwo\n");
  EXPECT_EQ(ring.waiting(), 0U);
}

TEST(LogRing, TakesALineWholeOrNotAtAll) {
  LogRing ring(8);
  EXPECT_FALSE(ring.push("too long\n"));
  EXPECT_TRUE(ring.push("12345\n"));
  EXPECT_FALSE(ring.push("xy\n"));
  EXPECT_TRUE(ring.push("x\n"));  // to the last byte
  EXPECT_EQ(take_all(ring), "12345\nx\n");
}

TEST(LogRing, AnyLineSurvivesTheEndOfTheBuffer) {
  LogRing ring(7);
  for (std::size_t round = 0; round < 50; ++round) {
    const std::string line = std::string(1 + round % 6, static_cast<char>('a' + round % 26)) + "\n";
    ASSERT_TRUE(ring.push(line));
    ASSERT_EQ(take_all(ring), line);
  }
}

TEST(LogRing, ConsumerSeesWholeLinesWhileTheProducerWrites) {
  constexpr int kLines = 50'000;
  LogRing ring(256);
  std::jthread producer([&ring] {
    for (int i = 0; i < kLines;)
      if (ring.push(std::to_string(i) + "\n"))
        ++i;
      else
        std::this_thread::yield();
  });
  std::string all;
  for (int lines = 0; lines < kLines;) {
    const std::string some = take_all(ring);
    if (some.empty()) {
      std::this_thread::yield();
      continue;
    }
    ASSERT_EQ(some.back(), '\n');
    lines += static_cast<int>(std::count(some.begin(), some.end(), '\n'));
    all += some;
  }
  std::string expected;
  for (int i = 0; i < kLines; ++i) expected += std::to_string(i) + "\n";
  EXPECT_EQ(all, expected);
}

}  // namespace
}  // namespace kanaria::observe
