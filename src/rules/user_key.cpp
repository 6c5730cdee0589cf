#include "kanaria/rules/user_key.hpp"

#include "kanaria/http/cookies.hpp"

namespace kanaria::rules {
namespace {

std::string_view cookie_of(const http::RequestHead& head, std::string_view name) {
  http::CookieReader cookies(head.fields);
  for (http::Cookie cookie; cookies.next(cookie);)
    if (cookie.name == name) return cookie.value;
  return {};
}

std::string_view field_of(const http::RequestHead& head, std::string_view name) {
  const http::Field* const field = http::find(head.fields, name);
  return field == nullptr ? std::string_view() : field->value;
}

}  // namespace

User user_of(const http::RequestHead& head, const std::vector<config::UserKey>& parts) {
  for (const config::UserKey& part : parts) {
    const bool is_cookie = part.kind == config::UserKey::Kind::Cookie;
    const std::string_view name = is_cookie ? cookie_of(head, part.name.value) : field_of(head, part.name.value);
    if (!name.empty()) return {&part, name};
  }
  return {};
}

}  // namespace kanaria::rules
