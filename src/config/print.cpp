#include "kanaria/config/print.hpp"

#include <algorithm>
#include <cstdio>

#include "kanaria/config/address.hpp"
#include "text.hpp"
#include "words.hpp"

namespace kanaria::config {
namespace {

std::string hex(unsigned char byte) {
  constexpr char kDigits[] = "0123456789abcdef";
  return {'\\', 'x', kDigits[byte >> 4], kDigits[byte & 15]};
}

/// A double-quoted YAML scalar of UTF-8 text that expand() leaves as it is.
std::string scalar(std::string_view text) {
  std::string out = "\"";
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (text.substr(i).starts_with("${")) {
      out += "$$";
    } else if (c == '"' || c == '\\') {
      out += {'\\', c};
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '\t') {
      out += "\\t";
    } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
      out += hex(static_cast<unsigned char>(c));
    } else if (c == '\xc2' && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) {
      // U+0080 to U+009F are control characters as well; in YAML \x names the character, not the byte.
      out += hex(static_cast<unsigned char>(text[++i]));
    } else {
      out += c;
    }
  }
  return out + '"';
}

template <class T, class Print>
std::string list(const std::vector<T>& values, Print print) {
  std::string out = "[";
  for (const T& value : values) append(out, concat(out.size() > 1 ? ", " : "", print(value)));
  return out + ']';
}

std::string path_or_none(const std::optional<Text>& path) {
  return path ? scalar(path->value) : "none";
}

std::string texts(const std::vector<Text>& values) {
  return list(values, [](const Text& text) { return scalar(text.value); });
}

std::string patterns(const Patterns& of) {
  return of.regex_values.empty() ? texts(of.values) : concat("{regex_values: ", texts(of.regex_values), '}');
}

std::string networks(const std::vector<Network>& values) {
  return list(values, [](const Network& one) { return scalar(to_text(one)); });
}

std::string user_key(const std::vector<UserKey>& parts) {
  return list(parts, [](const UserKey& part) {
    return concat(part.kind == UserKey::Kind::Cookie ? "{cookie: " : "{http_header: ", scalar(part.name.value), '}');
  });
}

struct PrintCondition {
  std::string operator()(const PathPattern& of) const { return concat("path_pattern: ", patterns(of)); }
  std::string operator()(const HostHeader& of) const { return concat("host_header: ", patterns(of)); }
  std::string operator()(const HttpHeader& of) const {
    const bool regex = !of.regex_values.empty();
    return concat("http_header: {http_header_name: ", scalar(of.http_header_name.value),
                  regex ? ", regex_values: " : ", values: ", texts(regex ? of.regex_values : of.values), '}');
  }
  std::string operator()(const HttpRequestMethod& of) const {
    return concat("http_request_method: ", texts(of.values));
  }
  std::string operator()(const QueryString& of) const {
    return concat("query_string: ", list(of.values, [](const QueryPair& pair) {
                    return concat('{', pair.key ? concat("key: ", scalar(pair.key->value), ", ") : "",
                                  "value: ", scalar(pair.value.value), '}');
                  }));
  }
  std::string operator()(const SourceIp& of) const { return concat("source_ip: ", networks(of.values)); }
};

struct PrintStep {
  std::string operator()(const SetWeight& of) const { return concat("set_weight: ", basis_text(of.weight)); }
  std::string operator()(const PauseStep& of) const {
    return of.duration ? concat("pause: {duration: ", to_text(*of.duration), '}') : "pause: {}";
  }
  std::string operator()(const AnalysisStep& of) const {
    return concat("analysis: {min_canary_requests: ", of.min_canary_requests,
                  ", max_wait: ", duration_or_none(of.max_wait), '}');
  }
};

struct PrintMetric {
  std::string operator()(const ErrorRate& of) const {
    const BadAnswers& bad = of.bad;
    return concat("slo_max: ", rate_or_none(of.slo_max), ", bad: {matcher: ", scalar(bad.matcher.to_string()),
                  ", connect_error: ", words(bad.connect_error), ", timeout: ", words(bad.timeout),
                  ", reset: ", words(bad.reset), '}');
  }
  std::string operator()(const Latency& of) const { return concat("slo_p99_max: ", duration_or_none(of.slo_p99_max)); }
  std::string operator()(const Threshold& of) const {
    return concat(of.max_p99 ? concat("metric: p99, max: ", to_text(*of.max_p99))
                             : concat("metric: success_rate, min: ", rate_or_none(of.min_success_rate)),
                  ", interval: ", to_text(of.interval), ", failure_limit: ", of.failure_limit);
  }
};

class Yaml {
 public:
  std::string out;

  void line(int indent, std::string_view text) {
    append(out, concat(std::string(static_cast<std::size_t>(indent) * 2, ' '), text, '\n'));
  }

  void admin(const Admin& admin) {
    line(0, "admin:");
    line(1, concat("address: ", scalar(admin.address)));
    line(1, concat("token_file: ", path_or_none(admin.token_file)));
    line(1, concat("read_only_address: ", scalar(admin.read_only_address)));
    line(1, concat("allowed_hosts: ", list(admin.allowed_hosts, scalar)));
  }

  void load_balancer(const LoadBalancer& balancer) {
    line(0, "load_balancer:");
    line(1, concat("name: ", scalar(balancer.name)));
    line(1, concat("idle_timeout: ", to_text(balancer.idle_timeout)));
    line(1, concat("client_keep_alive: ", to_text(balancer.client_keep_alive)));
    line(1, concat("preserve_host_header: ", words(balancer.preserve_host_header)));
    line(1, concat("xff_header_processing_mode: ", words(balancer.xff_header_processing_mode)));
    line(1, concat("enable_xff_client_port: ", words(balancer.enable_xff_client_port)));
    line(1, concat("drop_invalid_header_fields: ", words(balancer.drop_invalid_header_fields)));
    line(1, concat("desync_mitigation_mode: ", words(balancer.desync_mitigation_mode)));
    line(1, concat("request_header_timeout: ", to_text(balancer.request_header_timeout)));
    line(1, concat("target_connect_timeout: ", to_text(balancer.target_connect_timeout)));
    line(1, concat("max_connections: ", number_or(balancer.max_connections, "auto")));
    line(1, concat("max_request_body: ", size_text(balancer.max_request_body)));
    line(1, concat("drain_timeout: ", to_text(balancer.drain_timeout)));
    line(1, concat("drain_delay: ", to_text(balancer.drain_delay)));
  }

  void action(int indent, const Action& action) {
    if (const auto* const forward = std::get_if<Forward>(&action.of)) {
      line(indent, "forward:");
      line(indent + 1, "target_groups:");
      for (const WeightedGroup& group : forward->target_groups) {
        line(indent + 2, concat("- {name: ", scalar(group.name.value), ", weight: ", group.weight, '}'));
      }
      line(indent + 1, concat("stickiness: {enabled: ", words(forward->stickiness.enabled),
                              ", duration: ", to_text(forward->stickiness.duration), '}'));
      line(indent + 1, concat("split: ", words(forward->split)));
      if (!forward->user_key.empty()) line(indent + 1, concat("user_key: ", user_key(forward->user_key)));
      line(indent + 1, concat("failover: ", words(forward->failover)));
    } else if (const auto* const redirect = std::get_if<Redirect>(&action.of)) {
      line(indent, "redirect:");
      line(indent + 1, concat("protocol: ", scalar(redirect->protocol)));
      line(indent + 1, concat("host: ", scalar(redirect->host)));
      line(indent + 1, concat("port: ", scalar(redirect->port)));
      line(indent + 1, concat("path: ", scalar(redirect->path)));
      line(indent + 1, concat("query: ", scalar(redirect->query)));
      line(indent + 1, concat("status_code: HTTP_", redirect->status_code));
    } else {
      const auto& response = std::get<FixedResponse>(action.of);
      line(indent, "fixed_response:");
      line(indent + 1, concat("status_code: ", response.status_code));
      line(indent + 1, concat("content_type: ", scalar(response.content_type)));
      line(indent + 1, concat("message_body: ", scalar(response.message_body)));
    }
  }

  void rewrite(std::string_view name, const std::optional<Rewrite>& rewrite) {
    if (!rewrite) return;
    line(4, concat("- ", name, ": {regex: ", scalar(rewrite->regex.value),
                   ", replace: ", scalar(rewrite->replace.value), '}'));
  }

  void rule(const Rule& rule) {
    line(3, concat("- name: ", scalar(rule.name)));
    line(4, concat("priority: ", rule.priority));
    line(4, "conditions:");
    for (const Condition& condition : rule.conditions) {
      line(5, concat("- ", std::visit(PrintCondition{}, condition.of)));
    }
    if (rule.transforms != Transforms{}) {
      line(4, "transforms:");
      rewrite("host_header_rewrite", rule.transforms.host_header_rewrite);
      rewrite("url_rewrite", rule.transforms.url_rewrite);
    }
    line(4, "action:");
    action(5, rule.action);
  }

  void listener(const Listener& listener) {
    line(1, concat("- name: ", scalar(listener.name)));
    line(2, concat("address: ", scalar(listener.address ? listener.address->to_string() : "*")));
    line(2, concat("port: ", listener.port));
    line(2, "protocol: HTTP");
    line(2, concat("proxy_protocol: {version: ", words(listener.proxy_protocol.version),
                   ", trusted: ", networks(listener.proxy_protocol.trusted), '}'));
    line(2, listener.rules.empty() ? "rules: []" : "rules:");
    for (const Rule& one : listener.rules) rule(one);
    line(2, "default_action:");
    action(3, listener.default_rule.action);
  }

  void target_group(const TargetGroup& group) {
    line(1, concat("- name: ", scalar(group.name)));
    line(2, concat("port: ", number_or(group.port, "none")));
    line(2, "protocol: HTTP");
    line(2, concat("targets: ", list(group.targets, [](const Target& target) { return scalar(target.text.value); })));
    line(2, concat("target_idle_timeout: ", to_text(group.target_idle_timeout)));
    line(2, concat("dns_max_ttl: ", to_text(group.dns_max_ttl)));
    line(2, concat("load_balancing_algorithm_type: ", words(group.load_balancing_algorithm_type)));
    line(2, concat("load_balancing_anomaly_mitigation: ", on_or_off(group.load_balancing_anomaly_mitigation)));
    line(2, concat("deregistration_delay: ", to_text(group.deregistration_delay)));
    line(2, concat("slow_start: ", to_text(group.slow_start)));
    const TargetStickiness& stickiness = group.stickiness;
    line(2, concat("stickiness: {enabled: ", words(stickiness.enabled), ", type: ", words(stickiness.type),
                   ", cookie_duration: ", to_text(stickiness.cookie_duration),
                   ", cookie_name: ", stickiness.cookie_name.empty() ? "none" : scalar(stickiness.cookie_name), '}'));
    health_check(group.health_check);
    const UnhealthyStateRouting& routing = group.unhealthy_state_routing;
    line(2, "target_group_health:");
    line(3, "unhealthy_state_routing:");
    line(4, concat("minimum_healthy_targets_count: ", routing.minimum_healthy_targets_count));
    line(4, concat("minimum_healthy_targets_percentage: ", percent_or_off(routing.minimum_healthy_targets_percentage)));
    const Retries& retries = group.retries;
    line(2, concat("retries: {max: ", retries.max, ", budget: ", retries.budget_percent, "%, retry_on: [",
                   flags(retry_on(), retries), "]}"));
    passive_health(group.passive_health);
    line(2, concat("max_connections_per_target: ", number_or(group.max_connections_per_target, "unlimited")));
    line(2, concat("max_pending: ", group.max_pending));
    line(2, concat("pending_timeout: ", to_text(group.pending_timeout)));
  }

  void health_check(const HealthCheck& check) {
    line(2, "health_check:");
    line(3, concat("enabled: ", words(check.enabled)));
    line(3, "protocol: HTTP");
    line(3, concat("path: ", scalar(check.path)));
    line(3, concat("port: ", number_or(check.port, "traffic-port")));
    line(3, concat("interval: ", to_text(check.interval)));
    line(3, concat("timeout: ", to_text(check.timeout)));
    line(3, concat("healthy_threshold: ", check.healthy_threshold));
    line(3, concat("unhealthy_threshold: ", check.unhealthy_threshold));
    line(3, concat("matcher: ", scalar(check.matcher.to_string())));
  }

  void passive_health(const PassiveHealth& health) {
    line(2, "passive_health:");
    line(3, concat("enabled: ", words(health.enabled)));
    line(3, concat("on: [", flags(ejects_on(), health), ']'));
    line(3, concat("failures: ", health.failures));
    line(3, concat("ejection_time: ", to_text(health.ejection_time)));
    line(3, concat("max_ejected: ", health.max_ejected_percent, '%'));
  }

  void rollout(const Rollout& rollout) {
    line(1, concat("- name: ", scalar(rollout.name)));
    line(2, concat("rule: ", scalar(rollout.rule.value)));
    line(2, concat("stable: ", scalar(rollout.stable.value)));
    line(2, concat("canary: ", scalar(rollout.canary.value)));
    line(2, concat("revision: ", rollout.revision ? scalar(*rollout.revision) : "none"));
    line(2, "steps:");
    for (const RolloutStep& step : rollout.steps) line(3, concat("- ", std::visit(PrintStep{}, step.of)));
    line(2, concat("bake_time: ", to_text(rollout.bake_time)));
    line(2, rollout.match.empty() ? "match: []" : "match:");
    for (const RolloutMatch& match : rollout.match) {
      std::string conditions;
      for (const Condition& one : match.conditions)
        append(conditions, concat(std::visit(PrintCondition{}, one.of), ", "));
      line(3, concat("- {", conditions, "target_group: ", scalar(match.target_group.value), '}'));
    }
    analysis(rollout.analysis);
    line(2, concat("allow_decrease: ", words(rollout.allow_decrease)));
    line(2, concat("auto_start: ", words(rollout.auto_start)));
    line(2, concat("on_complete: ", words(rollout.on_complete)));
    line(2, concat("holdback: ", basis_text(rollout.holdback)));
    line(2, concat("state_max_age: ", to_text(rollout.state_max_age)));
    line(2, concat("undo_window: ", to_text(rollout.undo_window)));
    line(2, concat("progress_deadline: ", to_text(rollout.progress_deadline)));
    line(2, concat("unhealthy_abort_after: ", to_text(rollout.unhealthy_abort_after)));
  }

  void analysis(const RolloutAnalysis& analysis) {
    line(2, "analysis:");
    line(3, "metrics:");
    for (const RolloutMetric& metric : analysis.metrics) {
      line(4, concat("- {name: ", scalar(metric.name), ", type: ", type_of(metric), ", ",
                     std::visit(PrintMetric{}, metric.of), '}'));
    }
    line(3, concat("false_rollback_rate: ", real_text(analysis.false_rollback_rate)));
    line(3, concat("tolerance: ", real_text(analysis.tolerance)));
    line(3, concat("initial_delay: ", to_text(analysis.initial_delay)));
    line(3, concat("min_canary_requests: ", analysis.min_canary_requests));
    line(3, concat("on_inconclusive: ", words(analysis.on_inconclusive)));
    line(3, concat("on_incident: ", words(analysis.on_incident)));
    line(3, concat("dry_run: ", words(analysis.dry_run)));
  }
};

}  // namespace

std::string to_yaml(const Model& model) {
  Yaml yaml;
  yaml.line(0, concat("workers: ", number_or(model.workers, "auto")));
  yaml.line(0, concat("log: {level: ", words(model.log.level), ", format: ", words(model.log.format), '}'));
  yaml.line(0, "");
  yaml.load_balancer(model.load_balancer);
  yaml.line(0, "");
  yaml.line(0, concat("access_logs: {enabled: ", words(model.access_logs.enabled),
                      ", path: ", scalar(model.access_logs.path), ", format: ", words(model.access_logs.format), '}'));
  yaml.admin(model.admin);
  yaml.line(0, concat("state_dir: ", path_or_none(model.state_dir)));
  yaml.line(0, concat("cookie_key_file: ", path_or_none(model.cookie_key_file)));
  yaml.line(0, "");
  yaml.line(0, "listeners:");
  for (const Listener& listener : model.listeners) yaml.listener(listener);
  yaml.line(0, "");
  yaml.line(0, model.target_groups.empty() ? "target_groups: []" : "target_groups:");
  for (const TargetGroup& group : model.target_groups) yaml.target_group(group);
  yaml.line(0, "");
  yaml.line(0, model.rollouts.empty() ? "rollouts: []" : "rollouts:");
  for (const Rollout& rollout : model.rollouts) yaml.rollout(rollout);
  return std::move(yaml.out);
}

std::vector<std::string> shares(const Model& model) {
  std::vector<std::string> lines;
  const auto add = [&](const Listener& listener, const Rule& rule) {
    const auto* const forward = std::get_if<Forward>(&rule.action.of);
    if (forward == nullptr) return;
    std::string line = concat(listener.name, '/', rule.name);
    const int total = total_weight(*forward);
    for (const WeightedGroup& group : forward->target_groups) {
      append(line, concat("  ", group.name.value, ' ', group.weight, " (", percent(group.weight, total), ')'));
    }
    lines.push_back(std::move(line));
  };
  for (const Listener& listener : model.listeners) {
    for (const Rule& rule : listener.rules) add(listener, rule);
    add(listener, listener.default_rule);
  }
  return lines;
}

std::string percent(int weight, int total) {
  if (total == 0) return "0.0%";
  const double share = 100.0 * weight / total;
  const bool part = weight > 0 && weight < total;
  char text[32];
  for (int digits = 1; digits < 9; ++digits) {
    std::snprintf(text, sizeof text, "%.*f%%", digits, share);
    // A share that rounds to nothing or to everything gets more digits: it is neither.
    const std::string_view shown = text;
    const bool rounded_off = shown.find_first_not_of("0.%") == std::string_view::npos || shown.starts_with("100.");
    if (!part || !rounded_off) break;
  }
  return text;
}

std::string size_text(const std::optional<std::uint64_t>& bytes) {
  struct Unit {
    int shift;
    std::string_view sign;
  };
  constexpr Unit kUnits[] = {{30, "GiB"}, {20, "MiB"}, {10, "KiB"}};
  if (!bytes) return "unlimited";
  for (const Unit& unit : kUnits) {
    const std::uint64_t count = *bytes >> unit.shift;
    if (count > 0 && count << unit.shift == *bytes) return concat(count, unit.sign);
  }
  return concat(*bytes);
}

std::string to_text(Milliseconds duration) {
  struct Unit {
    std::int64_t length;
    std::string_view sign;
  };
  constexpr Unit kUnits[] = {{86'400'000, "d"}, {3'600'000, "h"}, {60'000, "m"}, {1'000, "s"}};
  const std::int64_t count = duration.count();
  if (count == 0) return "0s";
  for (const Unit& unit : kUnits) {
    if (count % unit.length == 0) return concat(count / unit.length, unit.sign);
  }
  return concat(count, "ms");
}

}  // namespace kanaria::config
