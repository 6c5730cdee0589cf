#include "kanaria/base/block.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <cstring>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include "support/sanitizers.hpp"

namespace kanaria {
namespace {

TEST(Block, HasTheSizeOfItsClass) {
  BlockPool pool;
  for (const BlockSize size :
       {BlockSize::Tiny, BlockSize::Small, BlockSize::Medium, BlockSize::Head, BlockSize::Large}) {
    const Block block = pool.take(size);
    EXPECT_EQ(block.size(), bytes_of(size));
    EXPECT_EQ(block.size_class(), size);
    std::memset(block.data(), 1, block.size());
  }
}

TEST(Block, GoesBackToItsPool) {
  BlockPool pool;
  char* address = nullptr;
  {
    const Block block = pool.take(BlockSize::Small);
    address = block.data();
    EXPECT_EQ(pool.lent(), 1U);
  }
  EXPECT_EQ(pool.lent(), 0U);
  EXPECT_EQ(pool.take(BlockSize::Small).data(), address);
}

TEST(Block, AnEmptyOneHoldsNothing) {
  Block block;
  EXPECT_FALSE(block);
  EXPECT_EQ(block.size(), 0U);
  block.release();
}

TEST(Block, MovesWithItsMemory) {
  BlockPool pool;
  Block first = pool.take(BlockSize::Small);
  char* const address = first.data();
  Block second = std::move(first);
  EXPECT_EQ(second.data(), address);
  EXPECT_EQ(pool.lent(), 1U);
  second = pool.take(BlockSize::Medium);
  EXPECT_EQ(pool.lent(), 1U);
  second.release();
  EXPECT_FALSE(second);
  EXPECT_EQ(pool.lent(), 0U);
}

TEST(BlockPool, TakesBackMoreThanItKeeps) {
  BlockPool pool;
  std::vector<Block> blocks;
  blocks.reserve(100);
  for (int i = 0; i < 100; ++i) blocks.push_back(pool.take(BlockSize::Head));
  EXPECT_EQ(pool.lent(), 100U);
  blocks.clear();
  EXPECT_EQ(pool.lent(), 0U);
}

/// Bytes of memory that the process holds, as the kernel counts pages.
std::size_t resident() {
  std::ifstream statm("/proc/self/statm");
  std::size_t size = 0;
  std::size_t pages = 0;
  statm >> size >> pages;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

TEST(BlockPool, GivesThePagesOfManyBlocksBackToTheSystem) {
  BlockPool pool;
  std::vector<Block> blocks;
  std::vector<std::unique_ptr<char[]>> between;  // what would keep the allocator from giving back what is before it
  const std::size_t before = resident();
  for (int i = 0; i < 500; ++i) {
    blocks.push_back(pool.take(BlockSize::Head));
    std::memset(blocks.back().data(), 1, blocks.back().size());
    between.push_back(std::make_unique<char[]>(1000));
  }
  const std::size_t taken = resident() - before;
  if (test::kSanitized) GTEST_SKIP() << "a sanitizer's allocator keeps what is freed";
  EXPECT_GT(taken, 500 * bytes_of(BlockSize::Head) * 9 / 10);
  blocks.clear();
  EXPECT_LT(resident() - before, taken / 5);
}

TEST(Block, GivesThePagesBackThatItDiscards) {
  BlockPool pool;
  std::vector<Block> blocks;
  const std::size_t before = resident();
  for (int i = 0; i < 500; ++i) {
    blocks.push_back(pool.take(BlockSize::Head));
    std::memset(blocks.back().data(), 'x', blocks.back().size());
  }
  const std::size_t taken = resident() - before;
  for (Block& block : blocks) block.discard(10'000, block.size() - 10'000);
  EXPECT_LT(resident() - before, taken / 2);
  for (const Block& block : blocks) {
    EXPECT_EQ(std::string_view(block.data(), 10'000), std::string(10'000, 'x'));
    EXPECT_EQ(std::string_view(block.data() + block.size() - 10'000, 10'000), std::string(10'000, 'x'));
  }
  blocks.front().discard(10, 20);
  blocks.front().discard(20, 10);
  EXPECT_EQ(std::string_view(blocks.front().data(), 30), std::string(30, 'x'));
}

TEST(BlockPool, SparesLargeBlocksUntilManyAreInUse) {
  BlockPool pool;
  std::vector<Block> blocks;
  while (pool.can_spare_large() && blocks.size() < 1000) blocks.push_back(pool.take(BlockSize::Large));
  EXPECT_FALSE(pool.can_spare_large());
  const Block anyway = pool.take(BlockSize::Large);
  EXPECT_EQ(anyway.size_class(), BlockSize::Large);
  blocks.clear();
  EXPECT_TRUE(pool.can_spare_large());
}

TEST(Arena, ViewsStayValidWhileItGrows) {
  BlockPool pool;
  Arena arena(pool);
  std::vector<std::string_view> views;
  views.reserve(1000);
  for (int i = 0; i < 1000; ++i) views.push_back(arena.keep("text number " + std::to_string(i)));
  for (int i = 0; i < 1000; ++i) EXPECT_EQ(views[static_cast<std::size_t>(i)], "text number " + std::to_string(i));
  EXPECT_GT(pool.lent(), 1U);
}

TEST(Arena, JoinsPartsAndKeepsNoNothing) {
  BlockPool pool;
  Arena arena(pool);
  EXPECT_EQ(arena.join({"a", "", "bc"}), "abc");
  EXPECT_TRUE(arena.join({"", ""}).empty());
  EXPECT_TRUE(arena.keep("").empty());
}

TEST(Arena, LargeTextsGetALargeBlock) {
  BlockPool pool;
  Arena arena(pool);
  const std::string large(bytes_of(BlockSize::Large), 'x');
  EXPECT_EQ(arena.keep("small"), "small");
  EXPECT_EQ(arena.keep(large), large);
  EXPECT_EQ(arena.keep("small again"), "small again");
}

TEST(Arena, TakesBackWhatWasPassing) {
  BlockPool pool;
  Arena arena(pool);
  const std::string_view kept = arena.keep("kept");
  {
    const Arena::Passing passing(arena);
    arena.keep("gone");
    arena.keep(std::string(bytes_of(BlockSize::Medium), 'x'));
    EXPECT_EQ(pool.lent(), 2U);
  }
  EXPECT_EQ(pool.lent(), 1U);
  EXPECT_EQ(arena.keep("next").data(), kept.data() + kept.size());
  EXPECT_EQ(kept, "kept");
}

TEST(Arena, ClearGivesEverythingBack) {
  BlockPool pool;
  Arena arena(pool);
  arena.keep("text");
  EXPECT_EQ(pool.lent(), 1U);
  arena.clear();
  EXPECT_EQ(pool.lent(), 0U);
  EXPECT_EQ(arena.keep("again"), "again");
}

}  // namespace
}  // namespace kanaria
