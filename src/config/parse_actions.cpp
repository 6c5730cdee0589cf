#include <algorithm>

#include "kanaria/config/address.hpp"
#include "sections.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

// ---- transforms

/// None without a regular expression, which is a fault.
std::optional<Rewrite> read_rewrite(const Value& value) {
  constexpr std::size_t kLongest = 1024;
  const Mapping map(value, Scope::Rewrite);
  Rewrite rewrite;
  if (const auto regex = map.require("regex")) set(rewrite.regex, placed_text(*regex));
  if (const auto replace = map.require("replace")) {
    rewrite.replace.at = replace->at();
    // Empty is a replacement too.
    if (replace->node->kind != Node::Kind::Scalar || !replace->node->text.empty()) {
      set(rewrite.replace, placed_text(*replace));
    }
  }
  if (rewrite.regex.value.empty()) return std::nullopt;
  for (const Text* text : {&rewrite.regex, &rewrite.replace}) {
    if (text->value.size() <= kLongest) continue;
    value.diagnostics->error(text->at, value.path,
                             concat("a transform's regex and replace must have at most ", kLongest, " characters, not ",
                                    text->value.size()));
  }
  return rewrite;
}

// ---- forward

std::optional<WeightedGroup> read_weighted_group(const Value& value, bool several) {
  const Mapping map(value, Scope::WeightedGroup);
  WeightedGroup group;
  const auto written = map.require("name");
  if (written) set(group.name, placed_text(*written));
  const auto weight = several ? map.require("weight") : map.find("weight");
  if (weight) set(group.weight, number(*weight, 0, 999));
  return group.name.value.empty() ? std::nullopt : std::optional(std::move(group));
}

Forward read_forward(const Value& value) {
  Forward forward;
  const Mapping map(value, Scope::Forward);
  if (const auto groups = map.require("target_groups")) {
    const auto list = items(*groups, "a target group of a forward action");
    for (const Value& item : list) {
      if (auto group = read_weighted_group(item, list.size() > 1)) forward.target_groups.push_back(std::move(*group));
    }
    if (groups->node->kind == Node::Kind::List && list.empty()) groups->fault("target_groups needs at least one group");
  }
  if (const auto split = map.find("split")) {
    set(forward.split, choice<SplitMode>(*split, {{"shuffled", SplitMode::Shuffled},
                                                  {"random", SplitMode::Random},
                                                  {"per_user", SplitMode::PerUser}}));
  }
  if (const auto key = map.find("user_key")) forward.user_key = read_user_key(*key);
  if (const auto stickiness = map.find("stickiness")) forward.stickiness = read_group_stickiness(*stickiness);
  read_into(forward.failover, map, "failover", boolean);
  return forward;
}

// ---- redirect

/// Which placeholders a part of a redirect may hold: alb.md §3.2.
struct RedirectPart {
  std::string_view name;
  std::string Redirect::* text;
  std::vector<std::string_view> placeholders;
};

const std::vector<RedirectPart>& redirect_parts() {
  static const std::vector<RedirectPart> parts = {
      {"protocol", &Redirect::protocol, {"#{protocol}"}},
      {"host", &Redirect::host, {"#{host}"}},
      {"port", &Redirect::port, {"#{port}"}},
      {"path", &Redirect::path, {"#{host}", "#{port}", "#{path}"}},
      {"query", &Redirect::query, {"#{protocol}", "#{host}", "#{port}", "#{path}", "#{query}"}}};
  return parts;
}

/// What is wrong with one part of a redirect, or empty.
std::string redirect_fault(const RedirectPart& part, const std::string& text) {
  constexpr std::size_t kLongest = 128;
  const std::string name = concat("redirect ", part.name);
  if (text.size() > kLongest) return concat(name, " must have at most ", kLongest, " characters, not ", text.size());
  // What goes into Location must not be able to end the line or the URL.
  const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c <= '~'; });
  if (!visible) return concat(name, " must be visible ASCII without spaces, not ", in_quotes(text));
  for (std::size_t at = text.find("#{"); at != std::string::npos; at = text.find("#{", at + 1)) {
    const std::string_view rest = std::string_view(text).substr(at);
    const std::string_view placeholder = rest.substr(0, std::min(rest.find('}'), rest.size() - 1) + 1);
    if (std::ranges::find(part.placeholders, placeholder) == part.placeholders.end()) {
      return concat(name, " can't hold ", in_quotes(placeholder), ": it takes ", part.placeholders.front(),
                    part.placeholders.size() > 1 ? concat(" to ", part.placeholders.back()) : "");
    }
  }
  if (part.name == "protocol" && text != "HTTP" && text != "HTTPS" && text != "#{protocol}") {
    return concat(name, " must be HTTP, HTTPS or #{protocol}, not ", in_quotes(text));
  }
  if (part.name == "port" && text != "#{port}" && parse_port(text) == 0) {
    return concat(name, " must be 1-65535 or #{port}, not ", in_quotes(text));
  }
  if (part.name == "path" && !text.starts_with('/'))
    return concat(name, " must begin with \"/\", not ", in_quotes(text));
  if (part.name == "query" && text.starts_with('?')) return concat(name, " is written without the leading \"?\"");
  return {};
}

Redirect read_redirect(const Value& value) {
  Redirect redirect;
  const Mapping map(value, Scope::Redirect);
  bool sound = true;
  for (const RedirectPart& part : redirect_parts()) {
    const auto written = map.find(part.name);
    if (!written) continue;
    const auto found = part.name == "query" ? scalar(*written) : text(*written);
    const auto fault = found ? redirect_fault(part, *found) : std::string();
    sound = sound && found && fault.empty();
    if (!fault.empty()) written->fault(fault);
    set(redirect.*part.text, found);
  }
  if (const auto status = map.require("status_code")) {
    set(redirect.status_code, choice<int>(*status, {{"HTTP_301", 301}, {"HTTP_302", 302}, {"301", 301}, {"302", 302}}));
  }
  const Redirect same;
  if (sound && redirect.protocol == same.protocol && redirect.host == same.host && redirect.port == same.port &&
      redirect.path == same.path) {
    value.fault("a redirect must change protocol, host, port or path, or it leads back to itself");
  }
  return redirect;
}

// ---- fixed response

std::optional<int> read_status(const Value& value) {
  const auto status = number(value, 200, 599);
  if (status && *status / 100 == 3) {
    value.fault(concat("status_code must be 2xx, 4xx or 5xx, not ", *status, ": write a redirect action"));
    return std::nullopt;
  }
  return status;
}

FixedResponse read_fixed_response(const Value& value) {
  constexpr std::size_t kLongestBody = 1024;
  FixedResponse response;
  const Mapping map(value, Scope::FixedResponse);
  if (const auto status = map.require("status_code")) set(response.status_code, read_status(*status));
  if (const auto type = map.find("content_type")) {
    set(response.content_type, choice<std::string>(*type, {{"text/plain", "text/plain"},
                                                           {"text/css", "text/css"},
                                                           {"text/html", "text/html"},
                                                           {"application/javascript", "application/javascript"},
                                                           {"application/json", "application/json"}}));
  }
  if (const auto body = map.find("message_body")) {
    set(response.message_body, scalar(*body));
    if (response.message_body.size() > kLongestBody) {
      body->fault(
          concat("message_body must have at most ", kLongestBody, " bytes, not ", response.message_body.size()));
    }
  }
  return response;
}

/// `type:` may be written and must agree.
void check_type(const Value& value, std::string_view action) {
  const auto word = text(value);
  if (!word) return;
  const std::string_view wanted = action == "redirect"         ? "redirect"
                                  : action == "fixed_response" ? "fixed-response"
                                                               : "forward";
  if (*word != wanted) value.fault(concat("type must be ", wanted, " beside ", action, ", not ", in_quotes(*word)));
}

}  // namespace

Transforms read_transforms(const Value& value) {
  Transforms transforms;
  for (const Value& item : items(value, "a transform")) {
    const Mapping map(item, Scope::Transform);
    const auto written = map.only({"host_header_rewrite", "url_rewrite"});
    if (!written) continue;
    auto& rewrite = written->name == "url_rewrite" ? transforms.url_rewrite : transforms.host_header_rewrite;
    if (rewrite) {
      item.fault(concat("a rule has at most one ", written->name));
    } else {
      rewrite = read_rewrite(*written);
    }
  }
  return transforms;
}

std::optional<Action> read_action(const Value& value) {
  const Mapping map(value, Scope::Action);
  const auto written = map.only({"target_group", "forward", "redirect", "fixed_response"});
  if (!written) return std::nullopt;
  if (const auto type = map.find("type")) check_type(*type, written->name);
  Action action;
  action.at = value.at();
  if (written->name == "target_group") {
    Forward forward;
    if (auto group = placed_text(*written)) forward.target_groups.push_back({std::move(*group), 1});
    action.of = std::move(forward);
  }
  if (written->name == "forward") action.of = read_forward(*written);
  if (written->name == "redirect") action.of = read_redirect(*written);
  if (written->name == "fixed_response") action.of = read_fixed_response(*written);
  return action;
}

}  // namespace kanaria::config
