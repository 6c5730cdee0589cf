// What must hold between stickiness and the rest of a file: ALB's exclusions (alb.md §3.1, §4.2, §4.6) and our own. A
// part of validate().
#pragma once

#include "kanaria/config/model.hpp"

namespace kanaria::config {

void check_stickiness(const Model& model, Diagnostics& diagnostics);
/// What is only odd; for a model without faults.
void warn_of_stickiness(const Model& model, Diagnostics& diagnostics);

}  // namespace kanaria::config
