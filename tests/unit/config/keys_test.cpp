#include "../../../src/config/keys.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>

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
    case Scope::Rollout: return "rollouts: [{{}}]\n";
    case Scope::RolloutStep: return "rollouts: [{steps: [{{}}]}]\n";
    case Scope::Pause: return "rollouts: [{steps: [{pause: {{}}}]}]\n";
    case Scope::AnalysisStep: return "rollouts: [{steps: [{analysis: {{}}}]}]\n";
    case Scope::RolloutMatch: return "rollouts: [{match: [{{}}]}]\n";
    case Scope::RolloutAnalysis: return "rollouts: [{analysis: {{}}}]\n";
    case Scope::RolloutMetric: return "rollouts: [{analysis: {metrics: [{{}}]}}]\n";
    case Scope::BadAnswers: return "rollouts: [{analysis: {metrics: [{type: error_rate, bad: {{}}}]}}]\n";
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
    {Scope::File,
     "workers log load_balancer access_logs admin state_dir cookie_key_file listeners target_groups rollouts", ""},
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
    {Scope::Rollout,
     "name rule stable canary revision steps bake_time match analysis allow_decrease auto_start on_complete holdback "
     "state_max_age undo_window progress_deadline unhealthy_abort_after",
     "hooks"},
    {Scope::RolloutStep, "set_weight pause analysis", ""},
    {Scope::Pause, "duration", ""},
    {Scope::AnalysisStep, "min_canary_requests max_wait", ""},
    {Scope::RolloutMatch,
     "path_pattern host_header http_header http_request_method query_string source_ip target_group", ""},
    {Scope::RolloutAnalysis,
     "metrics false_rollback_rate tolerance initial_delay min_canary_requests on_inconclusive on_incident dry_run", ""},
    {Scope::RolloutMetric, "name type bad slo_max slo_p99_max metric min max interval failure_limit", ""},
    {Scope::BadAnswers, "matcher connect_error timeout reset", ""},
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

TEST(Keys, EveryWordOfOthersThatIsNotOursIsAnsweredWithWhatToWrite) {
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
