// Cookies on the wire (RFC 6265): those of a request one after another, and the field that sets one. What a value means
// is for others to say. Pure; new strings live in an Arena.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "kanaria/base/block.hpp"
#include "kanaria/base/clock.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::http {

struct Cookie {
  std::string_view name;   // compared with regard to case
  std::string_view value;  // as sent, in quotes where it was; may be empty
};

/// The cookies of a request's Cookie fields, in their order: RFC 6265 §4.2.1, read as §5.2 reads its sibling, so a pair
/// without `=` is no cookie and blanks around its parts don't belong to them.
class CookieReader {
 public:
  explicit CookieReader(const std::vector<Field>& fields) : at_(fields.begin()), end_(fields.end()) {}
  /// False: there is none left.
  bool next(Cookie& cookie);

 private:
  std::vector<Field>::const_iterator at_;
  std::vector<Field>::const_iterator end_;
  std::string_view rest_;  // of the field before `at_`
};

/// The name of the cookie that a Set-Cookie field's value sets; empty: none, or it is taken back, without a value.
std::string_view name_set_by(std::string_view set_cookie);

/// To whom a browser sends a cookie that was set by another site's page. None needs a secure connection.
enum class SameSite : std::uint8_t { Lax, None };

struct CookieAttributes {
  WallTime expires{};
  SameSite same_site = SameSite::Lax;
  bool secure = false;
};

/// `NAME=VALUE; Expires=...; Path=/; HttpOnly; SameSite=...`, and Secure. `value` must be of cookie-octets. ALB writes
/// Expires and never Max-Age, and so do we.
Field set_cookie(std::string_view name, std::string_view value, const CookieAttributes& attributes, Arena& arena);

}  // namespace kanaria::http
