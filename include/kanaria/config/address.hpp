// Addresses as operators write them: "HOST:PORT", "[::1]:PORT". Only text is taken apart here; no name is resolved.
// Pure; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kanaria/config/rule.hpp"

namespace kanaria::config {

struct HostAndPort {
  std::string_view host;                 // without brackets
  std::optional<std::string_view> port;  // none: no colon was written
  bool bracketed = false;
};

/// Splits at the last colon outside of brackets; neither part is looked at any further.
HostAndPort split_host_and_port(std::string_view text);

/// A port, 1-65535, in plain decimal digits; 0: `text` is none.
std::uint16_t parse_port(std::string_view text);

/// "127.0.0.1:8080", "[::1]:8080"; without an address "*:8080".
std::string to_text(const std::optional<boost::asio::ip::address>& address, std::uint16_t port);

/// "10.0.0.0/8"
std::string to_text(const Network& network);

}  // namespace kanaria::config
