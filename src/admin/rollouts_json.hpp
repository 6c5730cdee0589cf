// Rollouts as JSON: what the API of rollouts and status answer with.
#pragma once

#include "kanaria/rollout/report.hpp"
#include "reply.hpp"

namespace kanaria::admin {

/// All of it. Each key is always there: null where there is nothing.
Json json_of(const rollout::Report& report);
/// What status tells of it.
Json summary_json(const rollout::Report& report);

}  // namespace kanaria::admin
