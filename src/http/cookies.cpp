#include "kanaria/http/cookies.hpp"

#include <array>

#include "kanaria/http/headers.hpp"

namespace kanaria::http {
namespace {

constexpr std::string_view kBlanks = " \t";

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) + 1 - begin);
}

}  // namespace

bool CookieReader::next(Cookie& cookie) {
  while (true) {
    while (rest_.empty()) {
      while (at_ != end_ && at_->known != FieldName::Cookie) ++at_;
      if (at_ == end_) return false;
      rest_ = (at_++)->value;
    }
    const std::size_t end = rest_.find(';');
    const std::string_view pair = rest_.substr(0, end);
    rest_ = end == std::string_view::npos ? std::string_view() : rest_.substr(end + 1);
    const std::size_t equals = pair.find('=');
    if (equals == std::string_view::npos) continue;
    cookie = {trimmed(pair.substr(0, equals)), trimmed(pair.substr(equals + 1))};
    if (!cookie.name.empty()) return true;
  }
}

std::string_view name_set_by(std::string_view set_cookie) {
  const std::string_view pair = set_cookie.substr(0, set_cookie.find(';'));
  const std::size_t equals = pair.find('=');
  if (equals == std::string_view::npos || trimmed(pair.substr(equals + 1)).empty()) return {};
  return trimmed(pair.substr(0, equals));
}

Field set_cookie(std::string_view name, std::string_view value, const CookieAttributes& attributes, Arena& arena) {
  std::array<char, 29> date{};
  write_date(attributes.expires, date.data());
  const std::string_view same_site = attributes.same_site == SameSite::None ? "None" : "Lax";
  return {"Set-Cookie",
          arena.join({name,
                      "=",
                      value,
                      "; Expires=",
                      {date.data(), date.size()},
                      "; Path=/; HttpOnly; SameSite=",
                      same_site,
                      attributes.secure ? "; Secure" : ""}),
          FieldName::SetCookie};
}

}  // namespace kanaria::http
