// A target whose every byte the test writes: a listening socket, and the connections that come to it.
#pragma once

#include "support/driver.hpp"
#include "support/peer.hpp"

namespace kanaria::test {

class ScriptedTarget {
 public:
  ScriptedTarget() : listening_(net::listen_tcp(boost::asio::ip::address_v4::loopback(), 0, 1)) {
    EXPECT_FALSE(listening_.error);
  }

  const net::Endpoint& endpoint() const { return listening_.bound; }
  /// The next connection.
  Peer accept() { return accept_next(listening_.sockets.front().get()); }
  /// From now on connections are refused.
  void close() { listening_.sockets.clear(); }

 private:
  net::Listening listening_;
};

}  // namespace kanaria::test
