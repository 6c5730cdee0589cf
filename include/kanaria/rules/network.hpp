// A network of addresses, as source_ip conditions and a listener's trust are made of. IPv4 peers of a dual-stack socket
// (::ffff:a.b.c.d) count as IPv4. Immutable; shared by all workers.
#pragma once

#include <boost/asio/ip/address.hpp>

#include "kanaria/config/rule.hpp"

namespace kanaria::rules {

class Network {
 public:
  explicit Network(const config::Network& written);

  bool holds(const boost::asio::ip::address& peer) const;

 private:
  boost::asio::ip::address address_;
  unsigned prefix_;
};

}  // namespace kanaria::rules
