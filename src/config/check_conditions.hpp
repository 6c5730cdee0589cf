// How much the conditions of one rule, or of one match of a rollout, may hold: alb.md §1.2. A part of validate().
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/rule.hpp"

namespace kanaria::config {

/// `what` they belong to: "a rule". Returns the number of wildcards, 0 where that is a fault.
std::size_t check_conditions(std::string_view what, const std::vector<Condition>& conditions, Position at,
                             const std::string& path, Diagnostics& diagnostics);

}  // namespace kanaria::config
