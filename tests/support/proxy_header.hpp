// PROXY headers as a sender makes them, and what the parser says of one that comes in pieces. Shared by the parser's
// tests and its fuzz program.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>

#include "kanaria/net/proxy_header.hpp"

namespace kanaria::test {

inline constexpr std::string_view kProxySignature("\r\n\r\n\0\r\nQUIT\n", 12);

inline std::string two_bytes(std::size_t number) {
  return {static_cast<char>(number >> 8), static_cast<char>(number)};
}

/// Version 2: `command` is the 13th byte, `pair` the 14th.
inline std::string binary_header(int command, int pair, std::string_view block) {
  std::string header(kProxySignature);
  header += static_cast<char>(command);
  header += static_cast<char>(pair);
  return header.append(two_bytes(block.size())).append(block);
}

inline std::string tlv(int type, std::string_view value) {
  return std::string(1, static_cast<char>(type)).append(two_bytes(value.size())).append(value);
}

/// The addresses of version 2: from this peer, to the unspecified address.
inline std::string addresses_from(const net::Peer& peer) {
  std::string addresses;
  if (peer.address.is_v4()) {
    const auto bytes = peer.address.to_v4().to_bytes();
    addresses.append(bytes.begin(), bytes.end());
  } else {
    const auto bytes = peer.address.to_v6().to_bytes();
    addresses.append(bytes.begin(), bytes.end());
  }
  addresses.append(addresses.size(), '\0');
  return addresses.append(two_bytes(peer.port)).append(two_bytes(0));
}

inline std::string describe(const net::ProxyHeader& header) {
  switch (header.step) {
    case net::ProxyHeader::Step::NeedMore: return "needs more";
    case net::ProxyHeader::Step::Refused: return "refused: " + std::string(header.why);
    case net::ProxyHeader::Step::Done: break;
  }
  const std::string source =
      header.source ? header.source->address.to_string() + " " + std::to_string(header.source->port) : "no source";
  return "version " + std::to_string(header.version) + ", " + std::to_string(header.consumed) + " bytes, " + source;
}

/// The last word of the parser when the bytes come in pieces of one size.
inline net::ProxyHeader feed_proxy_header(std::string_view bytes, std::size_t piece) {
  for (std::size_t size = 0;;) {
    size = std::min(size + piece, bytes.size());
    const net::ProxyHeader header = net::parse_proxy_header(bytes.substr(0, size));
    if (header.step != net::ProxyHeader::Step::NeedMore || size == bytes.size()) return header;
  }
}

}  // namespace kanaria::test
