#include "request_target.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "kanaria/http/parser.hpp"

namespace kanaria::http {
namespace {

constexpr std::size_t kMaxHost = 255;  // RFC 3986 §3.2.2: a name longer than DNS can hold is no name

using ByteSet = std::array<bool, 256>;

constexpr ByteSet set_of(std::string_view bytes, ByteSet set = {}) {
  for (char c : bytes) set[static_cast<unsigned char>(c)] = true;
  return set;
}

constexpr ByteSet set_without(char byte, ByteSet set) {
  set[static_cast<unsigned char>(byte)] = false;
  return set;
}

constexpr ByteSet kAlphanumeric = set_of("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz");
constexpr ByteSet kTargetBytes = set_of("-._~:/?[]@!$&'()*+,;=%\"^`{|}", kAlphanumeric);
constexpr ByteSet kNameBytes = set_of("-._~!$&'()*+,;=%", kAlphanumeric);
// Almost all targets and hosts are of these: no % needs to be looked for in them.
constexpr ByteSet kPlainTargetBytes = set_without('%', kTargetBytes);
constexpr ByteSet kPlainNameBytes = set_without('%', kNameBytes);
constexpr ByteSet kHexBytes = set_of("0123456789abcdefABCDEF");
constexpr ByteSet kAddressBytes = set_of("0123456789abcdefABCDEF:.");

bool consists_of(std::string_view text, const ByteSet& set) {
  return std::ranges::all_of(text, [&](char c) { return set[static_cast<unsigned char>(c)]; });
}

bool has_whole_escapes(std::string_view text) {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    const std::string_view digits = text.substr(at + 1, 2);
    if (digits.size() != 2 || !consists_of(digits, kHexBytes)) return false;
  }
  return true;
}

void split_query(std::string_view path_and_query, RequestHead& head) {
  const std::size_t mark = path_and_query.find('?');
  head.has_query = mark != std::string_view::npos;
  head.path = path_and_query.substr(0, mark);
  if (head.has_query) head.query = path_and_query.substr(mark + 1);
}

bool read_absolute_form(RequestHead& head) {
  const std::size_t colon = head.target.find("://");
  if (colon == std::string_view::npos) return false;
  head.scheme = head.target.substr(0, colon);
  if (!iequals(head.scheme, "http") && !iequals(head.scheme, "https")) return false;

  const std::string_view rest = head.target.substr(colon + 3);
  const std::size_t end = std::min(rest.find_first_of("/?"), rest.size());
  head.authority = rest.substr(0, end);
  split_query(rest.substr(end), head);
  // An empty path is "/", but "*" where OPTIONS asks about the server as a whole (RFC 9112 §3.2.4).
  if (head.path.empty()) head.path = head.method == "OPTIONS" && !head.has_query ? "*" : "/";
  return is_valid_authority(head.authority);
}

bool is_ipv6(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};
  if (text.size() >= copy.size() || !consists_of(text, kAddressBytes)) return false;
  std::ranges::copy(text, copy.begin());
  in6_addr address{};
  return ::inet_pton(AF_INET6, copy.data(), &address) == 1;
}

bool is_name(std::string_view text) {
  if (text.empty() || text.size() > kMaxHost) return false;
  return consists_of(text, kPlainNameBytes) || (consists_of(text, kNameBytes) && has_whole_escapes(text));
}

bool is_port(std::string_view text) {
  if (text.empty()) return true;
  std::uint16_t port = 0;
  const auto [at, error] = std::from_chars(text.begin(), text.end(), port);
  return error == std::errc{} && at == text.end();
}

}  // namespace

bool read_target(RequestHead& head) {
  if (!consists_of(head.target, kPlainTargetBytes)) {
    if (!consists_of(head.target, kTargetBytes)) return false;
    if (!has_whole_escapes(head.target)) head.desync = worse(head.desync, DesyncReason::NonCompliantUri);
  }
  if (head.target.starts_with('/')) {
    split_query(head.target, head);
    return true;
  }
  if (head.target == "*") {
    head.path = head.target;
    return head.method == "OPTIONS";
  }
  return read_absolute_form(head);
}

bool is_valid_authority(std::string_view authority) {
  std::size_t host_end = authority.find(':');
  bool valid = false;
  if (authority.starts_with('[')) {
    const std::size_t bracket = authority.find(']');
    if (bracket == std::string_view::npos) return false;
    host_end = bracket + 1;
    valid = is_ipv6(authority.substr(1, bracket - 1));
  } else {
    valid = is_name(authority.substr(0, host_end));
  }
  if (!valid || host_end >= authority.size()) return valid;
  return authority[host_end] == ':' && is_port(authority.substr(host_end + 1));
}

}  // namespace kanaria::http
