// What only compiling finds wrong in rules, also where the file has other faults: so that one look at a file shows them
// all. Blocking; no thread of its own.
#pragma once

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"

namespace kanaria::rules {

/// Adds the faults of every regular expression and transform. `draft` may be half of a model (config::Loaded::draft);
/// of a model without faults RuleTable::compile() and check_matches() say the same, so only these or this is called.
void check_patterns(const config::Model& draft, config::Diagnostics& diagnostics);

/// Those of rollouts alone: their matches are in no rule table.
void check_matches(const config::Model& draft, config::Diagnostics& diagnostics);

}  // namespace kanaria::rules
