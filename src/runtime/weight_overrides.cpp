#include "kanaria/runtime/weight_overrides.hpp"

#include <algorithm>
#include <set>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/text.hpp"

namespace kanaria::runtime {
namespace {

using Kind = OverrideFault::Kind;

OverrideFault unknown(std::string_view kind, const std::string& name, std::string_view where,
                      const std::vector<std::string_view>& known) {
  return {Kind::Unknown, "there is no " + std::string(kind) + " " + config::in_quotes(name) + std::string(where) +
                             config::did_you_mean(name, known)};
}

std::vector<std::string_view> names_of(const config::Forward& forward) {
  std::vector<std::string_view> names;
  for (const config::WeightedGroup& group : forward.target_groups) names.push_back(group.name.value);
  return names;
}

/// "app-main=90 app-canary=10": what can be copied, with the groups that were not named as they are.
std::string full_line(const config::Forward& forward, const Weights& wanted) {
  std::string line;
  for (const config::WeightedGroup& group : forward.target_groups) {
    const auto named = std::ranges::find(wanted, group.name.value, &Weights::value_type::first);
    const int weight = named == wanted.end() ? group.weight : named->second;
    line += (line.empty() ? "" : " ") + group.name.value + "=" + std::to_string(weight);
  }
  return line;
}

std::optional<OverrideFault> check(const Weights& weights, const config::Forward& forward, const std::string& rule) {
  const std::vector<std::string_view> known = names_of(forward);
  std::set<std::string_view> named;
  for (const auto& [group, weight] : weights) {
    if (std::ranges::find(known, group) == known.end())
      return unknown("target group", group, " in the action of rule " + rule, known);
    if (weight < 0 || weight > kMaxWeight)
      return OverrideFault{Kind::Wrong, "the weight of " + group + " must be between 0 and " +
                                            std::to_string(kMaxWeight) + ", not " + std::to_string(weight)};
    if (!named.insert(group).second) return OverrideFault{Kind::Wrong, "target group " + group + " is named twice"};
  }
  if (named.size() == known.size()) return std::nullopt;
  return OverrideFault{Kind::Wrong, "all target groups of the rule must be named: " + full_line(forward, weights)};
}

void apply(const Weights& weights, config::Forward& forward) {
  for (config::WeightedGroup& group : forward.target_groups) {
    const auto named = std::ranges::find(weights, group.name.value, &Weights::value_type::first);
    if (named != weights.end()) group.weight = named->second;
  }
}

}  // namespace

const config::Rule* find_rule(const config::Model& model, const std::string& listener, const std::string& rule,
                              OverrideFault& fault) {
  const auto at = std::ranges::find(model.listeners, listener, &config::Listener::name);
  if (at == model.listeners.end()) {
    std::vector<std::string_view> known;
    for (const config::Listener& one : model.listeners) known.push_back(one.name);
    fault = unknown("listener", listener, "", known);
    return nullptr;
  }
  if (rule == at->default_rule.name) return &at->default_rule;
  const auto named = std::ranges::find(at->rules, rule, &config::Rule::name);
  if (named != at->rules.end()) return &*named;
  std::vector<std::string_view> known{at->default_rule.name};
  for (const config::Rule& one : at->rules) known.push_back(one.name);
  fault = unknown("rule", rule, " in listener " + listener, known);
  return nullptr;
}

std::optional<OverrideFault> change(WeightOverrides& overrides, const config::Model& file, const WeightChange& change) {
  OverrideFault fault;
  const config::Rule* const rule = find_rule(file, change.listener, change.rule, fault);
  if (rule == nullptr) return fault;
  const auto* const forward = std::get_if<config::Forward>(&rule->action.of);
  if (forward == nullptr)
    return OverrideFault{Kind::Wrong, "rule " + change.name() + " doesn't forward: it has no weights"};
  if (!change.weights) {
    overrides.erase(change.name());
    return std::nullopt;
  }
  if (change.reason.size() > kLongestReason)
    return OverrideFault{Kind::Wrong, "a reason has at most " + std::to_string(kLongestReason) + " bytes"};
  if (change.until && (*change.until <= change.when || *change.until - change.when > kLongestOverride))
    return OverrideFault{Kind::Wrong, "an override lasts between 1s and 365d"};
  if (const auto wrong = check(*change.weights, *forward, change.name())) return wrong;
  if (overrides.size() == kMaxWeightOverrides && !overrides.contains(change.name()))
    return OverrideFault{Kind::Wrong,
                         "more than " + std::to_string(kMaxWeightOverrides) + " rules can't be changed by hand"};
  overrides[change.name()] = {*change.weights, change.who, change.when, change.until, change.reason};
  return std::nullopt;
}

bool fits(const WeightOverride& override, const std::string& name, const config::Model& file) {
  const std::size_t slash = name.find('/');  // no name has one
  OverrideFault ignored;
  const config::Rule* const rule = find_rule(file, name.substr(0, slash), name.substr(slash + 1), ignored);
  if (rule == nullptr) return false;
  const auto* const forward = std::get_if<config::Forward>(&rule->action.of);
  return forward != nullptr && !check(override.weights, *forward, name);
}

std::shared_ptr<const config::Model> in_force(const WeightOverrides& overrides,
                                              const std::shared_ptr<const config::Model>& file) {
  if (overrides.empty()) return file;
  auto model = std::make_shared<config::Model>(*file);
  const auto override_rule = [&](const config::Listener& listener, config::Rule& rule) {
    const auto ours = overrides.find(listener.name + "/" + rule.name);
    auto* const forward = std::get_if<config::Forward>(&rule.action.of);
    if (ours != overrides.end() && forward != nullptr) apply(ours->second.weights, *forward);
  };
  for (config::Listener& listener : model->listeners) {
    for (config::Rule& rule : listener.rules) override_rule(listener, rule);
    override_rule(listener, listener.default_rule);
  }
  return model;
}

}  // namespace kanaria::runtime
