#include "../../../src/cli/plausible.hpp"

#include <gtest/gtest.h>

namespace kanaria::cli {
namespace {

TEST(Plausible, ChanceAgreesWithTextbookValues) {
  const struct {
    const char* description;
    std::vector<Observed> groups;
    double expected;
  } cases[] = {
      {"exactly half of ten: every count is at most as likely", {{0.5, 5}, {0.5, 5}}, 1.0},
      {"ten heads of ten: 2 / 1024", {{0.5, 10}, {0.5, 0}}, 2.0 / 1024},
      {"nine or more heads of ten, both sides: 22 / 1024", {{0.5, 9}, {0.5, 1}}, 22.0 / 1024},
      {"a share of 0 that got nothing", {{1.0, 10}, {0.0, 0}}, 1.0},
      {"a share of 0 that got something", {{1.0, 9}, {0.0, 1}}, 0.0},
      {"three groups: the smallest of three tests, times three", {{0.5, 10}, {0.25, 0}, {0.25, 0}}, 3 * 2.0 / 1024},
  };
  for (const auto& example : cases) {
    SCOPED_TRACE(example.description);
    EXPECT_NEAR(chance_of(example.groups), example.expected, 1e-9);
  }
}

TEST(Plausible, LargeCountsNeitherOverflowNorDrownInRounding) {
  EXPECT_GT(chance_of({{0.9, 900'100}, {0.1, 99'900}}), 0.5);
  EXPECT_LT(chance_of({{0.9, 890'000}, {0.1, 110'000}}), kImplausible);
}

TEST(Plausible, TheDemosSplitIsPlausibleAndAFlippedOneIsNot) {
  EXPECT_GE(chance_of({{0.9, 180}, {0.1, 20}}), kImplausible);
  EXPECT_LT(chance_of({{0.9, 20}, {0.1, 180}}), kImplausible);
}

}  // namespace
}  // namespace kanaria::cli
