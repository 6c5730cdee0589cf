#include "kanaria/targets/split.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <utility>

#include "kanaria/base/siphash.hpp"

namespace kanaria::targets {
namespace {

// 2^64 over the golden ratio: multiples of it are far apart from each other.
constexpr std::uint64_t kStride = 0x9e3779b97f4a7c15;
// Up to so many slots of all groups but the largest pick their places one by one, a perfect shuffle; for more that
// takes too long.
constexpr std::uint32_t kPicked = 16;
// Of the network for other blocks. With six, 400,000 blocks of 17 still show a bias of their pairs; with eight, none.
constexpr std::uint64_t kRounds = 8;

std::uint32_t bucket_of_hash(std::uint64_t hash) {
  __extension__ using Wide = unsigned __int128;
  return static_cast<std::uint32_t>(Wide{hash} * kBuckets >> 64);
}

struct BlockKey {
  std::uint64_t a;
  std::uint64_t b;
};

// A block's key is its number after SipHash-2-4's mixing (Aumasson, Bernstein 2012), both halves: what was seen of
// earlier blocks tells nothing about a later one.
BlockKey key_of(std::uint64_t block, std::uint64_t seed_a, std::uint64_t seed_b) {
  SipState state(seed_a, seed_b);
  state.v3 ^= block;
  state.mix(2);
  state.v0 ^= block;
  state.v2 ^= 0xff;
  state.mix(4);
  return {state.v0 ^ state.v1, state.v2 ^ state.v3};
}

// A number below `bound` from the block's key, what it is for and what went in. Its bias is below bound / 2^32.
std::uint32_t draw(const BlockKey& key, std::uint64_t use, std::uint32_t input, std::uint32_t bound) {
  __extension__ using Wide = unsigned __int128;
  const std::uint64_t state = key.a + (use << 32 | input) * kStride;
  const Wide product = static_cast<Wide>(state) * (state ^ key.b);
  const auto folded = static_cast<std::uint32_t>((product >> 64) ^ product);
  return static_cast<std::uint32_t>((std::uint64_t{folded} * bound) >> 32);
}

// The first `count` slots pick a place each, one after another, among those that are still free. Which of them has this
// position; none: `count`. Every ticket of the block sees the same picks.
std::uint32_t picked_slot(const BlockKey& key, std::uint32_t position, std::uint32_t size, std::uint32_t count) {
  std::array<std::uint32_t, kPicked> taken{};  // sorted
  for (std::uint32_t slot = 0; slot < count; ++slot) {
    std::uint32_t place = draw(key, slot, 0, size - slot);
    std::uint32_t before = 0;
    while (before < slot && taken[before] <= place) {
      ++before;
      ++place;
    }
    if (place == position) return slot;
    std::copy_backward(taken.begin() + before, taken.begin() + slot, taken.begin() + slot + 1);
    taken[before] = place;
  }
  return count;
}

// Both below `bound`, which may be close to 2^32.
std::uint32_t add_modulo(std::uint32_t a, std::uint32_t b, std::uint32_t bound) {
  const std::uint32_t room = bound - a;
  return b < room ? a + b : b - room;
}

struct Table {
  std::uint32_t rows;
  std::uint32_t columns;
};

// A permutation found without a list of it: an alternating Feistel network on the slots as a table, whose rounds add to
// one coordinate a number drawn from the other. A round can be undone, so no two slots meet. A slot that falls outside
// the block walks on until it is inside again, which keeps that.
std::uint32_t permuted_slot(const BlockKey& key, std::uint32_t slot, std::uint32_t size, const Table& table) {
  do {
    std::uint32_t row = slot / table.columns;
    std::uint32_t column = slot % table.columns;
    for (std::uint64_t round = 1; round <= kRounds; round += 2) {
      row = add_modulo(row, draw(key, round, column, table.rows), table.rows);
      column = add_modulo(column, draw(key, round + 1, row, table.columns), table.columns);
    }
    slot = row * table.columns + column;
  } while (slot >= size);
  // Turning the whole block by a drawn amount makes each position's share exact, whatever the walk did to it.
  return add_modulo(slot, draw(key, 0, 0, size), size);
}

}  // namespace

Split::Split(std::vector<std::uint32_t> weights, config::SplitMode mode, std::uint64_t seed_a, std::uint64_t seed_b)
    : weights_(std::move(weights)), mode_(mode), seed_a_(seed_a), seed_b_(seed_b) {
  std::uint32_t divisor = 0;
  for (const std::uint32_t weight : weights_) divisor = std::gcd(divisor, weight);
  if (divisor == 0) return;
  const std::uint64_t total = std::accumulate(weights_.begin(), weights_.end(), std::uint64_t{0});
  std::uint64_t sum = 0;
  for (const std::uint32_t weight : weights_)
    bucket_ends_.push_back(static_cast<std::uint32_t>((sum += weight) * kBuckets / total));
  const auto largest = std::max_element(weights_.begin(), weights_.end());
  for (auto weight = weights_.begin(); weight != weights_.end(); ++weight)
    if (weight != largest)
      slots_.push_back({static_cast<std::uint32_t>(weight - weights_.begin()), others_ += *weight / divisor});
  block_size_ = others_ + *largest / divisor;
  slots_.push_back({static_cast<std::uint32_t>(largest - weights_.begin()), block_size_});

  rows_ = static_cast<std::uint32_t>(std::sqrt(block_size_));
  columns_ = (block_size_ - 1) / rows_ + 1;
}

std::uint32_t bucket_of(std::uint64_t scope, std::string_view user) {
  return bucket_of_hash(siphash(scope, 0, user));
}

std::uint32_t refuge_of(std::uint32_t bucket) {
  return bucket_of_hash(siphash(bucket, 1, "refuge"));
}

std::size_t Split::group_at(std::uint32_t bucket) const {
  std::size_t group = 0;
  while (bucket >= bucket_ends_[group]) ++group;
  return group;
}

std::uint32_t Split::bucket_in(std::size_t group, Random& random) const {
  const std::uint32_t begin = group == 0 ? 0 : bucket_ends_[group - 1];
  return begin + static_cast<std::uint32_t>(random.below(bucket_ends_[group] - begin));
}

std::size_t Split::choose(Random& random) {
  if (block_size_ == 0) return kNone;
  if (block_size_ == 1) return group_of(0);
  if (mode_ == config::SplitMode::Random) return group_of(static_cast<std::uint32_t>(random.below(block_size_)));
  const std::uint64_t ticket = ticket_.fetch_add(1, std::memory_order_relaxed);
  const BlockKey key = key_of(ticket / block_size_, seed_a_, seed_b_);
  const auto position = static_cast<std::uint32_t>(ticket % block_size_);
  return group_of(others_ <= kPicked ? picked_slot(key, position, block_size_, others_)
                                     : permuted_slot(key, position, block_size_, {rows_, columns_}));
}

// Counts instead of searching: which group comes can't be predicted, so neither could a branch on it.
std::size_t Split::group_of(std::uint32_t slot) const {
  std::size_t owner = 0;
  for (const Slots& slots : slots_) owner += slot >= slots.end ? 1 : 0;
  return slots_[owner].group;
}

}  // namespace kanaria::targets
