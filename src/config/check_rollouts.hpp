// What must hold between rollouts and the rest of a file: rules and groups that exist, steps that lead to the end. A
// part of validate().
#pragma once

#include "kanaria/config/model.hpp"

namespace kanaria::config {

void check_rollouts(const Model& model, Diagnostics& diagnostics);
/// What is only odd; for a model without faults.
void warn_of_rollouts(const Model& model, Diagnostics& diagnostics);

}  // namespace kanaria::config
