#include "kanaria/base/random.hpp"

#include <gtest/gtest.h>

#include <array>
#include <set>

namespace kanaria {
namespace {

TEST(Random, SameSeedSameSequence) {
  Random first(42);
  Random second(42);
  Random other(43);
  std::size_t equal = 0;
  for (int i = 0; i < 1000; ++i) {
    const std::uint64_t value = first.next();
    EXPECT_EQ(value, second.next());
    equal += value == other.next() ? 1U : 0U;
  }
  EXPECT_EQ(equal, 0U);
}

TEST(Random, BelowStaysBelowAndReachesEverything) {
  Random random(1);
  for (const std::uint64_t bound : {1U, 2U, 3U, 10U}) {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(random.below(bound));
    EXPECT_EQ(seen.size(), bound);
    EXPECT_EQ(*seen.rbegin(), bound - 1);
  }
  EXPECT_LT(random.below(UINT64_MAX), UINT64_MAX);
}

// 30,000 draws over 3: each expected 10,000, standard deviation 82. Seeded, so this never flickers.
TEST(Random, BelowIsEven) {
  Random random(7);
  std::array<int, 3> counts{};
  for (int i = 0; i < 30'000; ++i) ++counts[random.below(3)];
  for (const int count : counts) EXPECT_NEAR(count, 10'000, 330);
}

// 2^64 draws over 3 * 2^62 values: without redrawing, every third value would come twice as often as its neighbours.
TEST(Random, BelowHasNoBiasForHugeBounds) {
  Random random(3);
  int thirds = 0;
  for (int i = 0; i < 9'000; ++i) thirds += random.below(std::uint64_t{3} << 62) % 3 == 0 ? 1 : 0;
  EXPECT_NEAR(thirds, 3'000, 200);
}

TEST(Random, EveryBitIsSometimesSet) {
  Random random(5);
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = random.next();
    ones |= value;
    zeros |= ~value;
  }
  EXPECT_EQ(ones, UINT64_MAX);
  EXPECT_EQ(zeros, UINT64_MAX);
}

TEST(Random, TheKernelSeedsDiffer) {
  EXPECT_NE(secure_random(), secure_random());
  EXPECT_NE(Random().next(), Random().next());
}

}  // namespace
}  // namespace kanaria
