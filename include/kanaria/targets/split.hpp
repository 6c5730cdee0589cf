// Which target group a request goes to: a weighted random choice. Weights never change; new weights are a new Split.
// Shared by all workers, kept alive by the snapshots that name it; choose() is wait-free and touches one shared word.
//
// shuffled: requests draw tickets. Each aligned block of block_size() tickets is dealt in its own secret order, in
// which each group stands exactly weight / gcd times. So whole blocks are exact over all workers together, each single
// request still has exactly its group's share as probability, and the next group can't be told from the ones before.
// per_user: a user has a bucket, and its group is the one whose range holds it. The ranges follow one another in the
// order of the groups, so a group whose weight is raised only ever gains users, and one whose weight is lowered only
// ever loses some; with two groups nobody else moves. New users are dealt by tickets, exactly as above.
// The 64-bit ticket is taken to never wrap (at a million requests a second it would after 580,000 years).
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "kanaria/base/random.hpp"
#include "kanaria/config/model.hpp"

namespace kanaria::targets {

/// Of a user. Part of what users keep, so it never changes.
inline constexpr std::uint32_t kBuckets = 10'000;
/// That of a user who is known by name, by `scope`, name_hash() of LISTENER/RULE: the same on all instances and for
/// ever, another one in each rule.
std::uint32_t bucket_of(std::uint64_t scope, std::string_view user);
/// Where the users of a bucket go among the others while their group has failed: spread over them by weight, whatever
/// the bucket's neighbours do. Frozen as that is.
std::uint32_t refuge_of(std::uint32_t bucket);

class Split {
 public:
  static constexpr std::size_t kNone = SIZE_MAX;

  /// The sum of the weights must be below 2^32. The seeds are the secret that orders the blocks.
  Split(std::vector<std::uint32_t> weights, config::SplitMode mode, std::uint64_t seed_a, std::uint64_t seed_b);

  /// The index of a group, or kNone when all weights are 0.
  std::size_t choose(Random& random);

  /// The group of a bucket; not when all weights are 0.
  std::size_t group_at(std::uint32_t bucket) const;
  /// One of a group's buckets at random, each as likely; not of a group with weight 0.
  std::uint32_t bucket_in(std::size_t group, Random& random) const;

  std::size_t size() const { return weights_.size(); }
  std::uint32_t weight(std::size_t group) const { return weights_[group]; }
  /// The sum of the weights over their greatest common divisor; 0 when all are 0.
  std::uint32_t block_size() const { return block_size_; }

 private:
  std::size_t group_of(std::uint32_t slot) const;

  std::vector<std::uint32_t> weights_;
  std::vector<std::uint32_t> bucket_ends_;  // where the range of each group ends
  /// Slots of a block, up to `end`, that are a group's; the largest group has the last.
  struct Slots {
    std::uint32_t group;
    std::uint32_t end;
  };
  std::vector<Slots> slots_;
  std::uint32_t others_ = 0;  // slots that are not the largest group's
  std::uint32_t block_size_ = 0;
  std::uint32_t rows_ = 0;  // a block's slots as a table, about as wide as it is high
  std::uint32_t columns_ = 0;
  config::SplitMode mode_;
  std::uint64_t seed_a_;
  std::uint64_t seed_b_;
  alignas(128) std::atomic<std::uint64_t> ticket_{0};  // alone on its lines: all workers write it
};

}  // namespace kanaria::targets
