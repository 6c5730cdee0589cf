#include "url.hpp"

#include <CLI/Error.hpp>
#include <charconv>

#include "kanaria/http/parser.hpp"

namespace kanaria::cli {

namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kUnix = "unix:";
constexpr std::string_view kDefaultPort = "80";

std::optional<std::uint16_t> parse_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

struct HostAndPort {
  std::string_view host;
  std::string_view port;  // empty: none was written
};

/// The colon that starts a port is the last one, unless it stands inside an IPv6 address's brackets.
HostAndPort split_authority(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  const std::size_t bracket = text.rfind(']');
  const bool has_port = colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  std::string_view host = has_port ? text.substr(0, colon) : text;
  if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
  return {host, has_port ? text.substr(colon + 1) : std::string_view{}};
}

[[noreturn]] void refuse(const std::string& text, const std::string& reason) {
  throw CLI::ValidationError("URL", '"' + text + "\": " + reason);
}

}  // namespace

Url parse_url(const std::string& text) {
  if (text.starts_with("https://")) refuse(text, "https is not available yet");
  if (!text.starts_with(kHttp)) refuse(text, "write it as http://HOST:PORT/PATH");
  const std::string_view rest = std::string_view(text).substr(kHttp.size());
  const std::size_t end = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, end);
  const std::string_view target = rest.substr(end, rest.find('#') - end);  // a fragment is never sent

  const HostAndPort parts = split_authority(authority);
  const auto port = parse_port(parts.port.empty() ? kDefaultPort : parts.port);
  if (parts.host.empty() || !port || !http::is_valid_authority(authority))
    refuse(text, "its host or port is not valid");
  return {std::string(authority),
          {std::string(parts.host), *port, {}},
          (target.starts_with('/') ? "" : "/") + std::string(target)};
}

std::optional<Place> parse_place(std::string_view text) {
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (path.empty()) return std::nullopt;
    return Place{{}, 0, std::string(path)};
  }
  const HostAndPort parts = split_authority(text);
  const auto port = parse_port(parts.port);
  if (parts.host.empty() || !port) return std::nullopt;
  return Place{std::string(parts.host), *port, {}};
}

}  // namespace kanaria::cli
