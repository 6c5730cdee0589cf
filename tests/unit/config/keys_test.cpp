#include "../../../src/config/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

#include "kanaria/config/print.hpp"
#include "reports.hpp"

namespace kanaria::config {
namespace {

/// A whole file around a mapping of each kind; {} is where a key goes.
const char* around(Scope scope) {
  switch (scope) {
    case Scope::File: return "{}\n";
    case Scope::Log: return "log: {{}}\n";
    case Scope::LoadBalancer: return "load_balancer: {{}}\n";
    case Scope::AccessLogs: return "access_logs: {{}}\n";
    case Scope::Admin: return "admin: {{}}\n";
    case Scope::Listener: return "listeners: [{{}}]\n";
    case Scope::ProxyProtocol: return "listeners: [{proxy_protocol: {{}}}]\n";
    case Scope::Rule: return "listeners: [{rules: [{{}}]}]\n";
    case Scope::Condition: return "listeners: [{rules: [{conditions: [{{}}]}]}]\n";
    case Scope::Patterns: return "listeners: [{rules: [{conditions: [{path_pattern: {{}}}]}]}]\n";
    case Scope::HttpHeader: return "listeners: [{rules: [{conditions: [{http_header: {{}}}]}]}]\n";
    case Scope::Values: return "listeners: [{rules: [{conditions: [{source_ip: {{}}}]}]}]\n";
    case Scope::QueryString: return "listeners: [{rules: [{conditions: [{query_string: {{}}}]}]}]\n";
    case Scope::QueryPair: return "listeners: [{rules: [{conditions: [{query_string: [{{}}]}]}]}]\n";
    case Scope::Transform: return "listeners: [{rules: [{transforms: [{{}}]}]}]\n";
    case Scope::Rewrite: return "listeners: [{rules: [{transforms: [{url_rewrite: {{}}}]}]}]\n";
    case Scope::Action: return "listeners: [{default_action: {{}}}]\n";
    case Scope::Forward: return "listeners: [{default_action: {forward: {{}}}}]\n";
    case Scope::GroupStickiness: return "listeners: [{default_action: {forward: {stickiness: {{}}}}}]\n";
    case Scope::UserKey: return "listeners: [{default_action: {forward: {user_key: [{{}}]}}}]\n";
    case Scope::WeightedGroup: return "listeners: [{default_action: {forward: {target_groups: [{{}}]}}}]\n";
    case Scope::Redirect: return "listeners: [{default_action: {redirect: {{}}}}]\n";
    case Scope::FixedResponse: return "listeners: [{default_action: {fixed_response: {{}}}}]\n";
    case Scope::TargetGroup: return "target_groups: [{{}}]\n";
    case Scope::TargetStickiness: return "target_groups: [{stickiness: {{}}}]\n";
    case Scope::HealthCheck: return "target_groups: [{health_check: {{}}}]\n";
    case Scope::TargetGroupHealth: return "target_groups: [{target_group_health: {{}}}]\n";
    case Scope::UnhealthyStateRouting:
      return "target_groups: [{target_group_health: {unhealthy_state_routing: {{}}}}]\n";
    case Scope::Retries: return "target_groups: [{retries: {{}}}]\n";
    case Scope::PassiveHealth: return "target_groups: [{passive_health: {{}}}]\n";
    case Scope::Target: return "target_groups: [{targets: [{{}}]}]\n";
  }
  return "";
}

std::string with_key(Scope scope, std::string_view name, std::string_view value) {
  return filled(around(scope), std::string(name) + ": " + std::string(value));
}

bool any_ends_with(const std::vector<std::string>& reports, std::string_view end) {
  return std::ranges::any_of(reports, [&](const std::string& one) { return one.ends_with(end); });
}

/// Every key of the documented configuration, in its order. W works, L is refused as "not available yet".
struct Documented {
  Scope scope;
  std::string_view works;
  std::string_view later;
};
constexpr Documented kDocumented[] = {
    {Scope::File, "workers log load_balancer access_logs admin state_dir cookie_key_file listeners target_groups",
     "rollouts"},
    {Scope::Log, "level format", ""},
    {Scope::LoadBalancer,
     "name idle_timeout client_keep_alive preserve_host_header xff_header_processing_mode enable_xff_client_port "
     "drop_invalid_header_fields desync_mitigation_mode request_header_timeout target_connect_timeout max_connections "
     "max_request_body drain_timeout drain_delay",
     "enable_http2 enable_tls_version_and_cipher_suite_headers"},
    {Scope::AccessLogs, "enabled path format", ""},
    {Scope::Admin, "address token_file read_only_address allowed_hosts", ""},
    {Scope::Listener, "name address port protocol proxy_protocol rules default_action",
     "certificates ssl_policy mutual_authentication"},
    {Scope::ProxyProtocol, "version trusted", ""},
    {Scope::Rule, "name priority conditions transforms action", ""},
    {Scope::Condition, "path_pattern host_header http_header http_request_method query_string source_ip", ""},
    {Scope::Patterns, "values regex_values", ""},
    {Scope::HttpHeader, "http_header_name values regex_values", ""},
    {Scope::Values, "values", ""},
    {Scope::QueryString, "values", ""},
    {Scope::QueryPair, "key value", ""},
    {Scope::Transform, "host_header_rewrite url_rewrite", ""},
    {Scope::Rewrite, "regex replace", ""},
    {Scope::Action, "type target_group forward redirect fixed_response", ""},
    {Scope::Forward, "target_groups split user_key stickiness failover", ""},
    {Scope::GroupStickiness, "enabled duration", ""},
    {Scope::UserKey, "cookie http_header", ""},
    {Scope::WeightedGroup, "name weight", ""},
    {Scope::Redirect, "protocol host port path query status_code", ""},
    {Scope::FixedResponse, "status_code content_type message_body", ""},
    {Scope::TargetGroup,
     "name port protocol targets target_idle_timeout dns_max_ttl load_balancing_algorithm_type "
     "load_balancing_anomaly_mitigation deregistration_delay slow_start health_check target_group_health retries "
     "passive_health max_connections_per_target max_pending pending_timeout stickiness",
     "protocol_version"},
    {Scope::TargetStickiness, "enabled type cookie_duration cookie_name", ""},
    {Scope::HealthCheck, "enabled protocol path port interval timeout healthy_threshold unhealthy_threshold matcher",
     ""},
    {Scope::TargetGroupHealth, "unhealthy_state_routing", ""},
    {Scope::UnhealthyStateRouting, "minimum_healthy_targets_count minimum_healthy_targets_percentage", ""},
    {Scope::Retries, "max budget retry_on", ""},
    {Scope::PassiveHealth, "enabled on failures ejection_time max_ejected", ""},
};

std::vector<std::string> split(std::string_view words) {
  std::vector<std::string> split;
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    split.emplace_back(words.substr(0, end));
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return split;
}

TEST(Keys, EveryDocumentedKeyWorksOrIsNotAvailableYet) {
  for (const Documented& one : kDocumented) {
    for (const std::string& name : split(one.works)) {
      const auto found = reports(with_key(one.scope, name, "{}"));
      EXPECT_FALSE(any_ends_with(found, "\"" + name + "\" is not available yet")) << name;
      EXPECT_THAT(found, testing::Not(testing::Contains(testing::HasSubstr("unknown key")))) << name;
    }
    for (const std::string& name : split(one.later)) {
      const auto found = reports(with_key(one.scope, name, "{}"));
      EXPECT_TRUE(any_ends_with(found, "\"" + name + "\" is not available yet"))
          << name << testing::PrintToString(found);
    }
  }
}

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
    {Scope::File, "state_dir", "/u", "none"},
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
    {Scope::TargetGroup, "name", "name: second", "name: third"},
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

TEST(Keys, TheTableHoldsTheDocumentedKeysAndNoOthers) {
  std::set<std::pair<Scope, std::string>> documented;
  for (const Documented& one : kDocumented) {
    for (const std::string& name : split(one.works)) documented.emplace(one.scope, name);
    for (const std::string& name : split(one.later)) documented.emplace(one.scope, name);
  }
  std::set<std::pair<Scope, std::string>> table;
  for (const Key& key : keys()) {
    const bool fresh = table.emplace(key.scope, key.name).second;
    EXPECT_TRUE(fresh) << key.name << " stands twice";
    if (key.standing == Standing::Elsewhere) table.erase({key.scope, std::string(key.name)});
  }
  EXPECT_EQ(table, documented);
}

TEST(Keys, EveryWordOfTerraformThatIsNotOursIsAnsweredWithWhatToWrite) {
  for (const Key& key : keys()) {
    if (key.standing != Standing::Elsewhere) continue;
    const auto found = reports(with_key(key.scope, key.name, "1"));
    EXPECT_TRUE(any_ends_with(found, "\"" + std::string(key.name) + "\" " + std::string(key.note)))
        << key.name << testing::PrintToString(found);
  }
}

TEST(Keys, AValueThatComesLaterIsNotAvailableYet) {
  struct Case {
    Scope scope;
    const char* key;
    const char* value;
  };
  for (const Case& one : {Case{Scope::Listener, "protocol", "HTTPS"}, Case{Scope::TargetGroup, "protocol", "HTTPS"},
                          Case{Scope::HealthCheck, "protocol", "HTTPS"}}) {
    const auto found = reports(with_key(one.scope, one.key, one.value));
    EXPECT_TRUE(any_ends_with(found, std::string("\"") + one.key + ": " + one.value + "\" is not available yet"))
        << testing::PrintToString(found);
  }
}

TEST(Keys, ALaterKeyIsRefusedEvenWithTheValueThatSwitchesItOff) {
  const auto found = reports(with_key(Scope::LoadBalancer, "enable_http2", "false"));
  EXPECT_TRUE(any_ends_with(found, "\"enable_http2\" is not available yet"));
}

}  // namespace
}  // namespace kanaria::config
