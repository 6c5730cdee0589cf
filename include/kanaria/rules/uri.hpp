// The parts of a request as rules compare them: a path in its normal form, a host without its port, a query's text
// decoded. Only for comparing: what is forwarded stays as it was sent. Pure; the results live in the argument or in the
// caller's buffer, nothing allocates.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace kanaria::rules {

/// A request line is at most 16K, so this holds every path and query. Left uninitialised: it is on the stack of every
/// request, and nearly none needs it.
struct UriBuffer {
  static constexpr std::size_t kSize = 16UL * 1024;
  UriBuffer() {}  // NOLINT(modernize-use-equals-default): `= default` would let `UriBuffer{}` clear 16K
  char bytes[kSize];
};

/// RFC 3986 §6.2.2: percent-encoded unreserved characters are decoded, hexadecimal digits made upper case, then dot
/// segments removed. "//" and "%2F" stay: they are other paths to many targets. A path that is normal already comes
/// back as it is.
std::string_view normal_path(std::string_view path, UriBuffer& buffer);

/// "shop.test" of "shop.test:8080", "[::1]" of "[::1]:80".
std::string_view without_port(std::string_view authority);

/// A key or value of a query as forms encode it: %XX and '+' for a space. What needs no decoding comes back as it is.
std::string_view form_decoded(std::string_view text, UriBuffer& buffer);

/// Holds a byte of 0x00-0x1f or 0x7f: such text matches no condition (alb.md §2.1).
bool has_control(std::string_view text);

constexpr char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c;
}

}  // namespace kanaria::rules
