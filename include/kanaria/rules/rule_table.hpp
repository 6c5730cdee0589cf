// A listener's rules, compiled: find() returns the first whose conditions all hold, by priority; the default rule
// always holds. Exact and prefix/suffix patterns of host and path conditions are indexed, so that the cost of a request
// doesn't grow with the number of rules. Immutable after compile(); shared by all workers; no lock, no allocation in
// find().
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/base/block.hpp"
#include "kanaria/base/error.hpp"
#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"
#include "kanaria/http/headers.hpp"
#include "kanaria/rules/action.hpp"
#include "kanaria/rules/condition.hpp"

namespace kanaria::rules {

class Transform;  // transform.hpp

class Rule {
 public:
  const std::string& name() const;
  int priority() const;         // 0: the default rule
  std::uint32_t index() const;  // dense, 0 ... in priority order, the default rule last
  const Action& action() const;
  /// The rule's transforms applied: changes `rewritten` where they match; TransformFailed where the result is no valid
  /// target or host, or over 16K (alb.md §3.5).
  Result<void> rewrite(const http::RequestHead& head, unsigned worker, Arena& arena, http::Rewritten& rewritten) const;
  bool has_transforms() const;
};

/// For `kanaria explain`: one rule, looked at as find() does.
struct Verdict {
  const Rule* rule = nullptr;
  bool matches = false;
  std::vector<std::string>
      reasons;  // one a condition, in words: `path_pattern yes`, `query_string beta=2: found beta=1`
};

class RuleTable {
 public:
  /// Faults that only compiling finds (a bad regular expression, \p and \C) go to `diagnostics` with their places; null
  /// then.
  static std::unique_ptr<const RuleTable> compile(const config::Listener& listener, unsigned workers,
                                                  config::Diagnostics& diagnostics);
  ~RuleTable();

  const Rule& find(const Subject& subject) const;
  const std::vector<Rule>& rules() const;  // by priority, the default rule last
  std::uint32_t forwards() const;          // how many Forward::index there are
  /// Every rule down to the match, which is the last.
  std::vector<Verdict> explain(const Subject& subject) const;
};

}  // namespace kanaria::rules
