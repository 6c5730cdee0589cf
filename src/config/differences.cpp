#include <algorithm>
#include <functional>
#include <unordered_map>

#include "kanaria/config/address.hpp"
#include "kanaria/config/print.hpp"
#include "kanaria/config/summary.hpp"
#include "text.hpp"
#include "words.hpp"

namespace kanaria::config {
namespace {

using Lines = std::vector<std::string>;

/// Objects by name: a file may hold 10,000 rules.
template <class T>
class ByName {
 public:
  explicit ByName(const std::vector<T>& list) {
    for (const T& one : list) known_.emplace(one.name, &one);
  }
  /// Null: there is none.
  const T* find(std::string_view name) const {
    const auto found = known_.find(name);
    return found == known_.end() ? nullptr : found->second;
  }

 private:
  std::unordered_map<std::string_view, const T*> known_;
};

std::string word(Milliseconds value) {
  return to_text(value);
}
std::string word(const std::string& value) {
  return value;
}
std::string word(const std::vector<Network>& networks) {
  std::string text;
  for (const Network& network : networks) append(text, concat(text.empty() ? "" : " ", to_text(network)));
  return text.empty() ? "nobody" : text;
}
std::string word(const std::vector<std::string>& names) {
  std::string text;
  for (const std::string& name : names) append(text, concat(text.empty() ? "" : " ", name));
  return text.empty() ? "nothing" : text;
}
std::string word(const std::optional<Text>& path) {
  return path ? path->value : "none";
}
std::string word(const std::vector<UserKey>& parts) {
  std::string text;
  for (const UserKey& part : parts) {
    const bool is_cookie = part.kind == UserKey::Kind::Cookie;
    append(text, concat(text.empty() ? "" : ", ", is_cookie ? "cookie " : "http_header ", part.name.value));
  }
  return text.empty() ? "nothing" : text;
}
std::string word(int value) {
  return std::to_string(value);
}
template <class Choice>
  requires std::is_enum_v<Choice> || std::same_as<Choice, bool>
std::string word(Choice value) {
  return std::string(words(value));
}

template <class T>
void compare(Lines& lines, std::string_view what, const T& before, const T& after) {
  if (before != after) lines.push_back(concat(what, ": ", word(before), " -> ", word(after)));
}

/// What is fixed for a process.
void compare_fixed(Lines& lines, std::string_view what, const std::string& before, const std::string& after) {
  if (before == after) return;
  lines.push_back(concat(what, ": ", before, " -> ", after, " (needs a restart; a reload is refused)"));
}

void compare_settings(Lines& lines, const Model& before, const Model& after) {
  compare_fixed(lines, "workers", number_or(before.workers, "auto"), number_or(after.workers, "auto"));
  compare(lines, "log level", before.log.level, after.log.level);
  compare(lines, "log format", before.log.format, after.log.format);
  const LoadBalancer& was = before.load_balancer;
  const LoadBalancer& is = after.load_balancer;
  compare(lines, "load_balancer name", was.name, is.name);
  compare(lines, "load_balancer idle_timeout", was.idle_timeout, is.idle_timeout);
  compare(lines, "load_balancer client_keep_alive", was.client_keep_alive, is.client_keep_alive);
  compare(lines, "load_balancer preserve_host_header", was.preserve_host_header, is.preserve_host_header);
  compare(lines, "load_balancer xff_header_processing_mode", was.xff_header_processing_mode,
          is.xff_header_processing_mode);
  compare(lines, "load_balancer enable_xff_client_port", was.enable_xff_client_port, is.enable_xff_client_port);
  compare(lines, "load_balancer drop_invalid_header_fields", was.drop_invalid_header_fields,
          is.drop_invalid_header_fields);
  compare(lines, "load_balancer desync_mitigation_mode", was.desync_mitigation_mode, is.desync_mitigation_mode);
  compare(lines, "load_balancer request_header_timeout", was.request_header_timeout, is.request_header_timeout);
  compare(lines, "load_balancer target_connect_timeout", was.target_connect_timeout, is.target_connect_timeout);
  compare(lines, "load_balancer max_connections", number_or(was.max_connections, "auto"),
          number_or(is.max_connections, "auto"));
  compare(lines, "load_balancer max_request_body", size_text(was.max_request_body), size_text(is.max_request_body));
  compare(lines, "load_balancer drain_timeout", was.drain_timeout, is.drain_timeout);
  compare(lines, "load_balancer drain_delay", was.drain_delay, is.drain_delay);
  compare(lines, "access_logs enabled", before.access_logs.enabled, after.access_logs.enabled);
  compare(lines, "access_logs path", before.access_logs.path, after.access_logs.path);
  compare(lines, "access_logs format", before.access_logs.format, after.access_logs.format);
  compare_fixed(lines, "admin address", before.admin.address, after.admin.address);
  compare_fixed(lines, "admin token_file", word(before.admin.token_file), word(after.admin.token_file));
  compare_fixed(lines, "admin read_only_address", before.admin.read_only_address, after.admin.read_only_address);
  compare_fixed(lines, "admin allowed_hosts", word(before.admin.allowed_hosts), word(after.admin.allowed_hosts));
  compare_fixed(lines, "state_dir", word(before.state_dir), word(after.state_dir));
  compare(lines, "cookie_key_file", before.cookie_key_file, after.cookie_key_file);
}

std::string share(const Forward& forward, const WeightedGroup& group) {
  return percent(group.weight, total_weight(forward));
}

void compare_forwards(Lines& lines, const std::string& where, const Forward& before, const Forward& after) {
  compare(lines, concat(where, ": split"), before.split, after.split);
  compare(lines, concat(where, ": user_key"), before.user_key, after.user_key);
  compare(lines, concat(where, ": stickiness enabled"), before.stickiness.enabled, after.stickiness.enabled);
  compare(lines, concat(where, ": stickiness duration"), before.stickiness.duration, after.stickiness.duration);
  compare(lines, concat(where, ": failover"), before.failover, after.failover);
  const auto find = [](const Forward& forward, const std::string& name) -> const WeightedGroup* {
    const auto found = std::ranges::find_if(forward.target_groups,
                                            [&](const WeightedGroup& group) { return group.name.value == name; });
    return found == forward.target_groups.end() ? nullptr : &*found;
  };
  for (const WeightedGroup& was : before.target_groups) {
    const std::string& name = was.name.value;
    const WeightedGroup* const is = find(after, name);
    if (is == nullptr) {
      lines.push_back(concat(where, ": ", name, " removed (weight ", was.weight, ", ", share(before, was), ')'));
    } else if (const auto [old_share, new_share] = std::pair(share(before, was), share(after, *is));
               was.weight != is->weight || old_share != new_share) {
      const std::string weights = was.weight == is->weight ? concat("weight stays ", was.weight)
                                                           : concat("weight ", was.weight, " -> ", is->weight);
      lines.push_back(concat(where, ": ", name, ' ', weights, " (", old_share, " -> ", new_share, ')'));
    }
  }
  for (const WeightedGroup& is : after.target_groups) {
    if (find(before, is.name.value) != nullptr) continue;
    lines.push_back(concat(where, ": ", is.name.value, " added (weight ", is.weight, ", ", share(after, is), ')'));
  }
}

std::string summary(const Listener& listener) {
  return concat(to_text(listener.address, listener.port), ", ", counted(listener.rules.size(), "rule"));
}

std::string summary(const TargetGroup& group) {
  return counted(group.targets.size(), "target");
}

void compare_rules(Lines& lines, const std::string& where, const Rule& before, const Rule& after) {
  if (before.priority != after.priority) {
    lines.push_back(concat(where, ": priority ", before.priority, " -> ", after.priority));
  }
  if (before.conditions != after.conditions) lines.push_back(concat(where, ": conditions changed"));
  if (before.transforms != after.transforms) lines.push_back(concat(where, ": transforms changed"));
  if (before.action == after.action) return;
  const auto* const was = std::get_if<Forward>(&before.action.of);
  const auto* const is = std::get_if<Forward>(&after.action.of);
  const auto count = lines.size();
  if (was != nullptr && is != nullptr) {
    compare_forwards(lines, where, *was, *is);
    if (lines.size() == count)
      lines.push_back(concat(where, ": the order of its target groups changed",
                             is->split == SplitMode::PerUser ? ", so users move" : ""));
    return;
  }
  const auto [old_action, new_action] = std::pair(summary(before.action), summary(after.action));
  lines.push_back(old_action == new_action ? concat(where, ": ", old_action, " changed")
                                           : concat(where, ": ", old_action, " -> ", new_action));
}

void compare_listeners(Lines& lines, const Listener& before, const Listener& after) {
  const std::string where = concat("listener ", after.name);
  compare(lines, concat(where, ": address"), to_text(before.address, before.port), to_text(after.address, after.port));
  const auto& [old_protocol, new_protocol] = std::pair(before.proxy_protocol, after.proxy_protocol);
  compare(lines, concat(where, ": proxy_protocol version"), old_protocol.version, new_protocol.version);
  compare(lines, concat(where, ": proxy_protocol trusted"), old_protocol.trusted, new_protocol.trusted);
  const ByName<Rule> old_rules(before.rules);
  const ByName<Rule> new_rules(after.rules);
  for (const Rule& was : before.rules) {
    if (new_rules.find(was.name) == nullptr) lines.push_back(concat(where, ": rule ", was.name, " removed"));
  }
  for (const Rule& is : after.rules) {
    if (const Rule* const was = old_rules.find(is.name)) {
      compare_rules(lines, concat(where, ": rule ", is.name), *was, is);
    } else {
      lines.push_back(
          concat(where, ": rule ", is.name, " added (priority ", is.priority, ", ", summary(is.action), ')'));
    }
  }
  compare_rules(lines, concat(where, ": rule default"), before.default_rule, after.default_rule);
}

std::string percentage(int number) {
  return concat(number, '%');
}

template <class T>
std::string flags_or_nothing(std::span<const Flag<T>> known, const T& of) {
  const std::string listed = flags(known, of);
  return listed.empty() ? "nothing" : listed;
}

void compare_health_checks(Lines& lines, const std::string& where, const HealthCheck& was, const HealthCheck& is) {
  const auto port = [](const HealthCheck& check) { return number_or(check.port, "traffic-port"); };
  compare(lines, concat(where, " enabled"), was.enabled, is.enabled);
  compare(lines, concat(where, " path"), was.path, is.path);
  compare(lines, concat(where, " port"), port(was), port(is));
  compare(lines, concat(where, " interval"), was.interval, is.interval);
  compare(lines, concat(where, " timeout"), was.timeout, is.timeout);
  compare(lines, concat(where, " healthy_threshold"), was.healthy_threshold, is.healthy_threshold);
  compare(lines, concat(where, " unhealthy_threshold"), was.unhealthy_threshold, is.unhealthy_threshold);
  compare(lines, concat(where, " matcher"), was.matcher.to_string(), is.matcher.to_string());
}

void compare_stickiness(Lines& lines, const std::string& where, const TargetStickiness& was,
                        const TargetStickiness& is) {
  const auto name = [](const TargetStickiness& of) { return of.cookie_name.empty() ? "none" : of.cookie_name; };
  compare(lines, concat(where, " enabled"), was.enabled, is.enabled);
  compare(lines, concat(where, " type"), was.type, is.type);
  compare(lines, concat(where, " cookie_duration"), was.cookie_duration, is.cookie_duration);
  compare(lines, concat(where, " cookie_name"), name(was), name(is));
}

void compare_routing(Lines& lines, const std::string& where, const UnhealthyStateRouting& was,
                     const UnhealthyStateRouting& is) {
  compare(lines, concat(where, " minimum_healthy_targets_count"), was.minimum_healthy_targets_count,
          is.minimum_healthy_targets_count);
  compare(lines, concat(where, " minimum_healthy_targets_percentage"),
          percent_or_off(was.minimum_healthy_targets_percentage),
          percent_or_off(is.minimum_healthy_targets_percentage));
}

void compare_retries(Lines& lines, const std::string& where, const Retries& was, const Retries& is) {
  compare(lines, concat(where, " max"), was.max, is.max);
  compare(lines, concat(where, " budget"), percentage(was.budget_percent), percentage(is.budget_percent));
  compare(lines, concat(where, " retry_on"), flags_or_nothing(retry_on(), was), flags_or_nothing(retry_on(), is));
}

void compare_passive_health(Lines& lines, const std::string& where, const PassiveHealth& was, const PassiveHealth& is) {
  compare(lines, concat(where, " enabled"), was.enabled, is.enabled);
  compare(lines, concat(where, " on"), flags_or_nothing(ejects_on(), was), flags_or_nothing(ejects_on(), is));
  compare(lines, concat(where, " failures"), was.failures, is.failures);
  compare(lines, concat(where, " ejection_time"), was.ejection_time, is.ejection_time);
  compare(lines, concat(where, " max_ejected"), percentage(was.max_ejected_percent),
          percentage(is.max_ejected_percent));
}

void compare_health_and_bounds(Lines& lines, const std::string& where, const TargetGroup& was, const TargetGroup& is) {
  compare(lines, concat(where, ": dns_max_ttl"), was.dns_max_ttl, is.dns_max_ttl);
  compare(lines, concat(where, ": load_balancing_algorithm_type"), was.load_balancing_algorithm_type,
          is.load_balancing_algorithm_type);
  compare(lines, concat(where, ": load_balancing_anomaly_mitigation"),
          std::string(on_or_off(was.load_balancing_anomaly_mitigation)),
          std::string(on_or_off(is.load_balancing_anomaly_mitigation)));
  compare(lines, concat(where, ": deregistration_delay"), was.deregistration_delay, is.deregistration_delay);
  compare(lines, concat(where, ": slow_start"), was.slow_start, is.slow_start);
  compare_stickiness(lines, concat(where, ": stickiness"), was.stickiness, is.stickiness);
  compare_health_checks(lines, concat(where, ": health_check"), was.health_check, is.health_check);
  compare_routing(lines, concat(where, ": unhealthy_state_routing"), was.unhealthy_state_routing,
                  is.unhealthy_state_routing);
  compare_retries(lines, concat(where, ": retries"), was.retries, is.retries);
  compare_passive_health(lines, concat(where, ": passive_health"), was.passive_health, is.passive_health);
  compare(lines, concat(where, ": max_connections_per_target"), number_or(was.max_connections_per_target, "unlimited"),
          number_or(is.max_connections_per_target, "unlimited"));
  compare(lines, concat(where, ": max_pending"), was.max_pending, is.max_pending);
  compare(lines, concat(where, ": pending_timeout"), was.pending_timeout, is.pending_timeout);
}

void compare_groups(Lines& lines, const TargetGroup& before, const TargetGroup& after) {
  const std::string where = concat("target group ", after.name);
  const auto port = [](const TargetGroup& group) { return number_or(group.port, "none"); };
  compare(lines, concat(where, ": port"), port(before), port(after));
  compare(lines, concat(where, ": target_idle_timeout"), before.target_idle_timeout, after.target_idle_timeout);
  compare_health_and_bounds(lines, where, before, after);
  const auto count = lines.size();
  const auto find = [](const TargetGroup& group, const Target& target) -> const Target* {
    const auto found =
        std::ranges::find_if(group.targets, [&](const Target& other) { return same_place(other, target); });
    return found == group.targets.end() ? nullptr : &*found;
  };
  for (const Target& was : before.targets) {
    if (find(after, was) == nullptr) lines.push_back(concat(where, ": target ", was.text.value, " removed"));
  }
  for (const Target& is : after.targets) {
    const Target* const was = find(before, is);
    if (was == nullptr) {
      lines.push_back(concat(where, ": target ", is.text.value, is.drained ? " added, drained" : " added"));
    } else if (was->drained != is.drained) {
      lines.push_back(concat(where, ": target ", is.text.value, is.drained ? " drained" : " not drained any more"));
    }
  }
  if (before.targets != after.targets && lines.size() == count) {
    lines.push_back(concat(where, ": the order of its targets changed"));
  }
}

std::string summary(const Rollout& rollout) {
  return concat(rollout.rule.value, ": ", steps_text(rollout));
}

void compare_error_rates(Lines& lines, const std::string& where, const ErrorRate& was, const ErrorRate& is) {
  compare(lines, concat(where, " slo_max"), rate_or_none(was.slo_max), rate_or_none(is.slo_max));
  compare(lines, concat(where, " bad matcher"), was.bad.matcher.to_string(), is.bad.matcher.to_string());
  compare(lines, concat(where, " bad connect_error"), was.bad.connect_error, is.bad.connect_error);
  compare(lines, concat(where, " bad timeout"), was.bad.timeout, is.bad.timeout);
  compare(lines, concat(where, " bad reset"), was.bad.reset, is.bad.reset);
}

void compare_thresholds(Lines& lines, const std::string& where, const Threshold& was, const Threshold& is) {
  const auto metric = [](const Threshold& of) { return std::string(of.max_p99 ? "p99" : "success_rate"); };
  compare(lines, concat(where, " metric"), metric(was), metric(is));
  compare(lines, concat(where, " min"), rate_or_none(was.min_success_rate), rate_or_none(is.min_success_rate));
  compare(lines, concat(where, " max"), duration_or_none(was.max_p99), duration_or_none(is.max_p99));
  compare(lines, concat(where, " interval"), was.interval, is.interval);
  compare(lines, concat(where, " failure_limit"), was.failure_limit, is.failure_limit);
}

void compare_metrics(Lines& lines, const std::string& where, const RolloutMetric& was, const RolloutMetric& is) {
  if (was.of.index() != is.of.index()) {
    lines.push_back(concat(where, " type: ", type_of(was), " -> ", type_of(is)));
  } else if (const auto* const errors = std::get_if<ErrorRate>(&was.of)) {
    compare_error_rates(lines, where, *errors, std::get<ErrorRate>(is.of));
  } else if (const auto* const latency = std::get_if<Latency>(&was.of)) {
    compare(lines, concat(where, " slo_p99_max"), duration_or_none(latency->slo_p99_max),
            duration_or_none(std::get<Latency>(is.of).slo_p99_max));
  } else {
    compare_thresholds(lines, where, std::get<Threshold>(was.of), std::get<Threshold>(is.of));
  }
}

void compare_analyses(Lines& lines, const std::string& where, const RolloutAnalysis& was, const RolloutAnalysis& is) {
  const auto count = lines.size();
  const ByName<RolloutMetric> old_metrics(was.metrics);
  const ByName<RolloutMetric> new_metrics(is.metrics);
  for (const RolloutMetric& metric : was.metrics) {
    if (new_metrics.find(metric.name) == nullptr) lines.push_back(concat(where, ": metric ", metric.name, " removed"));
  }
  for (const RolloutMetric& metric : is.metrics) {
    const std::string which = concat(where, ": metric ", metric.name);
    if (const RolloutMetric* const old = old_metrics.find(metric.name)) {
      compare_metrics(lines, which, *old, metric);
    } else {
      lines.push_back(concat(which, " added (", type_of(metric), ')'));
    }
  }
  if (was.metrics != is.metrics && lines.size() == count) {
    lines.push_back(concat(where, ": the order of its metrics changed"));
  }
  compare(lines, concat(where, ": false_rollback_rate"), real_text(was.false_rollback_rate),
          real_text(is.false_rollback_rate));
  compare(lines, concat(where, ": tolerance"), real_text(was.tolerance), real_text(is.tolerance));
  compare(lines, concat(where, ": initial_delay"), was.initial_delay, is.initial_delay);
  compare(lines, concat(where, ": min_canary_requests"), was.min_canary_requests, is.min_canary_requests);
  compare(lines, concat(where, ": on_inconclusive"), was.on_inconclusive, is.on_inconclusive);
  compare(lines, concat(where, ": on_incident"), was.on_incident, is.on_incident);
  compare(lines, concat(where, ": dry_run"), was.dry_run, is.dry_run);
}

void compare_rollouts(Lines& lines, const Rollout& was, const Rollout& is) {
  const std::string where = concat("rollout ", is.name);
  compare(lines, concat(where, ": rule"), was.rule.value, is.rule.value);
  compare(lines, concat(where, ": stable"), was.stable.value, is.stable.value);
  compare(lines, concat(where, ": canary"), was.canary.value, is.canary.value);
  compare(lines, concat(where, ": revision"), was.revision.value_or("none"), is.revision.value_or("none"));
  if (was.steps != is.steps) {
    const auto [old_steps, new_steps] = std::pair(steps_text(was), steps_text(is));
    lines.push_back(old_steps == new_steps ? concat(where, ": its analysis steps changed")
                                           : concat(where, ": steps: ", old_steps, " -> ", new_steps));
  }
  compare(lines, concat(where, ": bake_time"), was.bake_time, is.bake_time);
  if (was.match != is.match) lines.push_back(concat(where, ": match changed"));
  compare_analyses(lines, where, was.analysis, is.analysis);
  compare(lines, concat(where, ": allow_decrease"), was.allow_decrease, is.allow_decrease);
  compare(lines, concat(where, ": auto_start"), was.auto_start, is.auto_start);
  compare(lines, concat(where, ": on_complete"), was.on_complete, is.on_complete);
  compare(lines, concat(where, ": holdback"), basis_text(was.holdback), basis_text(is.holdback));
  compare(lines, concat(where, ": state_max_age"), was.state_max_age, is.state_max_age);
  compare(lines, concat(where, ": undo_window"), was.undo_window, is.undo_window);
  compare(lines, concat(where, ": progress_deadline"), was.progress_deadline, is.progress_deadline);
  compare(lines, concat(where, ": unhealthy_abort_after"), was.unhealthy_abort_after, is.unhealthy_abort_after);
}

/// Objects that came and went, by name, and `compare` for those that stayed.
template <class T, class Compare>
void compare_lists(Lines& lines, std::string_view kind, const std::vector<T>& before, const std::vector<T>& after,
                   Compare compare) {
  const ByName<T> old_ones(before);
  const ByName<T> new_ones(after);
  for (const T& was : before) {
    if (new_ones.find(was.name) == nullptr) lines.push_back(concat(kind, ' ', was.name, " removed"));
  }
  for (const T& is : after) {
    if (const T* const was = old_ones.find(is.name)) {
      compare(lines, *was, is);
    } else {
      lines.push_back(concat(kind, ' ', is.name, " added (", summary(is), ')'));
    }
  }
}

}  // namespace

std::vector<std::string> differences(const Model& before, const Model& after) {
  Lines lines;
  compare_settings(lines, before, after);
  compare_lists(lines, "listener", before.listeners, after.listeners, compare_listeners);
  compare_lists(lines, "target group", before.target_groups, after.target_groups, compare_groups);
  compare_lists(lines, "rollout", before.rollouts, after.rollouts, compare_rollouts);
  if (lines.empty() && before != after) lines.emplace_back("the order of listeners, target groups or rollouts changed");
  return lines;
}

}  // namespace kanaria::config
