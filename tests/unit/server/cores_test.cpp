#include <gtest/gtest.h>
#include <sched.h>

#include "kanaria/server/server.hpp"

namespace kanaria::server {
namespace {

TEST(AutomaticWorkers, AreAtLeastOneAndNoMoreThanTheCores) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  EXPECT_GE(automatic_workers(), 1U);
  EXPECT_LE(automatic_workers(), static_cast<unsigned>(CPU_COUNT(&before)));
}

TEST(AutomaticWorkers, AreOneOnOneCore) {
  cpu_set_t before;
  ASSERT_EQ(::sched_getaffinity(0, sizeof before, &before), 0);
  const int core = ::sched_getcpu();
  ASSERT_GE(core, 0);
  cpu_set_t one;
  CPU_ZERO(&one);
  CPU_SET(core, &one);
  ASSERT_EQ(::sched_setaffinity(0, sizeof one, &one), 0);
  EXPECT_EQ(automatic_workers(), 1U);
  ::sched_setaffinity(0, sizeof before, &before);
}

}  // namespace
}  // namespace kanaria::server
