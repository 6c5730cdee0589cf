// Where a request of a listener arrives: pins the snapshot, finds the rule, carries out its action, and fills the one
// record that metrics and the access log get. One a worker and binding, on its worker's thread.
#pragma once

#include <optional>

#include "kanaria/http/exchange.hpp"
#include "kanaria/proxy/context.hpp"

namespace kanaria::proxy {

class RequestHandler final : public http::Handler {
 public:
  RequestHandler(Context& context, std::uint32_t binding) : context_(context), binding_(binding) {}

  /// Its listener is about to leave the configuration: requests of connections that are still open go by the present
  /// one until let_go().
  void keep_present();
  void let_go() { kept_.reset(); }
  /// Its listener as its requests see it; null: it is gone, and so is the time that its connections had.
  const runtime::Listener* listener() const { return snapshot().listener(binding_); }

  const http::ConnectionPolicy& policy() const override;
  net::Awaitable<void> handle(http::Exchange& client) override;
  net::Awaitable<void> refuse(http::Exchange& client, Fault fault) override;

 private:
  const runtime::Snapshot& snapshot() const { return kept_ ? **kept_ : context_.snapshots.current(); }
  runtime::PinBoard::Pin pin() const { return kept_ ? kept_->again() : context_.snapshots.pin(); }

  Context& context_;
  std::uint32_t binding_;
  std::optional<runtime::PinBoard::Pin> kept_;
};

}  // namespace kanaria::proxy
