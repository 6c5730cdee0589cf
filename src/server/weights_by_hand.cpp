#include "weights_by_hand.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "by_hand.hpp"
#include "kanaria/config/text.hpp"
#include "kanaria/net/spawn.hpp"

namespace kanaria::server {
namespace {

// Wall clocks are set: the time that is left is looked at anew at least this often.
constexpr std::chrono::minutes kLongestWait{1};
// After a disk took nothing.
constexpr std::chrono::seconds kRetry{10};

/// "app-main=50 app-canary=50 for 30m "INC-204"", or "reset"; what was asked, for the log.
std::string words_of(const runtime::WeightChange& change) {
  std::string words;
  if (!change.weights) words = "reset";
  for (const auto& [group, weight] : change.weights.value_or(runtime::Weights()))
    words += (words.empty() ? "" : " ") + config::printable(group) + "=" + std::to_string(weight);
  if (change.until) {
    const auto left = std::chrono::round<std::chrono::seconds>(*change.until - change.when);
    words += " for " + std::to_string(left.count()) + "s";
  }
  if (!change.reason.empty()) words += " " + quoted(change.reason);
  if (!change.generation) words += " (unconditional)";
  return words;
}

/// Groups that get traffic and have nobody to give it to.
void warn_of_empty(const RuleWeights& now, Changed& changed) {
  bool all_zero = true;
  for (const RuleWeights::Group& group : now.groups) {
    all_zero = all_zero && group.weight == 0;
    if (group.weight > 0 && group.healthy == 0)
      changed.warnings.push_back("target group " + group.name + " has no healthy target");
  }
  if (all_zero) changed.warnings.push_back("all weights are 0: every request gets 503");
}

}  // namespace

net::Awaitable<WeightsChanged> WeightsByHand::change(const runtime::WeightChange& change) {
  const bool was_overridden = store_.overrides().weights.contains(change.name());
  const runtime::Outcome outcome = co_await store_.override_weights(change);
  WeightsChanged result;
  result.changed = server::words_of(outcome);
  runtime::OverrideFault unknown;
  if (store_.current()) result.now = report(change.listener, change.rule, health_of(table_.report()), unknown);
  Changed& changed = result.changed;
  if (changed.faults.empty()) {
    wait_for_the_next();
    const bool is_overridden = store_.overrides().weights.contains(change.name());
    if (was_overridden && !is_overridden)
      changed.changes.push_back("rule " + change.name() + ": the file decides again");
    if (!was_overridden && is_overridden)
      changed.changes.push_back("rule " + change.name() + ": an override decides, not the file");
    if (change.weights) {
      if (result.now) warn_of_empty(*result.now, changed);
      if (!store_.file()->state_dir)
        changed.warnings.emplace_back("there is no state_dir: the override outlives reloads, and a restart forgets it");
    }
  }
  audit("weights of " + config::printable(change.name()), change.who, words_of(change), changed);
  co_return result;
}

GroupHealth health_of(const std::vector<targets::TargetTable::GroupReport>& reports) {
  using targets::HealthState;
  GroupHealth health;
  for (const targets::TargetTable::GroupReport& group : reports) {
    TargetCounts& counts = health[group.name];
    for (const targets::TargetTable::Report& target : group.targets) {
      if (target.state == HealthState::Draining || target.state == HealthState::Unused) continue;
      ++counts.targets;
      // One that nobody has checked yet may be dead on arrival; Unavailable are those that nobody checks.
      const bool is_fit = target.state == HealthState::Healthy || target.state == HealthState::Unavailable;
      counts.healthy += is_fit && !target.is_ejected ? 1 : 0;
    }
  }
  return health;
}

std::optional<RuleWeights> WeightsByHand::report(const std::string& listener, const std::string& rule,
                                                 const GroupHealth& health, runtime::OverrideFault& fault) const {
  const config::Rule* const running = find_rule(store_.current()->model(), listener, rule, fault);
  const config::Rule* const written = find_rule(*store_.file(), listener, rule, fault);
  if (running == nullptr || written == nullptr) return std::nullopt;
  if (std::holds_alternative<config::Forward>(running->action.of)) return report(listener, *running, *written, health);
  fault = {runtime::OverrideFault::Kind::Wrong,
           "rule " + listener + "/" + rule + " doesn't forward: it has no weights"};
  return std::nullopt;
}

RuleWeights WeightsByHand::report(const std::string& listener, const config::Rule& running, const config::Rule& written,
                                  const GroupHealth& health) const {
  RuleWeights weights;
  weights.name = listener + "/" + running.name;
  const auto& in_force = std::get<config::Forward>(running.action.of).target_groups;
  const auto& in_file = std::get<config::Forward>(written.action.of).target_groups;
  for (std::size_t i = 0; i < in_force.size(); ++i) {
    RuleWeights::Group group;
    group.name = in_force[i].name.value;
    group.weight = in_force[i].weight;
    group.file_weight = in_file[i].weight;
    if (const auto counts = health.find(group.name); counts != health.end()) {
      group.targets = counts->second.targets;
      group.healthy = counts->second.healthy;
    }
    weights.groups.push_back(std::move(group));
  }
  const auto& overrides = store_.overrides().weights;
  if (const auto ours = overrides.find(weights.name); ours != overrides.end()) weights.override = ours->second;
  weights.at = running.action.at;
  if (const runtime::Generation* const now = store_.generation(weights.name)) weights.generation = *now;
  return weights;
}

void WeightsByHand::wait_for_the_next() {
  std::optional<WallTime> end;
  for (const auto& [rule, ours] : store_.overrides().weights)
    if (ours.until && (!end || *ours.until < *end)) end = ours.until;
  Tick due = kNever;
  if (!store_.unkept().empty()) due = control_.wheel().now() + ticks_of(kRetry);
  if (end) {
    const auto left = std::chrono::ceil<Milliseconds>(*end - std::chrono::system_clock::now());
    due =
        std::min(due, control_.wheel().now() + ticks_of(std::clamp<Milliseconds>(left, Milliseconds(0), kLongestWait)));
  }
  control_.wheel().schedule(*this, due);
}

void WeightsByHand::expire() {
  net::spawn(control_, end_expired());
}

net::Awaitable<void> WeightsByHand::end_expired() {
  std::vector<std::string> ended;
  const WallTime now = std::chrono::system_clock::now();
  const bool any = std::ranges::any_of(
      store_.overrides().weights, [&](const auto& ours) { return ours.second.until && *ours.second.until <= now; });
  if (any) {
    const runtime::Outcome outcome = co_await store_.end_expired(now, ended);
    const Changed changed = server::words_of(outcome);
    for (const std::string& rule : ended) audit("weights of " + rule, "the end of its time", "reset", changed);
  }
  if (!store_.unkept().empty()) {
    co_await store_.keep_again();
    if (store_.unkept().empty()) spdlog::info("what is set by hand is kept over a restart again");
  }
  if (!store_.is_closed()) wait_for_the_next();
}

}  // namespace kanaria::server
