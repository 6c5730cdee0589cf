// Where a request of a listener arrives: pins the snapshot, finds the rule, carries out its action, and fills the one
// record that metrics and the access log get. One a worker and binding, on its worker's thread.
#pragma once

#include "kanaria/http/exchange.hpp"
#include "kanaria/proxy/context.hpp"

namespace kanaria::proxy {

class RequestHandler final : public http::Handler {
 public:
  RequestHandler(Context& context, std::uint32_t binding) : context_(context), binding_(binding) {}

  http::Timeouts timeouts() const override;
  net::Awaitable<void> handle(http::Exchange& client) override;
  net::Awaitable<void> refuse(http::Exchange& client, Fault fault) override;

 private:
  Context& context_;
  std::uint32_t binding_;
};

}  // namespace kanaria::proxy
