// What stands before a connection's first request where a trusted balancer connects: the PROXY header. It is taken from
// the socket and not a byte more, so that whoever serves the connection next (HTTP/1, one day TLS) finds it as if it
// had come from the client itself. Registered and counted meanwhile; no block is held before its first byte.
#pragma once

#include <string_view>

#include "kanaria/config/model.hpp"
#include "kanaria/http/exchange.hpp"
#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/net/stream.hpp"
#include "kanaria/observe/cell.hpp"
#include "kanaria/server/connections.hpp"
#include "kanaria/server/http1.hpp"

namespace kanaria::server {

class Preface final : public OpenConnection {
 public:
  /// Takes the descriptor.
  Preface(net::Loop& loop, const Arrived& arrived, Connections& connections, observe::Cell& gauge);
  Preface(const Preface&) = delete;
  Preface& operator=(const Preface&) = delete;
  ~Preface() { gauge_.subtract(); }

  /// Waits for the header. `limits.idle_timeout` counts to its first byte, from there `limits.request_header_timeout`
  /// to its end. True: release() the connection and serve it.
  net::Awaitable<bool> hear(config::ProxyVersion expected, http::ConnectionPolicy limits);
  /// The connection with the source that the header names as its peer.
  Arrived release();
  /// Not heard because of its header: in words, a clause. Empty: it left, it was silent, or it had to end.
  std::string_view why() const { return why_; }

  // OpenConnection
  void drain() override;
  void abort(Fault fault) override { stream_.abort(fault); }
  std::uint32_t binding() const override { return arrived_.binding; }

 private:
  Arrived arrived_;
  observe::Cell& gauge_;
  net::Stream stream_;
  std::string_view why_;
  bool begun_ = false;  // its first byte was seen
};

}  // namespace kanaria::server
