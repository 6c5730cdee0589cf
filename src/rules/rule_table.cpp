#include "kanaria/rules/rule_table.hpp"

#include <algorithm>

#include "index.hpp"

namespace kanaria::rules {
namespace {

/// A path that no request has once it is normal: such a value would never match, silently.
void warn_of_abnormal_paths(const config::Rule& rule, const std::string& path, config::Diagnostics& diagnostics) {
  for (const config::Condition& condition : rule.conditions) {
    const auto* patterns = std::get_if<config::PathPattern>(&condition.of);
    if (patterns == nullptr) continue;
    for (const config::Text& value : patterns->values) {
      UriBuffer buffer;
      const std::string_view normal = normal_path(value.value, buffer);
      if (normal == value.value) continue;
      diagnostics.warning(
          value.at, path,
          "this never matches: paths are compared in their normal form; write \"" + std::string(normal) + '"');
    }
  }
}

Verdict judge(const Rule& rule, const Facts& facts) {
  Verdict verdict{&rule, rule.matches(facts), {}};
  for (const Condition& condition : rule.conditions())
    verdict.reasons.push_back(!verdict.matches && condition.matches(facts) ? condition.label() + " yes"
                                                                           : condition.reason(facts));
  return verdict;
}

}  // namespace

std::unique_ptr<const RuleTable> RuleTable::compile(const config::Listener& listener, unsigned workers,
                                                    config::Diagnostics& diagnostics) {
  std::vector<const config::Rule*> in_order;
  in_order.reserve(listener.rules.size() + 1);
  for (const config::Rule& rule : listener.rules) in_order.push_back(&rule);
  std::sort(in_order.begin(), in_order.end(),
            [](const config::Rule* a, const config::Rule* b) { return a->priority < b->priority; });
  in_order.push_back(&listener.default_rule);

  config::Diagnostics found;
  std::vector<Rule> rules;
  std::uint32_t forwards = 0;
  for (const config::Rule* rule : in_order) {
    const std::string path = path_of(listener, *rule);
    warn_of_abnormal_paths(*rule, path, found);
    const auto& added =
        rules.emplace_back(*rule, static_cast<std::uint32_t>(rules.size()), forwards, workers, path, found);
    if (std::holds_alternative<Forward>(added.action())) ++forwards;
  }
  diagnostics.append(found);
  if (found.has_errors()) return nullptr;
  return std::unique_ptr<const RuleTable>(new RuleTable(std::move(rules), forwards));
}

RuleTable::RuleTable(std::vector<Rule> rules, std::uint32_t forwards)
    : rules_(std::move(rules)), forwards_(forwards), index_(std::make_unique<Index>(rules_)) {}

RuleTable::~RuleTable() = default;

const Rule& RuleTable::find(const Subject& subject) const {
  return index_->first_match(Facts(subject));
}

std::vector<Verdict> RuleTable::explain(const Subject& subject) const {
  const Facts facts(subject);
  std::vector<Verdict> verdicts;
  for (const Rule& rule : rules_) {
    verdicts.push_back(judge(rule, facts));
    if (verdicts.back().matches) break;
  }
  return verdicts;
}

}  // namespace kanaria::rules
