// What stands before a connection's first request where a trusted balancer connects: the PROXY header. It is taken from
// the socket and not a byte more, so that whoever serves the connection next (HTTP/1, one day TLS) finds it as if it
// had come from the client itself.
#pragma once

#include <string_view>

#include "kanaria/config/model.hpp"
#include "kanaria/http/exchange.hpp"
#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/observe/cell.hpp"
#include "kanaria/server/connections.hpp"
#include "kanaria/server/http1.hpp"

namespace kanaria::server {

struct Prefaced {
  bool heard = false;    // `arrived` is as the header says, and to be served; else the connection is closed
  std::string_view why;  // not heard because of the header: in words, a clause; empty: it left, or we drain
};

/// Waits for the header and puts its source in the place of the peer. Meanwhile the connection is one of `connections`
/// and counted by `gauge`, and holds no block before its first byte. `limits.idle` counts to that byte, from there
/// `limits.request_header` to the header's end.
net::Awaitable<Prefaced> hear_preface(net::Loop& loop, Arrived& arrived, config::ProxyVersion expected,
                                      http::Timeouts limits, Connections& connections, observe::Cell& gauge);

}  // namespace kanaria::server
