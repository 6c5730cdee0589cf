// The daemon's own events: one line each, to stderr, as text or JSON. Levels: error, something a person must look at;
// warn, something odd that goes on; info, what the operator did and what came of it.
#pragma once

#include <string>

#include "kanaria/config/model.hpp"
#include "kanaria/observe/access_log.hpp"

namespace kanaria::server {

void set_up_logging(const config::Log& log);

/// The daemon's log and the access log as the model has them. What went wrong, and then nothing has changed, or "".
std::string configure_logs(const config::Model& model, observe::AccessLog& access_log);

/// The access log's file was moved away: opens its path again, and logs how that went.
void reopen(observe::AccessLog& access_log);

}  // namespace kanaria::server
