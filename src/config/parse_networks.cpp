#include <boost/asio/ip/network_v4.hpp>
#include <boost/asio/ip/network_v6.hpp>

#include "kanaria/net/sockets.hpp"
#include "sections.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

namespace ip = boost::asio::ip;

/// The network's first address.
ip::address masked(const ip::address& address, int prefix) {
  const auto bits = static_cast<unsigned short>(prefix);
  if (address.is_v4()) return ip::make_network_v4(address.to_v4(), bits).network();
  return ip::make_network_v6(address.to_v6(), bits).network();
}

}  // namespace

std::optional<Network> read_network(const Value& value, Alone alone) {
  auto text = placed_text(value);
  if (!text) return std::nullopt;
  const std::string& written = text->value;
  const std::size_t slash = written.find('/');
  boost::system::error_code failed;
  auto address = ip::make_address(written.substr(0, slash), failed);
  if (failed) {
    value.fault(concat(value.name, " must be a network such as 10.0.0.0/8 or ::1/128, not ", in_quotes(written)));
    return std::nullopt;
  }
  const int longest = address.is_v4() ? 32 : 128;
  if (slash == std::string::npos && alone == Alone::Fault) {
    value.fault(concat(value.name, " must be a network: write ", address.to_string(), '/', longest));
    return std::nullopt;
  }
  int prefix = longest;
  if (slash != std::string::npos) {
    const std::string digits = written.substr(slash + 1);
    const bool is_number = is_digits(digits) && digits.size() <= 3 && (digits == "0" || digits.front() != '0');
    prefix = is_number ? std::stoi(digits) : -1;
  }
  if (prefix < 0 || prefix > longest) {
    value.fault(concat("the prefix of ", in_quotes(written), " must be 0-", longest));
    return std::nullopt;
  }
  // The peers that it is held against are IPv4 too.
  constexpr int kMappedPrefix = 96;
  if (prefix >= kMappedPrefix && net::unmapped(address) != address) {
    address = net::unmapped(address);
    prefix -= kMappedPrefix;
  }
  if (address == ip::address_v4::broadcast() && prefix == 32) {
    value.fault("255.255.255.255/32 is no address that a request could come from");
    return std::nullopt;
  }
  return Network{masked(address, prefix), static_cast<std::uint8_t>(prefix), std::move(*text)};
}

}  // namespace kanaria::config
