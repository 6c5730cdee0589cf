// The admin HTTP API (surface.md, "Admin HTTP"): health, readiness, metrics, reload. An Exchange handler like the
// proxy's, on control's thread and its own listener. A page in a browser elsewhere must not be able to change anything:
// Host and Origin are checked, changes want application/json.
#pragma once

#include "kanaria/http/exchange.hpp"
#include "kanaria/server/server.hpp"

namespace kanaria::admin {

class Api final : public http::Handler {
 public:
  explicit Api(server::Server& server) : server_(server) {}

  const http::ConnectionPolicy& policy() const override { return policy_; }
  net::Awaitable<void> handle(http::Exchange& client) override;
  net::Awaitable<void> refuse(http::Exchange& client, Fault fault) override;

 private:
  server::Server& server_;
  http::ConnectionPolicy policy_;
};

/// May a request with this Host header reach the API? Names of this machine's loopback and addresses only: what a
/// rebound DNS name can't be.
bool is_local_host(std::string_view authority);

}  // namespace kanaria::admin
