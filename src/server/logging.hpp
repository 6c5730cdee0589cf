// The daemon's own events: one line each, to stderr, as text or JSON. Levels: error, something a person must look at;
// warn, something odd that goes on; info, what the operator did and what came of it.
#pragma once

#include "kanaria/config/model.hpp"

namespace kanaria::server {

void set_up_logging(const config::Log& log);

}  // namespace kanaria::server
