// `kanaria serve`: a server with the admin API in front of it. Blocks until the daemon has stopped.
#pragma once

#include <string>

namespace kanaria::admin {

/// Returns the exit status: 0 drained, 1 could not start, 78 bad configuration.
int serve(const std::string& config_file);

}  // namespace kanaria::admin
