#include "kanaria/rules/network.hpp"

#include <algorithm>

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

boost::asio::ip::address unmapped(const boost::asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6());
  return address;
}

Network::Network(const config::Network& written) : address_(written.address), prefix_(written.prefix) {
  constexpr unsigned kMappedPrefix = 96;
  const auto address = unmapped(written.address);
  if (address == written.address || prefix_ < kMappedPrefix) return;
  address_ = address;
  prefix_ -= kMappedPrefix;
}

bool Network::holds(const boost::asio::ip::address& peer) const {
  const auto address = unmapped(peer);
  if (address.is_v4() != address_.is_v4()) return false;
  return address.is_v4() ? same_prefix(address_.to_v4().to_bytes(), address.to_v4().to_bytes(), prefix_)
                         : same_prefix(address_.to_v6().to_bytes(), address.to_v6().to_bytes(), prefix_);
}

}  // namespace kanaria::rules
