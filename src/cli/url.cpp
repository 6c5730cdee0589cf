#include "url.hpp"

#include <CLI/Error.hpp>

#include "kanaria/config/address.hpp"
#include "kanaria/http/parser.hpp"

namespace kanaria::cli {

namespace {

constexpr std::string_view kHttp = "http://";
constexpr std::string_view kUnix = "unix:";
constexpr std::uint16_t kDefaultPort = 80;

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

  const auto [host, written_port, bracketed] = config::split_host_and_port(authority);
  const std::uint16_t port = written_port ? config::parse_port(*written_port) : kDefaultPort;
  if (host.empty() || port == 0 || !http::is_valid_authority(authority)) refuse(text, "its host or port is not valid");
  return {std::string(authority),
          {std::string(host), port, {}},
          (target.starts_with('/') ? "" : "/") + std::string(target)};
}

std::optional<Place> parse_place(std::string_view text) {
  if (text.starts_with(kUnix)) {
    const std::string_view path = text.substr(kUnix.size());
    if (path.empty()) return std::nullopt;
    return Place{{}, 0, std::string(path)};
  }
  const auto [host, written_port, bracketed] = config::split_host_and_port(text);
  const std::uint16_t port = config::parse_port(written_port.value_or(""));
  if (host.empty() || port == 0) return std::nullopt;
  return Place{std::string(host), port, {}};
}

}  // namespace kanaria::cli
