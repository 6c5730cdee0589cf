// A listener's rules, compiled: find() returns the first whose conditions all hold, by priority; the default rule
// always holds. Exact and prefix/suffix patterns of host and path conditions are indexed, so that the cost of a request
// doesn't grow with the number of rules. Immutable after compile(); shared by all workers; no lock, no allocation of
// ours in find().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"
#include "kanaria/rules/condition.hpp"
#include "kanaria/rules/rule.hpp"

namespace kanaria::rules {

class Index;  // src/rules/index.hpp

/// For `kanaria explain`: one rule, looked at as find() does.
struct Verdict {
  const Rule* rule = nullptr;
  bool matches = false;
  /// One a condition, in words. Of a rule that matches: `path_pattern "/api/*" matches /api/cart`; of another:
  /// `path_pattern yes`, `query_string beta=2: found beta=1`. Empty for the default rule.
  std::vector<std::string> reasons;
};

class RuleTable {
 public:
  /// Faults that only compiling finds (a bad regular expression, \p and \C) go to `diagnostics` with their places; null
  /// then. `workers` is how many values Subject::worker may have, at least 1.
  static std::unique_ptr<const RuleTable> compile(const config::Listener& listener, unsigned workers,
                                                  config::Diagnostics& diagnostics);
  ~RuleTable();

  const Rule& find(const Subject& subject) const;
  const std::vector<Rule>& rules() const { return rules_; }  // by priority, the default rule last
  std::uint32_t forwards() const { return forwards_; }       // how many Forward::index there are
  /// Every rule down to the match, which is the last.
  std::vector<Verdict> explain(const Subject& subject) const;

 private:
  RuleTable(std::vector<Rule> rules, std::uint32_t forwards);
  std::vector<Rule> rules_;
  std::uint32_t forwards_;
  std::unique_ptr<const Index> index_;
};

}  // namespace kanaria::rules
