#include <gtest/gtest.h>

#include "kanaria/rollout/report.hpp"

namespace kanaria::rollout {
namespace {

TEST(Verbs, AreFoundByTheirNames) {
  for (std::size_t i = 0; i < kVerbs; ++i) {
    const auto verb = static_cast<Verb>(i);
    EXPECT_EQ(verb_of(name_of(verb)), verb);
  }
  EXPECT_EQ(name_of(Verb::SetWeight), "set-weight");
  EXPECT_FALSE(verb_of("rollback"));
}

TEST(Names, AreArgos) {
  EXPECT_EQ(name_of(Phase::Degraded), "Degraded");
  EXPECT_EQ(name_of(Reason::CrashLoop), "CrashLoop");
  EXPECT_EQ(name_of(Reason::None), "");
}

}  // namespace
}  // namespace kanaria::rollout
