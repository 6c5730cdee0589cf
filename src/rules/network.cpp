#include "kanaria/rules/network.hpp"

#include <algorithm>

#include "kanaria/net/sockets.hpp"

namespace kanaria::rules {
namespace {

template <class Bytes>
bool same_prefix(const Bytes& a, const Bytes& b, unsigned bits) {
  const std::size_t whole = bits / 8;
  if (!std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(whole), b.begin())) return false;
  const unsigned rest = bits % 8;
  return rest == 0 || ((a[whole] ^ b[whole]) >> (8 - rest)) == 0;
}

}  // namespace

Network::Network(const config::Network& written) : address_(written.address), prefix_(written.prefix) {}

bool Network::holds(const boost::asio::ip::address& peer) const {
  const auto address = net::unmapped(peer);
  if (address.is_v4() != address_.is_v4()) return false;
  return address.is_v4() ? same_prefix(address_.to_v4().to_bytes(), address.to_v4().to_bytes(), prefix_)
                         : same_prefix(address_.to_v6().to_bytes(), address.to_v6().to_bytes(), prefix_);
}

}  // namespace kanaria::rules
