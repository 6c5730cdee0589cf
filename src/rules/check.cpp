#include "kanaria/rules/check.hpp"

#include <string>

#include "kanaria/rules/condition.hpp"
#include "kanaria/rules/rule.hpp"

namespace kanaria::rules {

void check_matches(const config::Model& draft, config::Diagnostics& diagnostics) {
  for (const config::Rollout& rollout : draft.rollouts) {
    for (std::size_t i = 0; i < rollout.match.size(); ++i) {
      const std::string path = "rollouts[" + rollout.name + "].match[" + std::to_string(i) + ']';
      for (const config::Condition& condition : rollout.match[i].conditions)
        Condition::compile(condition, 1, path, diagnostics);
    }
  }
}

void check_patterns(const config::Model& draft, config::Diagnostics& diagnostics) {
  for (const config::Listener& listener : draft.listeners) {
    for (const config::Rule& rule : listener.rules) {
      // Nobody matches against this rule, so its numbers don't matter.
      Rule(rule, 0, 0, 1, path_of(listener, rule), diagnostics);
    }
  }
  check_matches(draft, diagnostics);
}

}  // namespace kanaria::rules
