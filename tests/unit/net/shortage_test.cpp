#include "../../../src/net/shortage.hpp"

#include <gtest/gtest.h>

namespace kanaria::net {
namespace {

TEST(Shortage, BeginsOnceAndAgainAfterItWasQuiet) {
  Shortage shortage("test");
  Time now(std::chrono::hours(1));
  EXPECT_TRUE(shortage.begins(now));
  EXPECT_FALSE(shortage.begins(now));
  for (int i = 0; i < 100; ++i) EXPECT_FALSE(shortage.begins(now += Shortage::kQuiet));
  EXPECT_TRUE(shortage.begins(now += Shortage::kQuiet + Milliseconds(1)));
  EXPECT_FALSE(shortage.begins(now));
}

}  // namespace
}  // namespace kanaria::net
