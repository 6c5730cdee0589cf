#include <algorithm>

#include "kanaria/http/field_name.hpp"
#include "kanaria/http/message.hpp"
#include "sections.hpp"
#include "text.hpp"
#include "words.hpp"

namespace kanaria::config {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t kMostParts = 5;  // of a user_key
constexpr std::size_t kLongestName = 128;

/// A cookie's or a field's name.
std::optional<Text> token(const Value& value) {
  auto name = placed_text(value);
  if (!name || (http::is_token(name->value) && name->value.size() <= kLongestName)) return name;
  value.fault(concat(value.name, " must be a name of up to ", kLongestName, " characters without ; = and blanks, not ",
                     in_quotes(name->value)));
  return std::nullopt;
}

/// The name of a cookie that others set; ours change when a user moves.
std::optional<Text> foreign_cookie(const Value& value) {
  auto name = token(value);
  if (!name) return name;
  for (const std::string_view ours : {"AWSALB", "KANARIA_BUCKET"}) {
    if (!name->value.starts_with(ours)) continue;
    value.fault(concat(value.name, " must not begin with ", ours, ": these cookies are the load balancer's own"));
    return std::nullopt;
  }
  return name;
}

/// A field that says who a user is.
std::optional<Text> user_field(const Value& value) {
  auto name = token(value);
  if (!name) return name;
  switch (http::field_name(name->value)) {
    case http::FieldName::Other:
    case http::FieldName::XForwardedFor: return name;
    case http::FieldName::Cookie: value.fault("http_header must not be Cookie: write cookie: NAME"); break;
    default: value.fault(concat(name->value, " says nothing of who a user is"));
  }
  return std::nullopt;
}

bool read_enabled(const Mapping& map) {
  const auto enabled = map.require("enabled");
  return enabled && boolean(*enabled).value_or(false);
}

}  // namespace

GroupStickiness read_group_stickiness(const Value& value) {
  GroupStickiness stickiness;
  stickiness.at = value.at();
  const Mapping map(value, Scope::GroupStickiness);
  stickiness.enabled = read_enabled(map);
  read_into(stickiness.duration, map, "duration", duration, 1s, 7 * 24h);
  return stickiness;
}

TargetStickiness read_target_stickiness(const Value& value) {
  using enum TargetStickiness::Type;
  TargetStickiness stickiness;
  stickiness.at = value.at();
  const Mapping map(value, Scope::TargetStickiness);
  stickiness.enabled = read_enabled(map);
  bool type_known = true;
  if (const auto type = map.find("type")) {
    const auto read = choice<TargetStickiness::Type>(*type, {{"lb_cookie", LbCookie}, {"app_cookie", AppCookie}});
    type_known = read.has_value();
    set(stickiness.type, read);
  }
  read_into(stickiness.cookie_duration, map, "cookie_duration", duration, 1s, 7 * 24h);
  const auto written = map.find("cookie_name");
  if (written && written->node->text != "none") {
    if (const auto name = foreign_cookie(*written)) stickiness.cookie_name = name->value;
    if (type_known && stickiness.type == LbCookie)
      written->fault("cookie_name is the application's cookie: it needs type: app_cookie beside it");
  } else if (stickiness.enabled && stickiness.type == AppCookie) {
    value.fault("type app_cookie needs cookie_name, the cookie that the application sets");
  }
  return stickiness;
}

std::vector<UserKey> read_user_key(const Value& value) {
  std::vector<UserKey> parts;
  const std::vector<Value> list = items(value, "a part of user_key");
  for (const Value& item : list) {
    const Mapping map(item, Scope::UserKey);
    const auto written = map.only({"cookie", "http_header"});
    if (!written) continue;
    const bool is_cookie = written->name == "cookie";
    auto name = is_cookie ? foreign_cookie(*written) : user_field(*written);
    if (!name) continue;
    UserKey part{is_cookie ? UserKey::Kind::Cookie : UserKey::Kind::HttpHeader, std::move(*name)};
    if (std::ranges::find(parts, part) != parts.end()) {
      written->fault(concat(written->name, " ", part.name.value, " is in this user_key already"));
    } else {
      parts.push_back(std::move(part));
    }
  }
  if (value.node->kind == Node::Kind::List && list.empty()) value.fault("user_key needs at least one part");
  if (list.size() > kMostParts) value.fault(concat("user_key has at most ", kMostParts, " parts, not ", list.size()));
  return parts;
}

}  // namespace kanaria::config
