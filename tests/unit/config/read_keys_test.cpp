// That every key which the parser takes makes a difference.
#include <gtest/gtest.h>

#include <set>

#include "../../../src/config/keys.hpp"
#include "kanaria/config/print.hpp"
#include "reports.hpp"

namespace kanaria::config {
namespace {

/// A file in which every working key stands. A key is tried by replacing `from`, of which the first is taken, with
/// `to`.
constexpr const char* kFull = R"YAML(workers: 2
log: {level: info, format: text}
load_balancer:
  name: one
  idle_timeout: 60s
  client_keep_alive: 1h
  preserve_host_header: false
  xff_header_processing_mode: append
  enable_xff_client_port: false
  drop_invalid_header_fields: false
  desync_mitigation_mode: defensive
  request_header_timeout: 10s
  target_connect_timeout: 3s
  max_connections: 1000
  max_request_body: unlimited
  drain_timeout: 25s
  drain_delay: 0s
access_logs: {enabled: true, path: "-", format: alb}
admin: {address: "127.0.0.1:9900", token_file: /t, read_only_address: "127.0.0.1:9910", allowed_hosts: [kanaria.internal]}
state_dir: /u
cookie_key_file: /v
listeners:
  - name: web
    address: 127.0.0.1
    port: 80
    protocol: HTTP
    proxy_protocol: {version: v1, trusted: [192.0.2.1]}
    rules:
      - name: canary
        priority: 10
        conditions:
          - path_pattern: {values: [/a]}
          - host_header: {regex_values: [b]}
          - http_header: {http_header_name: X-A, values: [c]}
        transforms:
          - host_header_rewrite: {regex: d, replace: e}
          - url_rewrite: {regex: f, replace: g}
        action:
          type: forward
          forward:
            target_groups: [{name: main, weight: 1}]
            stickiness: {enabled: true, duration: 1h}
            split: shuffled
            failover: false
      - priority: 20
        conditions:
          - http_request_method: {values: [GET]}
          - query_string: {values: [{key: h, value: i}]}
          - source_ip: {values: [10.0.0.0/8]}
          - http_header: {http_header_name: X-B, regex_values: [k]}
        action: {redirect: {protocol: HTTPS, host: l, port: 443, path: /m, query: n, status_code: HTTP_301}}
      - priority: 30
        conditions: [{path_pattern: [/o]}]
        action: {target_group: main}
      - priority: 40
        conditions: [{path_pattern: [/r]}]
        action: {forward: {target_groups: [{name: main}], split: per_user, user_key: [{cookie: s}, {http_header: T}]}}
    default_action: {fixed_response: {status_code: 404, content_type: text/plain, message_body: p}}
  - name: shop
    port: 82
    rules:
      - name: split
        priority: 50
        conditions: [{path_pattern: [/x]}]
        action: {forward: {target_groups: [{name: third, weight: 100}, {name: fourth, weight: 0}]}}
      - name: divide
        priority: 60
        conditions: [{path_pattern: [/y]}]
        action: {forward: {target_groups: [{name: fourth, weight: 100}, {name: third, weight: 0}]}}
    default_action: {target_group: main}
target_groups:
  - name: main
    port: 7
    protocol: HTTP
    targets: [127.0.0.1]
    target_idle_timeout: 4s
    dns_max_ttl: 5s
    load_balancing_algorithm_type: weighted_random
    load_balancing_anomaly_mitigation: off
    deregistration_delay: 300
    slow_start: 0
    health_check:
      enabled: true
      protocol: HTTP
      path: /q
      port: traffic-port
      interval: 30s
      timeout: 5s
      healthy_threshold: 3
      unhealthy_threshold: 4
      matcher: 200-299
    target_group_health:
      unhealthy_state_routing: {minimum_healthy_targets_count: 1, minimum_healthy_targets_percentage: off}
    retries: {max: 1, budget: 20%, retry_on: [connect_failure]}
    passive_health: {enabled: true, on: [reset], failures: 5, ejection_time: 10s, max_ejected: 50%}
    max_connections_per_target: unlimited
    max_pending: 1024
    pending_timeout: 5s
  - {name: second, stickiness: {enabled: true, type: app_cookie, cookie_duration: 1d, cookie_name: w}}
  - {name: third}
  - {name: fourth}
  - {name: fifth}
rollouts:
  - name: checkout
    rule: shop/split
    stable: third
    canary: fourth
    revision: r1
    steps:
      - set_weight: 1%
      - pause: {duration: 8m}
      - set_weight: 20%
      - analysis: {min_canary_requests: 300, max_wait: 30m}
      - set_weight: 100%
    bake_time: 10m
    match:
      - {path_pattern: [/z], host_header: [aa], http_header: {http_header_name: X-C, values: [bb]}, target_group: fourth}
      - {http_request_method: [PATCH], query_string: [{value: cc}], source_ip: [12.0.0.0/8], target_group: fourth}
    analysis:
      metrics:
        - name: errors
          type: error_rate
          bad: {matcher: 500-599, connect_error: true, timeout: true, reset: true}
          slo_max: 5%
        - {name: latency, type: latency, slo_p99_max: 800ms}
        - {name: rate, type: threshold, metric: success_rate, min: 99%, interval: 1m, failure_limit: 5}
        - {name: slow, type: threshold, metric: p99, max: 900ms}
      false_rollback_rate: 0.01
      tolerance: 1.25
      initial_delay: 40s
      min_canary_requests: 100
      on_inconclusive: pause
      on_incident: pause
      dry_run: false
    allow_decrease: false
    auto_start: false
    on_complete: handover
    holdback: 0%
    state_max_age: 24h
    undo_window: 24h
    progress_deadline: 2h
    unhealthy_abort_after: 10s
)YAML";

struct Change {
  Scope scope;
  const char* key;
  const char* from;
  const char* to;
};

constexpr Change kChanges[] = {
    {Scope::File, "workers", "workers: 2", "workers: 3"},
    {Scope::File, "log", "level: info", "level: warn"},
    {Scope::File, "load_balancer", "name: one", "name: two"},
    {Scope::File, "access_logs", "path: \"-\"", "path: /log"},
    {Scope::File, "admin", "127.0.0.1:9900", "127.0.0.1:9901"},
    {Scope::File, "state_dir", "/u", "/other"},
    {Scope::File, "cookie_key_file", "/v", "none"},
    {Scope::File, "listeners", "port: 80", "port: 81"},
    {Scope::File, "target_groups", "targets: [127.0.0.1]", "targets: [127.0.0.2]"},
    {Scope::Log, "level", "level: info", "level: debug"},
    {Scope::Log, "format", "format: text", "format: json"},
    {Scope::LoadBalancer, "name", "name: one", "name: two"},
    {Scope::LoadBalancer, "idle_timeout", "idle_timeout: 60s", "idle_timeout: 61s"},
    {Scope::LoadBalancer, "client_keep_alive", "keep_alive: 1h", "keep_alive: 1m"},
    {Scope::LoadBalancer, "preserve_host_header", "host_header: false", "host_header: true"},
    {Scope::LoadBalancer, "xff_header_processing_mode", "mode: append", "mode: remove"},
    {Scope::LoadBalancer, "enable_xff_client_port", "client_port: false", "client_port: true"},
    {Scope::LoadBalancer, "drop_invalid_header_fields", "header_fields: false", "header_fields: true"},
    {Scope::LoadBalancer, "desync_mitigation_mode", "mode: defensive", "mode: strictest"},
    {Scope::LoadBalancer, "request_header_timeout", "header_timeout: 10s", "header_timeout: 11s"},
    {Scope::LoadBalancer, "target_connect_timeout", "connect_timeout: 3s", "connect_timeout: 4s"},
    {Scope::LoadBalancer, "max_connections", "max_connections: 1000", "max_connections: auto"},
    {Scope::LoadBalancer, "max_request_body", "body: unlimited", "body: 10MiB"},
    {Scope::LoadBalancer, "drain_timeout", "drain_timeout: 25s", "drain_timeout: 26s"},
    {Scope::LoadBalancer, "drain_delay", "drain_delay: 0s", "drain_delay: 1s"},
    {Scope::AccessLogs, "enabled", "enabled: true", "enabled: false"},
    {Scope::AccessLogs, "path", "path: \"-\"", "path: /log"},
    {Scope::AccessLogs, "format", "format: alb", "format: json"},
    {Scope::Admin, "address", "127.0.0.1:9900", "none"},
    {Scope::Admin, "token_file", "token_file: /t", "token_file: none"},
    {Scope::Admin, "read_only_address", "127.0.0.1:9910", "none"},
    {Scope::Admin, "allowed_hosts", "kanaria.internal", "other.internal"},
    {Scope::Listener, "name", "name: web", "name: net"},
    {Scope::Listener, "address", "address: 127.0.0.1", "address: 127.0.0.2"},
    {Scope::Listener, "port", "port: 80", "port: 81"},
    {Scope::Listener, "rules", "priority: 30", "priority: 31"},
    {Scope::Listener, "default_action", "status_code: 404", "status_code: 410"},
    {Scope::Listener, "proxy_protocol", "version: v1", "version: v2"},
    {Scope::ProxyProtocol, "version", "version: v1", "version: any"},
    {Scope::ProxyProtocol, "trusted", "192.0.2.1", "192.0.2.2"},
    {Scope::Rule, "name", "name: canary", "name: other"},
    {Scope::Rule, "priority", "priority: 10", "priority: 11"},
    {Scope::Rule, "conditions", "[/o]", "[/other]"},
    {Scope::Rule, "transforms", "replace: g", "replace: other"},
    {Scope::Rule, "action", "split: shuffled", "split: random"},
    {Scope::Condition, "path_pattern", "[/a]", "[/other]"},
    {Scope::Condition, "host_header", "[b]", "[other]"},
    {Scope::Condition, "http_header", "[c]", "[other]"},
    {Scope::Condition, "http_request_method", "[GET]", "[PUT]"},
    {Scope::Condition, "query_string", "value: i", "value: other"},
    {Scope::Condition, "source_ip", "10.0.0.0/8", "11.0.0.0/8"},
    {Scope::Patterns, "values", "[/a]", "[/other]"},
    {Scope::Patterns, "regex_values", "[b]", "[other]"},
    {Scope::HttpHeader, "http_header_name", "X-A", "X-Other"},
    {Scope::HttpHeader, "values", "[c]", "[other]"},
    {Scope::HttpHeader, "regex_values", "[k]", "[other]"},
    {Scope::Values, "values", "[GET]", "[PUT]"},
    {Scope::QueryString, "values", "value: i", "value: other"},
    {Scope::QueryPair, "key", "key: h", "key: other"},
    {Scope::QueryPair, "value", "value: i", "value: other"},
    {Scope::Transform, "host_header_rewrite", "replace: e", "replace: other"},
    {Scope::Transform, "url_rewrite", "replace: g", "replace: other"},
    {Scope::Rewrite, "regex", "regex: d", "regex: other"},
    {Scope::Rewrite, "replace", "replace: e", "replace: other"},
    {Scope::Action, "target_group", "target_group: main", "target_group: second"},
    {Scope::Action, "forward", "split: shuffled", "split: random"},
    {Scope::Action, "redirect", "host: l", "host: other"},
    {Scope::Action, "fixed_response", "message_body: p", "message_body: other"},
    {Scope::Forward, "target_groups", "weight: 1", "weight: 2"},
    {Scope::Forward, "split", "split: shuffled", "split: random"},
    {Scope::Forward, "failover", "failover: false", "failover: true"},
    {Scope::Forward, "stickiness", "duration: 1h", "duration: 2h"},
    {Scope::Forward, "user_key", "cookie: s", "cookie: other"},
    {Scope::GroupStickiness, "enabled", "{enabled: true, duration: 1h}", "{enabled: false, duration: 1h}"},
    {Scope::GroupStickiness, "duration", "duration: 1h", "duration: 2h"},
    {Scope::UserKey, "cookie", "cookie: s", "cookie: other"},
    {Scope::UserKey, "http_header", "http_header: T", "http_header: Other"},
    {Scope::WeightedGroup, "name", "name: main, weight", "name: second, weight"},
    {Scope::WeightedGroup, "weight", "weight: 1", "weight: 2"},
    {Scope::Redirect, "protocol", "protocol: HTTPS", "protocol: HTTP"},
    {Scope::Redirect, "host", "host: l", "host: other"},
    {Scope::Redirect, "port", "port: 443", "port: 444"},
    {Scope::Redirect, "path", "path: /m", "path: /other"},
    {Scope::Redirect, "query", "query: n", "query: other"},
    {Scope::Redirect, "status_code", "HTTP_301", "HTTP_302"},
    {Scope::FixedResponse, "status_code", "status_code: 404", "status_code: 410"},
    {Scope::FixedResponse, "content_type", "text/plain", "text/html"},
    {Scope::FixedResponse, "message_body", "message_body: p", "message_body: other"},
    {Scope::TargetGroup, "name", "name: second", "name: renamed"},
    {Scope::TargetGroup, "port", "port: 7", "port: 8"},
    {Scope::TargetGroup, "targets", "targets: [127.0.0.1]", "targets: [127.0.0.2]"},
    {Scope::TargetGroup, "target_idle_timeout", "idle_timeout: 4s", "idle_timeout: 5s"},
    {Scope::TargetGroup, "dns_max_ttl", "dns_max_ttl: 5s", "dns_max_ttl: 6s"},
    {Scope::TargetGroup, "load_balancing_algorithm_type", "type: weighted_random", "type: round_robin"},
    {Scope::TargetGroup, "load_balancing_anomaly_mitigation", "mitigation: off", "mitigation: on"},
    {Scope::TargetGroup, "deregistration_delay", "delay: 300", "delay: 30"},
    {Scope::TargetGroup, "slow_start",
     "type: weighted_random\n    load_balancing_anomaly_mitigation: off\n    "
     "deregistration_delay: 300\n    slow_start: 0",
     "type: round_robin\n    slow_start: 30"},
    {Scope::TargetGroup, "stickiness", "cookie_name: w", "cookie_name: other"},
    {Scope::TargetStickiness, "enabled", "{enabled: true, type", "{enabled: false, type"},
    {Scope::TargetStickiness, "type", "type: app_cookie, cookie_duration: 1d, cookie_name: w", "type: lb_cookie"},
    {Scope::TargetStickiness, "cookie_duration", "cookie_duration: 1d", "cookie_duration: 2d"},
    {Scope::TargetStickiness, "cookie_name", "cookie_name: w", "cookie_name: other"},
    {Scope::TargetGroup, "health_check", "path: /q", "path: /other"},
    {Scope::TargetGroup, "target_group_health", "targets_count: 1", "targets_count: 2"},
    {Scope::TargetGroup, "retries", "max: 1", "max: 2"},
    {Scope::TargetGroup, "passive_health", "failures: 5", "failures: 6"},
    {Scope::TargetGroup, "max_connections_per_target", "per_target: unlimited", "per_target: 100"},
    {Scope::TargetGroup, "max_pending", "max_pending: 1024", "max_pending: 0"},
    {Scope::TargetGroup, "pending_timeout", "pending_timeout: 5s", "pending_timeout: 6s"},
    {Scope::HealthCheck, "enabled", "health_check:\n      enabled: true", "health_check:\n      enabled: false"},
    {Scope::HealthCheck, "path", "path: /q", "path: /other"},
    {Scope::HealthCheck, "port", "port: traffic-port", "port: 9000"},
    {Scope::HealthCheck, "interval", "interval: 30s", "interval: 31s"},
    {Scope::HealthCheck, "timeout", " timeout: 5s", " timeout: 6s"},
    {Scope::HealthCheck, "healthy_threshold", " healthy_threshold: 3", " healthy_threshold: 5"},
    {Scope::HealthCheck, "unhealthy_threshold", "unhealthy_threshold: 4", "unhealthy_threshold: 2"},
    {Scope::HealthCheck, "matcher", "matcher: 200-299", "matcher: 200"},
    {Scope::TargetGroupHealth, "unhealthy_state_routing", "targets_count: 1", "targets_count: 2"},
    {Scope::UnhealthyStateRouting, "minimum_healthy_targets_count", "targets_count: 1", "targets_count: 2"},
    {Scope::UnhealthyStateRouting, "minimum_healthy_targets_percentage", "percentage: off", "percentage: 50"},
    {Scope::Retries, "max", "max: 1", "max: 2"},
    {Scope::Retries, "budget", "budget: 20%", "budget: 21%"},
    {Scope::Retries, "retry_on", "retry_on: [connect_failure]", "retry_on: [reset_before_answer]"},
    {Scope::PassiveHealth, "enabled", "passive_health: {enabled: true", "passive_health: {enabled: false"},
    {Scope::PassiveHealth, "on", "on: [reset]", "on: [timeout]"},
    {Scope::PassiveHealth, "failures", "failures: 5", "failures: 6"},
    {Scope::PassiveHealth, "ejection_time", "ejection_time: 10s", "ejection_time: 11s"},
    {Scope::PassiveHealth, "max_ejected", "max_ejected: 50%", "max_ejected: 49%"},
    {Scope::File, "rollouts", "name: checkout", "name: other"},
    {Scope::Rollout, "name", "name: checkout", "name: other"},
    {Scope::Rollout, "rule", "shop/split", "shop/divide"},
    {Scope::Rollout, "stable", "stable: third\n    canary: fourth", "stable: fourth\n    canary: third"},
    {Scope::Rollout, "canary", "stable: third\n    canary: fourth", "stable: fourth\n    canary: third"},
    {Scope::Rollout, "revision", "revision: r1", "revision: none"},
    {Scope::Rollout, "steps", "set_weight: 1%", "set_weight: 2%"},
    {Scope::Rollout, "bake_time", "bake_time: 10m", "bake_time: 0"},
    {Scope::Rollout, "match", "target_group: fourth}", "target_group: third}"},
    {Scope::Rollout, "analysis", "tolerance: 1.25", "tolerance: 2"},
    {Scope::Rollout, "allow_decrease", "allow_decrease: false", "allow_decrease: true"},
    {Scope::Rollout, "auto_start", "auto_start: false", "auto_start: true"},
    {Scope::Rollout, "on_complete", "on_complete: handover", "on_complete: swap"},
    {Scope::Rollout, "holdback", "holdback: 0%", "holdback: 2.5%"},
    {Scope::Rollout, "state_max_age", "state_max_age: 24h", "state_max_age: 25h"},
    {Scope::Rollout, "undo_window", "undo_window: 24h", "undo_window: 25h"},
    {Scope::Rollout, "progress_deadline", "progress_deadline: 2h", "progress_deadline: 3h"},
    {Scope::Rollout, "unhealthy_abort_after", "abort_after: 10s", "abort_after: 11s"},
    {Scope::RolloutStep, "set_weight", "set_weight: 1%", "set_weight: 1.25%"},
    {Scope::RolloutStep, "pause", "pause: {duration: 8m}", "pause: {}"},
    {Scope::RolloutStep, "analysis", "analysis: {min_canary_requests: 300, max_wait: 30m}", "analysis: {}"},
    {Scope::Pause, "duration", "duration: 8m", "duration: 9m"},
    {Scope::AnalysisStep, "min_canary_requests", "requests: 300", "requests: 301"},
    {Scope::AnalysisStep, "max_wait", "max_wait: 30m", "max_wait: none"},
    {Scope::RolloutMatch, "path_pattern", "[/z]", "[/other]"},
    {Scope::RolloutMatch, "host_header", "[aa]", "[other]"},
    {Scope::RolloutMatch, "http_header", "[bb]", "[other]"},
    {Scope::RolloutMatch, "http_request_method", "[PATCH]", "[PUT]"},
    {Scope::RolloutMatch, "query_string", "value: cc", "value: other"},
    {Scope::RolloutMatch, "source_ip", "12.0.0.0/8", "13.0.0.0/8"},
    {Scope::RolloutMatch, "target_group", "target_group: fourth}", "target_group: third}"},
    {Scope::RolloutAnalysis, "metrics", "name: slow", "name: other"},
    {Scope::RolloutAnalysis, "false_rollback_rate", "rate: 0.01", "rate: 0.02"},
    {Scope::RolloutAnalysis, "tolerance", "tolerance: 1.25", "tolerance: 1.5"},
    {Scope::RolloutAnalysis, "initial_delay", "initial_delay: 40s", "initial_delay: 0"},
    {Scope::RolloutAnalysis, "min_canary_requests", "requests: 100", "requests: 101"},
    {Scope::RolloutAnalysis, "on_inconclusive", "on_inconclusive: pause", "on_inconclusive: promote"},
    {Scope::RolloutAnalysis, "on_incident", "on_incident: pause", "on_incident: abort"},
    {Scope::RolloutAnalysis, "dry_run", "dry_run: false", "dry_run: true"},
    {Scope::RolloutMetric, "name", "name: errors", "name: other"},
    {Scope::RolloutMetric, "type", "{name: slow, type: threshold, metric: p99, max: 900ms}",
     "{name: slow, type: latency}"},
    {Scope::RolloutMetric, "bad", "matcher: 500-599", "matcher: 400-599"},
    {Scope::RolloutMetric, "slo_max", "slo_max: 5%", "slo_max: none"},
    {Scope::RolloutMetric, "slo_p99_max", "slo_p99_max: 800ms", "slo_p99_max: 801ms"},
    {Scope::RolloutMetric, "metric", "metric: p99, max: 900ms", "metric: success_rate, min: 9%"},
    {Scope::RolloutMetric, "min", "min: 99%", "min: 99.9%"},
    {Scope::RolloutMetric, "max", "max: 900ms", "max: 901ms"},
    {Scope::RolloutMetric, "interval", "interval: 1m", "interval: 2m"},
    {Scope::RolloutMetric, "failure_limit", "failure_limit: 5", "failure_limit: 6"},
    {Scope::BadAnswers, "matcher", "matcher: 500-599", "matcher: 503"},
    {Scope::BadAnswers, "connect_error", "connect_error: true", "connect_error: false"},
    {Scope::BadAnswers, "timeout", "timeout: true", "timeout: false"},
    {Scope::BadAnswers, "reset", "reset: true", "reset: false"},
};

/// These keys have one value that is not refused: that they are read shows by refusing another.
constexpr Change kOneValued[] = {
    {Scope::Listener, "protocol", "protocol: HTTP\n", "protocol: other\n"},
    {Scope::Action, "type", "type: forward", "type: redirect"},
    {Scope::TargetGroup, "protocol", "port: 7\n    protocol: HTTP", "port: 7\n    protocol: other"},
    {Scope::HealthCheck, "protocol", "      protocol: HTTP", "      protocol: TCP"},
};

Loaded changed(const Change& change) {
  std::string text = kFull;
  const std::size_t at = text.find(change.from);
  EXPECT_NE(at, std::string::npos) << change.from;
  return parse("test.yaml", text.replace(at, std::string_view(change.from).size(), change.to), no_environment);
}

TEST(Keys, EveryWorkingKeyIsRead) {
  const Loaded full = parse("test.yaml", kFull, no_environment);
  ASSERT_TRUE(full.model) << render(full);
  std::set<std::pair<Scope, std::string_view>> tried;
  for (const Change& change : kChanges) {
    const Loaded loaded = changed(change);
    ASSERT_TRUE(loaded.model) << change.to << render(loaded);
    EXPECT_NE(to_yaml(*loaded.model), to_yaml(*full.model)) << change.key << ", " << change.to;
    EXPECT_NE(differences(*full.model, *loaded.model), std::vector<std::string>{}) << change.key << ", " << change.to;
    tried.emplace(change.scope, change.key);
  }
  for (const Change& change : kOneValued) {
    EXPECT_FALSE(changed(change).model) << change.key << ", " << change.to;
    tried.emplace(change.scope, change.key);
  }
  for (const Key& key : keys()) {
    if (key.standing != Standing::Works) continue;
    EXPECT_TRUE(tried.contains({key.scope, key.name})) << key.name << " is not tried";
  }
}

}  // namespace
}  // namespace kanaria::config
