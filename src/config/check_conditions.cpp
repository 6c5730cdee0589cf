#include "check_conditions.hpp"

#include <algorithm>
#include <set>

#include "text.hpp"

namespace kanaria::config {
namespace {

// Quotas of one rule: alb.md §1.2.

constexpr std::size_t kValuesPerRule = 5;
constexpr std::size_t kEvaluationsPerCondition = 3;  // of regular expressions and values with wildcards
constexpr std::size_t kWildcardsPerRule = 6;

/// In a query string \* and \? are literal.
std::size_t unescaped_wildcards(const Text& text) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < text.value.size(); ++i) {
    if (text.value[i] == '\\') {
      ++i;
    } else if (text.value[i] == '*' || text.value[i] == '?') {
      ++count;
    }
  }
  return count;
}

struct Size {
  std::size_t values = 0;
  std::size_t wildcards = 0;
  std::size_t evaluations = 0;

  void add(std::size_t wildcards_of_value) {
    ++values;
    wildcards += wildcards_of_value;
    if (wildcards_of_value > 0) ++evaluations;
  }
};

struct Measure {
  Size operator()(const Patterns& of) const {
    Size size{of.regex_values.size(), 0, of.regex_values.size()};
    for (const Text& value : of.values) {
      size.add(
          static_cast<std::size_t>(std::ranges::count_if(value.value, [](char c) { return c == '*' || c == '?'; })));
    }
    return size;
  }
  Size operator()(const HttpRequestMethod& of) const { return {of.values.size()}; }
  Size operator()(const SourceIp& of) const { return {of.values.size()}; }
  Size operator()(const QueryString& of) const {
    Size size;
    for (const QueryPair& pair : of.values) {
      size.add(unescaped_wildcards(pair.value) + (pair.key ? unescaped_wildcards(*pair.key) : 0));
    }
    return size;
  }
};

/// Empty for the kinds that a rule may hold several of.
std::string_view single_kind(const Condition& condition) {
  if (std::holds_alternative<PathPattern>(condition.of)) return "path_pattern";
  if (std::holds_alternative<HostHeader>(condition.of)) return "host_header";
  if (std::holds_alternative<HttpRequestMethod>(condition.of)) return "http_request_method";
  if (std::holds_alternative<SourceIp>(condition.of)) return "source_ip";
  return {};
}

}  // namespace

std::size_t check_conditions(std::string_view what, const std::vector<Condition>& conditions, Position at,
                             const std::string& path, Diagnostics& diagnostics) {
  std::set<std::string_view> kinds;
  std::size_t values = 0;
  std::size_t wildcards = 0;
  for (const Condition& condition : conditions) {
    const std::string_view kind = single_kind(condition);
    if (!kind.empty() && !kinds.insert(kind).second) {
      diagnostics.error(condition.at, path, concat(what, " has at most one ", kind, " condition"));
    }
    const Size size = std::visit(Measure{}, condition.of);
    if (size.evaluations > kEvaluationsPerCondition) {
      diagnostics.error(condition.at, path,
                        concat("a condition has at most ", kEvaluationsPerCondition,
                               " regular expressions or values with wildcards, not ", size.evaluations));
    }
    values += size.values;
    wildcards += size.wildcards;
  }
  if (values > kValuesPerRule) {
    diagnostics.error(at, path,
                      concat(what, "'s conditions have at most ", kValuesPerRule, " values together, not ", values));
  }
  if (wildcards > kWildcardsPerRule) {
    diagnostics.error(at, path,
                      concat(what, " has at most ", kWildcardsPerRule, " wildcards (* and ?), not ", wildcards));
    return 0;
  }
  return wildcards;
}

}  // namespace kanaria::config
