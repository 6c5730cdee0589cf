// One rule, compiled: its conditions, transforms and action. Owned by its RuleTable; immutable, shared by all workers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/base/block.hpp"
#include "kanaria/base/error.hpp"
#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"
#include "kanaria/http/headers.hpp"
#include "kanaria/http/message.hpp"
#include "kanaria/rules/action.hpp"
#include "kanaria/rules/condition.hpp"
#include "kanaria/rules/transform.hpp"

namespace kanaria::rules {

/// A rule's place in the model, for diagnostics: "listeners[http-80].rules[canary]".
std::string path_of(const config::Listener& listener, const config::Rule& rule);

class Rule {
 public:
  /// `path` is the rule's place in the model, for diagnostics. Faults leave a rule that is not to be used.
  Rule(const config::Rule& rule, std::uint32_t index, std::uint32_t forward_index, unsigned workers,
       const std::string& path, config::Diagnostics& diagnostics);

  const std::string& name() const { return name_; }
  int priority() const { return priority_; }      // 0: the default rule
  std::uint32_t index() const { return index_; }  // dense, 0 ... in priority order, the default rule last
  const Action& action() const { return action_; }
  const std::vector<Condition>& conditions() const { return conditions_; }
  /// All conditions hold; of the default rule always.
  bool matches(const Facts& facts) const;
  /// The rule's transforms applied: changes `rewritten` where they match; TransformFailed where the result is no valid
  /// target or host, or over 16K (alb.md §3.5). The host is rewritten without its port, which stays as it was sent.
  Result<void> rewrite(const http::RequestHead& head, unsigned worker, Arena& arena, http::Rewritten& rewritten) const;
  bool has_transforms() const { return host_rewrite_ || url_rewrite_; }
  /// `host_header_rewrite "^a$" -> "b"`, `url_rewrite ...`; empty without transforms.
  std::vector<std::string> transform_words() const;

 private:
  std::string name_;
  int priority_;
  std::uint32_t index_;
  std::vector<Condition> conditions_;
  std::optional<Transform> host_rewrite_;
  std::optional<Transform> url_rewrite_;
  Action action_;
};

}  // namespace kanaria::rules
