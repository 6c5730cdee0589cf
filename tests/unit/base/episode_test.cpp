#include "kanaria/base/episode.hpp"

#include <gtest/gtest.h>

namespace kanaria {
namespace {

TEST(Episode, BeginsOnceAndAgainAfterItWasQuiet) {
  Episode episode;
  Time now(std::chrono::hours(1));
  EXPECT_TRUE(episode.note(now));
  EXPECT_FALSE(episode.note(now));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(episode.note(now += Episode::kQuiet));
  EXPECT_TRUE(episode.note(now += Episode::kQuiet + Milliseconds(1)));
  EXPECT_FALSE(episode.note(now));
}

TEST(Episode, BeginsAnewAfterItsEnd) {
  Episode episode;
  const Time now(std::chrono::hours(1));
  EXPECT_TRUE(episode.note(now));
  episode.end();
  EXPECT_TRUE(episode.note(now));
  EXPECT_FALSE(episode.note(now));
}

}  // namespace
}  // namespace kanaria
