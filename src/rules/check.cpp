#include "kanaria/rules/check.hpp"

#include <string>

#include "kanaria/rules/rule.hpp"

namespace kanaria::rules {

void check_patterns(const config::Model& draft, config::Diagnostics& diagnostics) {
  for (const config::Listener& listener : draft.listeners) {
    for (const config::Rule& rule : listener.rules) {
      // Nobody matches against this rule, so its numbers don't matter.
      Rule(rule, 0, 0, 1, path_of(listener, rule), diagnostics);
    }
  }
}

}  // namespace kanaria::rules
