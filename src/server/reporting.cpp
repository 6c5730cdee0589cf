// What control tells the admin API of how things are.
#include <algorithm>
#include <string_view>
#include <unordered_map>

#include "kanaria/config/address.hpp"
#include "kanaria/config/summary.hpp"
#include "parts.hpp"
#include "targets_by_hand.hpp"

namespace kanaria::server {
namespace {

/// Does it need a person?
bool is_remarkable(const targets::TargetTable::GroupReport& group) {
  return group.fail_open || std::ranges::any_of(group.targets, [](const targets::TargetTable::Report& target) {
           return target.state == targets::HealthState::Unhealthy || target.is_ejected;
         });
}

}  // namespace

std::string Control::metrics() const {
  observe::ProcessFacts facts = facts_;
  facts.access_log_dropped = parts_->access_log.dropped();
  if (const auto& current = parts_->store.current())
    for (const runtime::Listener& listener : current->listeners())
      for (const runtime::Route& route : listener.routes)
        for (std::size_t i = 0; i < route.rows.size(); ++i)
          facts.split_weights.push_back({route.rows[i], route.split->weight(i)});
  for (const targets::TargetTable::GroupReport& group : parts_->targets.table().report()) {
    std::array<std::uint64_t, targets::kHealthStates> counts{};
    for (const auto& target : group.targets) ++counts[static_cast<std::size_t>(target.state)];
    for (std::size_t state = 0; state < counts.size(); ++state)
      facts.target_counts.push_back(
          {group.name, targets::name_of(static_cast<targets::HealthState>(state)), counts[state]});
    facts.ejections.push_back({group.name, group.ejections});
  }
  for (const auto& [rule, ours] : parts_->store.overrides().weights) facts.overridden_rules.push_back(rule);
  facts.config_file_state = name_of(parts_->config_file.state().is);
  add_rollouts(facts);
  return parts_->metrics.text(facts);
}

net::Awaitable<Changed> Control::change_targets(const runtime::TargetChange& change) {
  Changed changed = co_await server::change_targets(parts_->store, change);
  parts_->weights.changed();  // a disk that took nothing is tried again
  co_return changed;
}

GroupTargets Control::targets_of(const std::string& group) const {
  return server::targets_of(parts_->store, parts_->targets.table().report(), group);
}

net::Awaitable<WeightsChanged> Control::change_weights(const runtime::WeightChange& change) {
  return parts_->weights.change(change);
}

std::optional<RuleWeights> Control::weights_of(const std::string& listener, const std::string& rule,
                                               runtime::OverrideFault& fault) const {
  std::optional<RuleWeights> weights =
      parts_->weights.report(listener, rule, health_of(parts_->targets.table().report()), fault);
  if (weights) {
    add_traffic(listener, rule, *weights);
    add_rollout(*weights);
  }
  return weights;
}

void Control::add_traffic(const std::string& listener, const std::string& rule, RuleWeights& weights) const {
  for (RuleWeights::Group& group : weights.groups) {
    const std::uint32_t row = parts_->metrics.routes().find({listener, rule, group.name});
    if (row == observe::kNoRow) continue;
    const observe::RouteCounts counts = parts_->observer.recent().of(row);
    group.traffic.chosen = counts.chosen;
    group.traffic.requests = counts.answered.requests;
    group.traffic.errors = counts.answered.server_errors;
    if (counts.answered.requests == 0) continue;
    group.traffic.p50 = std::chrono::duration<double>(observe::quantile(counts.answered.durations, 0.5)).count();
    group.traffic.p99 = std::chrono::duration<double>(observe::quantile(counts.answered.durations, 0.99)).count();
  }
}

net::Awaitable<Status> Control::status() {
  co_await parts_->config_file.look();
  const runtime::Snapshot& current = *parts_->store.current();
  const observe::Recent& recent = parts_->observer.recent();
  Status status;
  status.name = current.settings().name;
  status.ready = ready_;
  status.up = parts_->control.now().time - began_;
  status.config_file = config_file_;
  status.config_number = config_number_;
  status.config_hash = facts_.config_hash;
  status.applied = facts_.last_reload;
  status.applied_by = applied_by_;
  status.last_reload_success = facts_.last_reload_success;
  status.file = parts_->config_file.state();
  status.damaged_state = damaged_state_;
  status.unkept = parts_->store.unkept();
  status.window = std::chrono::duration<double>(recent.since(parts_->control.now().time)).count();
  const Reports reports = parts_->targets.table().report();
  const GroupHealth health = health_of(reports);
  const config::Model& file = *parts_->store.file();
  for (std::size_t i = 0; i < current.listeners().size(); ++i) {
    const config::Listener& written = current.model().listeners[i];
    const runtime::Listener& running = current.listeners()[i];
    ListenerStatus& listener = status.listeners.emplace_back();
    listener.name = written.name;
    listener.address = config::to_text(written.address, written.port);
    std::unordered_map<std::string_view, const config::Rule*> rules_in_file;
    const auto same = std::ranges::find(file.listeners, written.name, &config::Listener::name);
    if (same != file.listeners.end()) {
      for (const config::Rule& rule : same->rules) rules_in_file.emplace(rule.name, &rule);
      rules_in_file.emplace(same->default_rule.name, &same->default_rule);
    }
    const auto add_rule = [&](const config::Rule& rule, std::uint32_t row) {
      RuleStatus& made = listener.rules.emplace_back();
      made.name = rule.name;
      made.priority = rule.priority;
      made.conditions = config::summary(rule.conditions);
      made.action = config::summary(rule.action);
      const observe::RouteTotals answered = recent.of(row).answered;
      made.requests = answered.requests;
      made.errors = answered.server_errors;
      const auto in_file = rules_in_file.find(rule.name);
      if (!std::holds_alternative<config::Forward>(rule.action.of) || in_file == rules_in_file.end()) return;
      made.weights = parts_->weights.report(written.name, rule, *in_file->second, health);
      add_traffic(written.name, rule.name, *made.weights);
      add_rollout(*made.weights);
      for (const RuleWeights::Group& group : made.weights->groups) {
        made.requests += group.traffic.requests;
        made.errors += group.traffic.errors;
      }
    };
    std::size_t row = 0;
    for (const config::Rule& rule : written.rules) add_rule(rule, running.rule_rows[row++]);
    add_rule(written.default_rule, running.rule_rows[row]);
  }
  for (const targets::TargetTable::GroupReport& group : reports) {
    if (!is_remarkable(group) && !parts_->store.overrides().targets.contains(group.name)) continue;
    GroupTargets found = server::targets_of(parts_->store, reports, group.name);
    if (found.fault.empty()) status.groups.push_back(std::move(found));
  }
  co_return status;
}

const observe::ErrorLog& Control::errors() {
  parts_->observer.errors().collect();
  return parts_->observer.errors();
}

const runtime::Snapshot& Control::snapshot() const {
  return *parts_->store.current();
}

bool Control::has_snapshot() const {
  return parts_->store.current() != nullptr;
}

const config::Model& Control::file() const {
  return *parts_->store.file();
}

std::shared_ptr<const config::Model> Control::without_rollouts() const {
  return parts_->store.without_rollouts();
}

}  // namespace kanaria::server
