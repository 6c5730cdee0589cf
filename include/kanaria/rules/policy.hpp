// What the operator's settings mean for clients' connections and for the fields of forwarded requests. The daemon and
// `kanaria explain` both ask here, so that they can't differ. Pure.
#pragma once

#include <cstdint>

#include "kanaria/config/model.hpp"
#include "kanaria/http/exchange.hpp"
#include "kanaria/http/headers.hpp"

namespace kanaria::rules {

/// The policy of the listener on `port`.
http::ForwardingPolicy forwarding_policy(const config::LoadBalancer& settings, std::uint16_t port);

http::ConnectionPolicy connection_policy(const config::LoadBalancer& settings);

}  // namespace kanaria::rules
