#include "kanaria/config/address.hpp"

#include <charconv>

#include "text.hpp"

namespace kanaria::config {

HostAndPort split_host_and_port(std::string_view text) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    const std::string_view rest = end == std::string_view::npos ? "?" : text.substr(end + 1);
    if (rest.empty()) return {text.substr(1, end - 1), std::nullopt, true};
    if (rest.starts_with(':')) return {text.substr(1, end - 1), rest.substr(1), true};
    return {text, std::nullopt, false};
  }
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {text, std::nullopt, false};
  return {text.substr(0, colon), text.substr(colon + 1), false};
}

std::uint16_t parse_port(std::string_view text) {
  std::uint16_t port = 0;
  if (!is_digits(text) || text.starts_with('0')) return 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} ? port : std::uint16_t{0};
}

std::string to_text(const std::optional<boost::asio::ip::address>& address, std::uint16_t port) {
  if (!address) return concat("*:", port);
  return address->is_v6() ? concat('[', address->to_string(), "]:", port) : concat(address->to_string(), ':', port);
}

std::string to_text(const Network& network) {
  return concat(network.address.to_string(), '/', network.prefix);
}

}  // namespace kanaria::config
