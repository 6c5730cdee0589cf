// The longest of many keys that a text starts with, at a cost that depends on the text alone. Keys are numbered in
// sorted order; number 0 is always the empty key, which every text starts with. Keys that start with another key follow
// it without a gap, so "key b starts with key a" is a <= b < end(a).
// Immutable after construction; keys are at most kMaxKey bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kanaria::rules {

class PrefixTree {
 public:
  using Key = std::uint32_t;
  static constexpr Key kRoot = 0;  // the empty key

  explicit PrefixTree(std::vector<std::string> keys);
  PrefixTree(const PrefixTree&) = delete;  // nodes look into keys_
  PrefixTree& operator=(const PrefixTree&) = delete;

  std::size_t size() const { return keys_.size(); }
  /// The number of a key that was given to the constructor.
  Key number_of(std::string_view key) const;
  /// The longest key that `text` starts with.
  Key longest_in(std::string_view text) const;
  /// The longest other key that this one starts with; of the root the root.
  Key parent(Key key) const { return parents_[key]; }
  Key end(Key key) const { return ends_[key]; }

 private:
  static constexpr Key kNoKey = UINT32_MAX;
  struct Node {
    std::string_view label;  // between the parent node and this one
    Key key = kNoKey;        // that ends here
    std::uint32_t first_child = 0;
    std::uint32_t children = 0;
  };
  const Node* child_of(const Node& node, char first) const;
  void build(std::size_t node, Key first, Key last, std::size_t depth);

  std::vector<std::string> keys_;
  std::vector<Key> parents_;
  std::vector<Key> ends_;
  std::vector<Node> nodes_;
  std::string first_bytes_;  // of each node's label, so that a child is found by one memchr
};

}  // namespace kanaria::rules
