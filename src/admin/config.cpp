#include "kanaria/config/print.hpp"
#include "routes.hpp"

namespace kanaria::admin {

/// What is in force, weights and targets that were set by hand included, shares of rollouts not: as a file that passes
/// `check`. It has no secrets: those are in files of their own.
net::Awaitable<Reply> config_get(Call& call) {
  co_return json(200, {{"yaml", config::to_yaml(*call.server.without_rollouts())},
                       {"file_yaml", config::to_yaml(call.server.file())}});
}

}  // namespace kanaria::admin
