// Whether one rule leaves nothing to another, as far as that shows without thinking about patterns: a condition that
// always holds, or one whose values are among the other's. Pure.
#pragma once

#include "kanaria/config/model.hpp"

namespace kanaria::config {

/// Every request that `below` matches is surely matched by `above` too. False also when it is hard to say.
bool covers(const Rule& above, const Rule& below);

}  // namespace kanaria::config
