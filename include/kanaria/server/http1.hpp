// HTTP/1 on a client's connection: reads heads, refuses what must be refused, offers each request to the handler as an
// Exchange, and keeps the connection for the next one where both sides allow it (RFC 9112 §9). Pipelined requests are
// answered one after another, in order. An idle connection holds no block.
#pragma once

#include "kanaria/http/exchange.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/net/sockets.hpp"
#include "kanaria/observe/counters.hpp"
#include "kanaria/server/connections.hpp"

namespace kanaria::server {

struct Arrived {
  int descriptor;
  net::Peer peer;
  std::uint32_t binding;
  bool draining = false;  // drain() was called for it already
};

/// Serves the connection to its end. `gauge` counts it meanwhile; all references outlive it.
net::Awaitable<void> serve_http1(net::Loop& loop, Arrived arrived, http::Handler& handler, Connections& connections,
                                 observe::Cell& gauge);

}  // namespace kanaria::server
