// What must hold between the parts of a Model: names that exist and are unique, priorities, quotas (alb.md §1.2), and
// what is odd enough for a warning. parse() calls it; overlays of the store call it again after an edit. Pure.
#pragma once

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"

namespace kanaria::config {

void validate(const Model& model, Diagnostics& diagnostics);

}  // namespace kanaria::config
