#include "kanaria/config/summary.hpp"

#include "kanaria/config/address.hpp"
#include "kanaria/config/text.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

std::string quoted(std::string_view label, const std::vector<Text>& values) {
  std::string text(label);
  for (const Text& value : values) append(text, concat(' ', in_quotes(value.value)));
  return text;
}

std::string patterns(std::string_view label, const Patterns& of) {
  return of.regex_values.empty() ? quoted(label, of.values) : quoted(concat(label, " regex"), of.regex_values);
}

struct Words {
  std::string operator()(const PathPattern& of) const { return patterns("path", of); }
  std::string operator()(const HostHeader& of) const { return patterns("host", of); }
  std::string operator()(const HttpHeader& of) const {
    return patterns(concat("header ", printable(of.http_header_name.value)), of);
  }
  std::string operator()(const HttpRequestMethod& of) const {
    std::string text = "method";
    for (const Text& value : of.values) append(text, concat(' ', printable(value.value)));
    return text;
  }
  std::string operator()(const QueryString& of) const {
    std::string text = "query";
    for (const auto& pair : of.values) {
      const std::string key = pair.key ? concat(pair.key->value, '=') : "";
      append(text, concat(' ', in_quotes(concat(key, pair.value.value))));
    }
    return text;
  }
  std::string operator()(const SourceIp& of) const {
    std::string text = "source";
    for (const Network& network : of.values) append(text, concat(' ', to_text(network)));
    return text;
  }
};

}  // namespace

std::string summary(const std::vector<Condition>& conditions) {
  std::string text;
  for (const Condition& condition : conditions)
    append(text, concat(text.empty() ? "" : ", ", std::visit(Words{}, condition.of)));
  return text;
}

std::string summary(const Action& action) {
  if (const auto* const forward = std::get_if<Forward>(&action.of)) {
    std::string groups;
    for (const WeightedGroup& group : forward->target_groups) append(groups, concat(' ', group.name.value));
    return concat("forward to", groups);
  }
  if (const auto* const redirect = std::get_if<Redirect>(&action.of)) {
    const std::string query = redirect->query.empty() ? "" : concat('?', redirect->query);
    return concat("redirect ", redirect->status_code, " to ", redirect->protocol, "://", redirect->host, ':',
                  redirect->port, redirect->path, query);
  }
  return concat("fixed_response ", std::get<FixedResponse>(action.of).status_code);
}

}  // namespace kanaria::config
