#include "prefix_tree.hpp"

#include <algorithm>
#include <cstring>

namespace kanaria::rules {

PrefixTree::PrefixTree(std::vector<std::string> keys) : keys_(std::move(keys)) {
  keys_.emplace_back();
  std::sort(keys_.begin(), keys_.end());
  keys_.erase(std::unique(keys_.begin(), keys_.end()), keys_.end());

  const auto count = static_cast<Key>(keys_.size());
  parents_.assign(count, kRoot);
  ends_.resize(count);
  for (Key key = 0; key < count; ++key) {
    ends_[key] = key + 1;
    if (key == kRoot) continue;
    Key parent = key - 1;
    while (!keys_[key].starts_with(keys_[parent])) parent = parents_[parent];
    parents_[key] = parent;
  }
  for (Key key = count - 1; key > kRoot; --key) ends_[parents_[key]] = std::max(ends_[parents_[key]], ends_[key]);

  nodes_.emplace_back();
  first_bytes_.push_back('\0');
  build(0, 0, count, 0);
}

// Keys [first, last) share their first `depth` bytes, and `node` stands for what more they all share.
void PrefixTree::build(std::size_t node, Key first, Key last, std::size_t depth) {
  const std::string_view low = keys_[first];
  const std::string_view high = keys_[last - 1];
  const auto shared =
      static_cast<std::size_t>(std::mismatch(low.begin() + static_cast<std::ptrdiff_t>(depth), low.end(),
                                             high.begin() + static_cast<std::ptrdiff_t>(depth), high.end())
                                   .first -
                               low.begin());
  nodes_[node].label = low.substr(depth, shared - depth);
  if (low.size() == shared) nodes_[node].key = first++;

  const auto group_end = [&](Key begin) {
    return static_cast<Key>(std::find_if(keys_.begin() + begin, keys_.begin() + last,
                                         [&](const std::string& key) { return key[shared] != keys_[begin][shared]; }) -
                            keys_.begin());
  };
  const auto first_child = static_cast<std::uint32_t>(nodes_.size());
  for (Key begin = first; begin < last; begin = group_end(begin)) {
    nodes_.emplace_back();
    first_bytes_.push_back(keys_[begin][shared]);
  }
  nodes_[node].first_child = first_child;
  nodes_[node].children = static_cast<std::uint32_t>(nodes_.size()) - first_child;
  std::size_t child = first_child;
  for (Key begin = first; begin < last; begin = group_end(begin)) build(child++, begin, group_end(begin), shared);
}

PrefixTree::Key PrefixTree::number_of(std::string_view key) const {
  return static_cast<Key>(std::lower_bound(keys_.begin(), keys_.end(), key) - keys_.begin());
}

// A child is found by the first byte of its label, so that only the rest of a label is still to be compared; inside the
// tree there is mostly none.
PrefixTree::Key PrefixTree::longest_in(std::string_view text) const {
  const Node* node = nodes_.data();
  if (!text.starts_with(node->label)) return kRoot;
  Key longest = kRoot;
  for (;;) {
    if (node->key != kNoKey) longest = node->key;
    text.remove_prefix(node->label.size());
    node = text.empty() ? nullptr : child_of(*node, text.front());
    if (node == nullptr) return longest;
    if (node->label.size() > 1 && !text.substr(1).starts_with(node->label.substr(1))) return longest;
  }
}

const PrefixTree::Node* PrefixTree::child_of(const Node& node, char first) const {
  const char* const children = first_bytes_.data() + node.first_child;
  if (node.children < 2) return node.children == 1 && *children == first ? &nodes_[node.first_child] : nullptr;
  const void* const found = std::memchr(children, first, node.children);
  if (found == nullptr) return nullptr;
  return &nodes_[static_cast<std::size_t>(static_cast<const char*>(found) - first_bytes_.data())];
}

}  // namespace kanaria::rules
