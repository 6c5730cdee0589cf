// Which rules can match at all, found from a request's host and path. Each value of a host condition becomes a key of a
// tree of reversed hosts ("*.shop.test" -> "tset.pohs."), each value of a path condition a key of a tree of paths
// ("/api/*" -> "/api/"); a text without wildcards ends in a 0 byte, which no longer text has. A rule stands at pairs of
// keys (the root: any host, any path), in the list of that key of the two which fewer rules share, and the other key is
// kept with it as a range of numbers: one look at both trees, then two comparisons a candidate.
// Where the keys don't say all ("/a*b", a condition of another kind), the candidate's conditions are asked.
// Immutable; shared by all workers.
#pragma once

#include <cstdint>
#include <vector>

#include "kanaria/rules/rule.hpp"
#include "prefix_tree.hpp"

namespace kanaria::rules {

class Index {
 public:
  /// `rules` in order, the default rule last; must outlive the index and stay where they are.
  explicit Index(const std::vector<Rule>& rules);

  /// The first rule that matches.
  const Rule& first_match(const Facts& facts) const;

 private:
  struct Candidate {
    std::uint32_t rule;
    PrefixTree::Key other;  // the key in the other tree,
    PrefixTree::Key end;    // and where those that start with it end
    bool certain;           // both keys found: the rule matches
  };
  using Lists = std::vector<std::vector<Candidate>>;  // by key; each in the order of rules

  const std::vector<Rule>& rules_;
  PrefixTree hosts_;
  PrefixTree paths_;
  Lists at_host_;
  Lists at_path_;
};

}  // namespace kanaria::rules
