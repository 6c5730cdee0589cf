#include "kanaria/targets/split.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace kanaria::targets {
namespace {

using config::SplitMode;
using Weights = std::vector<std::uint32_t>;

constexpr std::uint64_t kSeedA = 0x0123456789abcdef;
constexpr std::uint64_t kSeedB = 0xfedcba9876543210;

struct Case {
  std::string description;
  Weights weights;
  std::uint32_t block_size;
  Weights in_a_block;
};

const std::vector<Case> kCases{
    {"one group", {1}, 1, {1}},
    {"one group, whatever its weight", {999}, 1, {1}},
    {"nine to one", {90, 10}, 10, {9, 1}},
    {"the usual halves", {50, 50}, 2, {1, 1}},
    {"one in a thousand", {1, 999}, 1000, {1, 999}},
    {"thirds that are none", {33, 33, 34}, 100, {33, 33, 34}},
    {"a group without weight first", {0, 1}, 1, {0, 1}},
    {"a group without weight between", {5, 0, 5}, 2, {1, 0, 1}},
    {"five equals", {999, 999, 999, 999, 999}, 5, {1, 1, 1, 1, 1}},
    {"the largest block", {999, 998, 997, 999, 998}, 4991, {999, 998, 997, 999, 998}},
    {"three", {1, 2}, 3, {1, 2}},
    {"a prime", {3, 4}, 7, {3, 4}},
    {"as many small shares as pick their places", {84, 4, 4, 4, 4}, 25, {21, 1, 1, 1, 1}},
    {"the largest in the middle", {8, 30, 8}, 23, {4, 15, 4}},
    {"sixteen slots beside the largest", {16, 83}, 99, {16, 83}},
    {"seventeen, one too many for picking", {17, 83}, 100, {17, 83}},
};

// The positions of group 1 in the blocks of a 90:10 split.
std::vector<std::uint32_t> canary_positions(Split& split, std::size_t blocks) {
  Random random(1);
  std::vector<std::uint32_t> positions;
  for (std::size_t block = 0; block < blocks; ++block)
    for (std::uint32_t position = 0; position < split.block_size(); ++position)
      if (split.choose(random) == 1) positions.push_back(position);
  return positions;
}

double chi_square(const std::vector<std::uint64_t>& seen, double expected) {
  return std::accumulate(seen.begin(), seen.end(), 0.0, [expected](double sum, std::uint64_t count) {
    const double off = static_cast<double>(count) - expected;
    return sum + off * off / expected;
  });
}

TEST(Split, EveryAlignedBlockIsExact) {
  for (const Case& c : kCases) {
    Random random(1);
    Split split(c.weights, SplitMode::Shuffled, kSeedA, kSeedB);
    ASSERT_EQ(split.block_size(), c.block_size) << c.description;
    for (int block = 0; block < 50; ++block) {
      Weights seen(c.weights.size());
      for (std::uint32_t i = 0; i < c.block_size; ++i) ++seen[split.choose(random)];
      ASSERT_EQ(seen, c.in_a_block) << c.description << ", block " << block;
    }
  }
}

TEST(Split, WholeBlocksAreExactOverAllThreads) {
  constexpr std::uint32_t kBlocks = 64;
  for (const Case& c : kCases)
    for (const std::uint32_t threads : {1U, 4U, 16U}) {
      Split split(c.weights, SplitMode::Shuffled, kSeedA, kSeedB);
      std::vector<Weights> seen(threads, Weights(c.weights.size()));
      const std::uint32_t draws = kBlocks * c.block_size / threads;
      {
        std::vector<std::jthread> workers;
        for (Weights& mine : seen)
          workers.emplace_back([&split, &mine, draws] {
            Random random(1);
            for (std::uint32_t i = 0; i < draws; ++i) ++mine[split.choose(random)];
          });
      }
      for (std::size_t group = 0; group < c.weights.size(); ++group) {
        std::uint32_t total = 0;
        for (const Weights& one : seen) total += one[group];
        EXPECT_EQ(total, kBlocks * c.in_a_block[group]) << c.description << ", " << threads << " threads";
      }
    }
}

TEST(Split, AllWeightsZeroChoosesNone) {
  Random random(1);
  for (const SplitMode mode : {SplitMode::Shuffled, SplitMode::Random})
    for (const Weights& weights : {Weights{}, Weights{0}, Weights{0, 0, 0}}) {
      Split split(weights, mode, kSeedA, kSeedB);
      EXPECT_EQ(split.choose(random), Split::kNone);
      EXPECT_EQ(split.block_size(), 0U);
    }
}

TEST(Split, WeightZeroIsNeverChosen) {
  Random random(1);
  for (const SplitMode mode : {SplitMode::Shuffled, SplitMode::Random}) {
    Split split({0, 3, 0, 5, 0}, mode, kSeedA, kSeedB);
    for (int i = 0; i < 100'000; ++i) {
      const std::size_t group = split.choose(random);
      ASSERT_TRUE(group == 1 || group == 3) << group;
    }
  }
}

TEST(Split, RandomModeDrawsEachRequestByItsShare) {
  Random random(7);
  Split split({90, 10}, SplitMode::Random, kSeedA, kSeedB);
  int canary = 0;
  bool inexact = false;
  for (int i = 1, in_block = 0; i <= 100'000; ++i) {
    const int is_canary = split.choose(random) == 1 ? 1 : 0;
    canary += is_canary;
    in_block += is_canary;
    if (i % 10 == 0) inexact = inexact || std::exchange(in_block, 0) != 1;
  }
  EXPECT_NEAR(canary, 10'000, 4 * 95);  // four standard deviations
  EXPECT_TRUE(inexact) << "independent draws are not exact in blocks";
}

// Each request's probability is its group's share: over many blocks, each position holds each slot equally often. A
// prime's table is larger than its block, so this also sees what walking on does.
TEST(Split, EveryPositionOfABlockHasTheSameChances) {
  for (const std::uint32_t size : {2U, 3U, 7U, 10U, 16U, 17U, 23U, 31U}) {
    constexpr std::uint32_t kBlocks = 20'000;
    Random random(1);
    Split split(Weights(size, 1), SplitMode::Shuffled, kSeedA, kSeedB);
    std::vector<std::uint64_t> seen(std::size_t{size} * size);
    for (std::uint32_t block = 0; block < kBlocks; ++block)
      for (std::uint32_t position = 0; position < size; ++position) ++seen[position * size + split.choose(random)];
    const double freedom = (size - 1.0) * (size - 1.0);
    const double tolerance = freedom + 5 * std::sqrt(2 * freedom);  // five standard deviations
    EXPECT_LT(chi_square(seen, double{kBlocks} / size), tolerance) << "block of " << size;
  }
}

// What a client could use that saw the block before: where the canary stood then says nothing about now.
TEST(Split, ABlockTellsNothingAboutTheNext) {
  constexpr std::size_t kBlocks = 50'001;
  Split split({90, 10}, SplitMode::Shuffled, kSeedA, kSeedB);
  const std::vector<std::uint32_t> positions = canary_positions(split, kBlocks);
  ASSERT_EQ(positions.size(), kBlocks);
  std::vector<std::uint64_t> pairs(100);
  for (std::size_t i = 1; i < kBlocks; ++i) ++pairs[positions[i - 1] * 10 + positions[i]];
  EXPECT_LT(chi_square(pairs, 500.0), 99 + 5 * std::sqrt(2.0 * 99));
}

// What a client could use that sees its own block: where two slots stand together says nothing about either. Every pair
// of slots holds every pair of positions equally often, in blocks that are dealt and in blocks that are permuted.
TEST(Split, APartOfABlockTellsNothingAboutItsRest) {
  for (const std::uint32_t size : {10U, 16U, 17U, 31U}) {
    constexpr std::uint32_t kBlocks = 40'000;
    Random random(1);
    Split split(Weights(size, 1), SplitMode::Shuffled, kSeedA, kSeedB);
    std::vector<std::uint64_t> pairs(std::size_t{size} * size);
    std::vector<std::size_t> slots(size);
    for (std::uint32_t block = 0; block < kBlocks; ++block) {
      for (std::size_t& slot : slots) slot = split.choose(random);
      ++pairs[slots[0] * size + slots[size / 2]];
    }
    std::vector<std::uint64_t> possible;
    for (std::size_t pair = 0; pair < pairs.size(); ++pair)
      if (pair / size != pair % size) possible.push_back(pairs[pair]);
    const auto ways = static_cast<double>(possible.size());
    EXPECT_LT(chi_square(possible, kBlocks / ways), ways - 1 + 5 * std::sqrt(2 * (ways - 1))) << "block of " << size;
  }
}

// The whole order: all 35 places of three cards among seven come equally often.
TEST(Split, EveryOrderOfASmallBlockComesEquallyOften) {
  constexpr int kBlocks = 70'000;
  Random random(1);
  Split split({3, 4}, SplitMode::Shuffled, kSeedA, kSeedB);
  std::map<unsigned, std::uint64_t> places;
  for (int block = 0; block < kBlocks; ++block) {
    unsigned place = 0;
    for (unsigned position = 0; position < 7; ++position)
      if (split.choose(random) == 0) place |= 1U << position;
    ++places[place];
  }
  ASSERT_EQ(places.size(), 35U);
  std::vector<std::uint64_t> seen;
  for (const auto& [place, count] : places) seen.push_back(count);
  EXPECT_LT(chi_square(seen, kBlocks / 35.0), 34 + 5 * std::sqrt(2.0 * 34));
}

TEST(Split, AnotherSecretIsAnotherOrder) {
  Split one({90, 10}, SplitMode::Shuffled, kSeedA, kSeedB);
  Split other_a({90, 10}, SplitMode::Shuffled, kSeedA + 1, kSeedB);
  Split other_b({90, 10}, SplitMode::Shuffled, kSeedA, kSeedB + 1);
  Split same({90, 10}, SplitMode::Shuffled, kSeedA, kSeedB);
  const auto positions = canary_positions(one, 100);
  EXPECT_NE(positions, canary_positions(other_a, 100));
  EXPECT_NE(positions, canary_positions(other_b, 100));
  EXPECT_EQ(positions, canary_positions(same, 100));
}

// Plain round robin would give this client the canary always or never.
TEST(Split, AClientThatComesEveryTenthRequestGetsItsShare) {
  constexpr int kRounds = 20'000;
  Random random(1);
  Split split({90, 10}, SplitMode::Shuffled, kSeedA, kSeedB);
  for (int phase = 0; phase < 10; ++phase) {
    int canary = 0;
    for (int request = 0; request < kRounds; ++request)
      if (split.choose(random) == 1 && request % 10 == phase) ++canary;
    EXPECT_NEAR(canary, kRounds / 100, 4 * 14) << "phase " << phase;  // four standard deviations
  }
}

}  // namespace
}  // namespace kanaria::targets
