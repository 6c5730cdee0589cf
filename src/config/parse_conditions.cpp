#include <algorithm>

#include "sections.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

/// What a condition's string may be made of.
struct Alphabet {
  std::string_view others;  // beside letters and digits
  std::string_view words;   // for messages
  bool lower_case = true;
};
constexpr Alphabet kVisible{" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "visible ASCII and spaces"};
constexpr Alphabet kHost{"-._:[]*?", "A-Z a-z 0-9 - . _ : [ ] * ?"};
constexpr Alphabet kPath{" _-.$/~\"'@:+&*?", "A-Z a-z 0-9 _ - . $ / ~ \" ' @ : + & * ? and spaces"};
constexpr Alphabet kToken{"!#$%&'*+-.^_`|~", "A-Z a-z 0-9 ! # $ % & ' * + - . ^ _ ` | ~"};
constexpr Alphabet kMethod{"-_", "A-Z - _", false};

constexpr std::size_t kLongestValue = 128;
constexpr std::size_t kLongestName = 40;

bool made_of(std::string_view text, const Alphabet& alphabet) {
  return std::ranges::all_of(text, [&](char c) {
    const bool letter = (c >= 'A' && c <= 'Z') || (alphabet.lower_case && c >= 'a' && c <= 'z');
    const bool digit = alphabet.lower_case && c >= '0' && c <= '9';
    return letter || digit || alphabet.others.find(c) != std::string_view::npos;
  });
}

/// A condition's string: not empty, not too long, of the alphabet only.
std::optional<Text> condition_text(const Value& value, const Alphabet& alphabet, std::size_t longest = kLongestValue) {
  auto found = placed_text(value);
  if (!found) return std::nullopt;
  if (found->value.size() > longest) {
    value.fault(concat(value.name, " must have at most ", longest, " characters, not ", found->value.size()));
  } else if (!made_of(found->value, alphabet)) {
    value.fault(concat(value.name, " may hold only ", alphabet.words, ", not ", in_quotes(found->value)));
  } else {
    return found;
  }
  return std::nullopt;
}

/// The items of a list that must hold at least one.
std::vector<Value> some_items(const Value& list, std::string_view item) {
  auto found = items(list, item);
  if (list.node->kind == Node::Kind::List && found.empty()) list.fault(concat(list.name, " needs at least one value"));
  return found;
}

std::vector<Text> texts(const Value& list, std::string_view item, const Alphabet& alphabet,
                        std::size_t longest = kLongestValue) {
  std::vector<Text> texts;
  for (const Value& one : some_items(list, item)) {
    if (auto text = condition_text(one, alphabet, longest)) texts.push_back(std::move(*text));
  }
  return texts;
}

/// `values` or `regex_values` of a mapping.
void read_patterns(const Mapping& map, std::string_view item, const Alphabet& alphabet, Patterns& into) {
  const auto written = map.only({"values", "regex_values"});
  if (!written) return;
  const bool plain = written->name == "values";
  (plain ? into.values : into.regex_values) = texts(*written, item, plain ? alphabet : kVisible);
}

/// A list, or a mapping with values or regex_values.
void read_patterns(const Value& value, std::string_view item, const Alphabet& alphabet, Patterns& into) {
  if (value.node->kind == Node::Kind::Mapping) {
    read_patterns(Mapping(value, Scope::Patterns), item, alphabet, into);
  } else {
    into.values = texts(value, item, alphabet);
  }
}

PathPattern read_path_pattern(const Value& value) {
  PathPattern condition;
  read_patterns(value, "a path pattern", kPath, condition);
  for (const Text& text : condition.values) {
    if (std::string_view("/*?").find(text.value.front()) != std::string_view::npos) continue;
    value.diagnostics->warning(text.at, value.path,
                               concat("a path begins with \"/\": ", in_quotes(text.value), " never matches"));
  }
  return condition;
}

HostHeader read_host_header(const Value& value) {
  HostHeader condition;
  read_patterns(value, "a host pattern", kHost, condition);
  return condition;
}

HttpHeader read_http_header(const Value& value) {
  HttpHeader condition;
  const Mapping map(value, Scope::HttpHeader);
  if (const auto name = map.require("http_header_name")) {
    set(condition.http_header_name, condition_text(*name, kToken, kLongestName));
    if (lower(condition.http_header_name.value) == "host") {
      name->fault("http_header_name must not be Host: write a host_header condition");
    }
  }
  read_patterns(map, "a header value", kVisible, condition);
  return condition;
}

/// The list, or the list that is called `values` in a mapping.
std::optional<Value> values_of(const Value& value, Scope scope) {
  if (value.node->kind != Node::Kind::Mapping) return value;
  return Mapping(value, scope).require("values");
}

HttpRequestMethod read_http_request_method(const Value& value) {
  HttpRequestMethod condition;
  if (const auto list = values_of(value, Scope::Values)) {
    condition.values = texts(*list, "a method", kMethod, kLongestName);
  }
  return condition;
}

QueryString read_query_string(const Value& value) {
  QueryString condition;
  const auto list = values_of(value, Scope::QueryString);
  if (!list) return condition;
  for (const Value& item : some_items(*list, "a query pair")) {
    const Mapping map(item, Scope::QueryPair);
    QueryPair pair;
    if (const auto key = map.find("key")) pair.key = condition_text(*key, kVisible);
    if (const auto wanted = map.require("value")) set(pair.value, condition_text(*wanted, kVisible));
    condition.values.push_back(std::move(pair));
  }
  return condition;
}

SourceIp read_source_ip(const Value& value) {
  SourceIp condition;
  const auto list = values_of(value, Scope::Values);
  if (!list) return condition;
  for (const Value& item : some_items(*list, "a source IP")) {
    if (auto network = read_network(item, Alone::Fault)) condition.values.push_back(std::move(*network));
  }
  return condition;
}

/// A condition by the key that it is written under.
Condition condition_of(const Value& written, Position at) {
  Condition condition;
  condition.at = at;
  if (written.name == "path_pattern") condition.of = read_path_pattern(written);
  if (written.name == "host_header") condition.of = read_host_header(written);
  if (written.name == "http_header") condition.of = read_http_header(written);
  if (written.name == "http_request_method") condition.of = read_http_request_method(written);
  if (written.name == "query_string") condition.of = read_query_string(written);
  if (written.name == "source_ip") condition.of = read_source_ip(written);
  return condition;
}

std::optional<Condition> read_condition(const Value& value) {
  const Mapping map(value, Scope::Condition);
  const auto written =
      map.only({"path_pattern", "host_header", "http_header", "http_request_method", "query_string", "source_ip"});
  if (!written) return std::nullopt;
  return condition_of(*written, value.at());
}

}  // namespace

std::vector<Condition> read_conditions(const Value& value) {
  std::vector<Condition> conditions;
  for (const Value& item : items(value, "a condition")) {
    if (auto condition = read_condition(item)) conditions.push_back(std::move(*condition));
  }
  if (value.node->kind == Node::Kind::List && value.node->items.empty()) {
    value.fault("a rule needs at least one condition: path_pattern: [\"/*\"] is everything");
  }
  return conditions;
}

std::vector<Condition> read_conditions_in(const Mapping& map) {
  std::vector<Condition> conditions;
  for (const std::string_view kind : key_names(Scope::Condition)) {
    if (const auto written = map.find(kind)) conditions.push_back(condition_of(*written, written->at()));
  }
  return conditions;
}

}  // namespace kanaria::config
