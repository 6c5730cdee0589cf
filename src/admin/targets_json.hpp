// A group's targets as JSON: what targets and status answer with.
#pragma once

#include <string>

#include "kanaria/server/reports.hpp"
#include "reply.hpp"

namespace kanaria::admin {

Json json_of(const std::string& group, const server::GroupTargets& found);

}  // namespace kanaria::admin
