// The admin HTTP API (docs/admin-api.md): what runs, how it is, and changes of it. An Exchange handler like the
// proxy's, on control's thread and its own listeners. A page in a browser elsewhere must not be able to change
// anything: Host and Origin are checked, changes want application/json.
#pragma once

#include "kanaria/http/exchange.hpp"
#include "kanaria/server/server.hpp"

namespace kanaria::admin {

/// What may be asked for at an address.
enum class Access : std::uint8_t { Full, ReadOnly };

class Api final : public http::Handler {
 public:
  Api(server::Server& server, Access access) : server_(server), access_(access) {}

  const http::ConnectionPolicy& policy() const override { return policy_; }
  net::Awaitable<void> handle(http::Exchange& client) override;
  net::Awaitable<void> refuse(http::Exchange& client, Fault fault) override;

 private:
  server::Server& server_;
  Access access_;
  http::ConnectionPolicy policy_;
};

/// May a request with this Host header reach the API? Names of this machine's loopback and addresses only: what a
/// rebound DNS name can't be.
bool is_local_host(std::string_view authority);

}  // namespace kanaria::admin
