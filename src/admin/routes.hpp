// What the admin API offers, as one table: docs/openapi.json describes the same, and a test holds the two together.
#pragma once

#include <span>
#include <string_view>

#include "call.hpp"
#include "kanaria/net/awaitable.hpp"
#include "reply.hpp"

namespace kanaria::admin {

/// Whom a route lets in.
enum class Guard : std::uint8_t {
  None,   // for probes and Prometheus: no Host check, no token
  Reads,  // on the read-only address too, and without a token there
  Changes,
};

struct Route {
  std::string_view method;  // GET means HEAD too
  std::string_view path;    // with {name} for a segment
  Guard guard;
  bool when_ready;              // 503 while starting; what changes something also while draining
  std::string_view parameters;  // of the query, with spaces between
  net::Awaitable<Reply> (*handle)(Call& call);
};

std::span<const Route> routes();

// The handlers, each in the file that its name begins with.
net::Awaitable<Reply> config_get(Call& call);
net::Awaitable<Reply> errors_get(Call& call);
net::Awaitable<Reply> explain_get(Call& call);
net::Awaitable<Reply> process_healthz(Call& call);
net::Awaitable<Reply> process_readyz(Call& call);
net::Awaitable<Reply> process_metrics(Call& call);
net::Awaitable<Reply> process_reload(Call& call);
net::Awaitable<Reply> rollouts_list(Call& call);
net::Awaitable<Reply> rollouts_get(Call& call);
net::Awaitable<Reply> rollouts_post(Call& call);
net::Awaitable<Reply> status_get(Call& call);
net::Awaitable<Reply> targets_get(Call& call);
net::Awaitable<Reply> targets_post(Call& call);
net::Awaitable<Reply> targets_delete(Call& call);
net::Awaitable<Reply> weights_get(Call& call);
net::Awaitable<Reply> weights_put(Call& call);
net::Awaitable<Reply> weights_delete(Call& call);

}  // namespace kanaria::admin
