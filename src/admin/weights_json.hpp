// A rule's weights as JSON: what weights and status answer with.
#pragma once

#include "kanaria/server/reports.hpp"
#include "reply.hpp"

namespace kanaria::admin {

/// `window`: seconds that the traffic is of.
Json json_of(const server::RuleWeights& weights, double window);

}  // namespace kanaria::admin
