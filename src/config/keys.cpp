#include "keys.hpp"

#include <algorithm>

namespace kanaria::config {
namespace {

using enum Standing;

constexpr std::string_view kNoCloud = "has no meaning here: it names things of AWS, leave it out";
constexpr std::string_view kNotAlb = "has no meaning here: it is not for application load balancers, leave it out";
constexpr std::string_view kHeaderRule = "is not available: kanaria has no header modification, leave it out";
constexpr std::string_view kTopOfFile = "belongs at the top level of the file, not in load_balancer";
constexpr std::string_view kCertificates = "is called certificates here, which is not available yet";
constexpr std::string_view kInGroup = "has no meaning here: write targets: [\"ADDRESS:PORT\"] in the target group";

constexpr Key kKeys[] = {
    {Scope::File, "workers"},
    {Scope::File, "log"},
    {Scope::File, "load_balancer"},
    {Scope::File, "access_logs"},
    {Scope::File, "admin"},
    {Scope::File, "listeners"},
    {Scope::File, "target_groups"},
    {Scope::File, "state_dir", Later},
    {Scope::File, "cookie_key_file", Later},
    {Scope::File, "rollouts", Later},
    {Scope::File, "aws_lb", Elsewhere, "is called load_balancer here"},
    {Scope::File, "aws_lb_listener", Elsewhere, "is written as an item of listeners here"},
    {Scope::File, "aws_lb_listener_rule", Elsewhere, "is written as an item of its listener's rules here"},
    {Scope::File, "aws_lb_target_group", Elsewhere, "is written as an item of target_groups here"},
    {Scope::File, "aws_lb_target_group_attachment", Elsewhere, "is written in its target group's targets here"},

    {Scope::Log, "level"},
    {Scope::Log, "format"},

    {Scope::LoadBalancer, "name"},
    {Scope::LoadBalancer, "idle_timeout"},
    {Scope::LoadBalancer, "client_keep_alive"},
    {Scope::LoadBalancer, "preserve_host_header"},
    {Scope::LoadBalancer, "xff_header_processing_mode"},
    {Scope::LoadBalancer, "enable_xff_client_port"},
    {Scope::LoadBalancer, "drop_invalid_header_fields"},
    {Scope::LoadBalancer, "desync_mitigation_mode"},
    {Scope::LoadBalancer, "request_header_timeout"},
    {Scope::LoadBalancer, "target_connect_timeout"},
    {Scope::LoadBalancer, "max_connections"},
    {Scope::LoadBalancer, "max_request_body"},
    {Scope::LoadBalancer, "drain_timeout"},
    {Scope::LoadBalancer, "drain_delay"},
    {Scope::LoadBalancer, "enable_http2", Later},
    {Scope::LoadBalancer, "enable_tls_version_and_cipher_suite_headers", Later},
    {Scope::LoadBalancer, "access_logs", Elsewhere, kTopOfFile},
    {Scope::LoadBalancer, "connection_logs", Elsewhere, "is not available: there are access_logs, at the top level"},
    {Scope::LoadBalancer, "health_check_logs", Elsewhere, "is not available: there are access_logs, at the top level"},
    {Scope::LoadBalancer, "name_prefix", Elsewhere, "has no meaning here: write name"},
    {Scope::LoadBalancer, "load_balancer_type", Elsewhere,
     "has no meaning here: kanaria is always an application load balancer"},
    {Scope::LoadBalancer, "internal", Elsewhere, "has no meaning here: write the listener's address"},
    {Scope::LoadBalancer, "ip_address_type", Elsewhere, "has no meaning here: write the listener's address"},
    {Scope::LoadBalancer, "security_groups", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "subnets", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "subnet_mapping", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "enable_deletion_protection", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "enable_cross_zone_load_balancing", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "enable_waf_fail_open", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "enable_zonal_shift", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "customer_owned_ipv4_pool", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "ipam_pools", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "minimum_load_balancer_capacity", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "dns_record_client_routing_policy", Elsewhere, kNotAlb},
    {Scope::LoadBalancer, "enforce_security_group_inbound_rules_on_private_link_traffic", Elsewhere, kNotAlb},
    {Scope::LoadBalancer, "secondary_ips_auto_assigned_per_subnet", Elsewhere, kNotAlb},
    {Scope::LoadBalancer, "arn", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "region", Elsewhere, kNoCloud},
    {Scope::LoadBalancer, "tags", Elsewhere, kNoCloud},

    {Scope::AccessLogs, "enabled"},
    {Scope::AccessLogs, "path"},
    {Scope::AccessLogs, "format", Works, "json"},
    {Scope::AccessLogs, "bucket", Elsewhere, "has no meaning here: write path, a file or \"-\""},
    {Scope::AccessLogs, "prefix", Elsewhere, "has no meaning here: write path, a file or \"-\""},

    {Scope::Admin, "address"},
    {Scope::Admin, "token_file", Later},
    {Scope::Admin, "read_only_address", Later},
    {Scope::Admin, "allowed_hosts", Later},

    {Scope::Listener, "name"},
    {Scope::Listener, "address"},
    {Scope::Listener, "port"},
    {Scope::Listener, "protocol", Works, "HTTPS"},
    {Scope::Listener, "rules"},
    {Scope::Listener, "default_action"},
    {Scope::Listener, "proxy_protocol"},
    {Scope::Listener, "certificates", Later},
    {Scope::Listener, "ssl_policy", Later},
    {Scope::Listener, "mutual_authentication", Later},
    {Scope::Listener, "certificate_arn", Elsewhere, kCertificates},
    {Scope::Listener, "alpn_policy", Elsewhere, kNotAlb},
    {Scope::Listener, "tcp_idle_timeout_seconds", Elsewhere, kNotAlb},
    {Scope::Listener, "load_balancer_arn", Elsewhere, "has no meaning here: a file is one load balancer, leave it out"},
    {Scope::Listener, "rule", Elsewhere, "is called rules here, a list"},
    {Scope::Listener, "routing_http_request_x_amzn_mtls_clientcert_header_name", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_request_x_amzn_mtls_clientcert_issuer_header_name", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_request_x_amzn_mtls_clientcert_leaf_header_name", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_request_x_amzn_mtls_clientcert_serial_number_header_name", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_request_x_amzn_mtls_clientcert_subject_header_name", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_request_x_amzn_mtls_clientcert_validity_header_name", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_request_x_amzn_tls_cipher_suite_header_name", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_request_x_amzn_tls_version_header_name", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_access_control_allow_credentials_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_access_control_allow_headers_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_access_control_allow_methods_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_access_control_allow_origin_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_access_control_expose_headers_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_access_control_max_age_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_content_security_policy_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_server_enabled", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_strict_transport_security_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_x_content_type_options_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "routing_http_response_x_frame_options_header_value", Elsewhere, kHeaderRule},
    {Scope::Listener, "arn", Elsewhere, kNoCloud},
    {Scope::Listener, "region", Elsewhere, kNoCloud},
    {Scope::Listener, "tags", Elsewhere, kNoCloud},

    {Scope::ProxyProtocol, "version"},
    {Scope::ProxyProtocol, "trusted"},

    {Scope::Rule, "name"},
    {Scope::Rule, "priority"},
    {Scope::Rule, "conditions"},
    {Scope::Rule, "transforms"},
    {Scope::Rule, "action"},
    {Scope::Rule, "condition", Elsewhere, "is called conditions here, a list"},
    {Scope::Rule, "transform", Elsewhere, "is called transforms here, a list"},
    {Scope::Rule, "actions", Elsewhere, "is called action here: a rule has one"},
    {Scope::Rule, "listener_arn", Elsewhere, "has no meaning here: a rule stands in its listener's rules"},
    {Scope::Rule, "arn", Elsewhere, kNoCloud},
    {Scope::Rule, "region", Elsewhere, kNoCloud},
    {Scope::Rule, "tags", Elsewhere, "has no meaning here: write name to name the rule"},

    {Scope::Condition, "path_pattern"},
    {Scope::Condition, "host_header"},
    {Scope::Condition, "http_header"},
    {Scope::Condition, "http_request_method"},
    {Scope::Condition, "query_string"},
    {Scope::Condition, "source_ip"},
    {Scope::Condition, "field", Elsewhere, "is Terraform's old form: write path_pattern: [...] or host_header: [...]"},
    {Scope::Condition, "values", Elsewhere, "is Terraform's old form: write path_pattern: [...] or host_header: [...]"},

    {Scope::Patterns, "values"},
    {Scope::Patterns, "regex_values"},
    {Scope::HttpHeader, "http_header_name"},
    {Scope::HttpHeader, "values"},
    {Scope::HttpHeader, "regex_values"},
    {Scope::Values, "values"},
    {Scope::QueryString, "values"},
    {Scope::QueryString, "key", Elsewhere, "belongs in a list: write query_string: [{key: version, value: \"v?\"}]"},
    {Scope::QueryString, "value", Elsewhere, "belongs in a list: write query_string: [{key: version, value: \"v?\"}]"},
    {Scope::QueryPair, "key"},
    {Scope::QueryPair, "value"},

    {Scope::Transform, "host_header_rewrite"},
    {Scope::Transform, "url_rewrite"},
    {Scope::Transform, "host_header_rewrite_config", Elsewhere, "is called host_header_rewrite here"},
    {Scope::Transform, "url_rewrite_config", Elsewhere, "is called url_rewrite here"},
    {Scope::Transform, "type", Elsewhere, "is not needed: the key host_header_rewrite or url_rewrite says it"},
    {Scope::Rewrite, "regex"},
    {Scope::Rewrite, "replace"},
    {Scope::Rewrite, "rewrite", Elsewhere, "is not needed: write regex and replace directly"},

    {Scope::Action, "type"},
    {Scope::Action, "target_group"},
    {Scope::Action, "forward"},
    {Scope::Action, "redirect"},
    {Scope::Action, "fixed_response"},
    {Scope::Action, "target_group_arn", Elsewhere, "is called target_group here and takes the group's name"},
    {Scope::Action, "order", Elsewhere, "is not needed: a rule has one action, and rules go by priority"},
    {Scope::Action, "authenticate_cognito", Elsewhere, "is not available: kanaria does not authenticate"},
    {Scope::Action, "authenticate_oidc", Elsewhere, "is not available: kanaria does not authenticate"},
    {Scope::Action, "jwt_validation", Elsewhere, "is not available: kanaria does not authenticate"},

    {Scope::Forward, "target_groups"},
    {Scope::Forward, "split", Works, "per_user"},
    {Scope::Forward, "stickiness", Later},
    {Scope::Forward, "user_key", Later},
    {Scope::Forward, "failover", Later},
    {Scope::Forward, "target_group", Elsewhere, "is called target_groups here, a list of {name, weight}"},
    {Scope::Forward, "target_group_arn", Elsewhere, "is called target_groups here, a list of {name, weight}"},
    {Scope::WeightedGroup, "name"},
    {Scope::WeightedGroup, "weight"},
    {Scope::WeightedGroup, "arn", Elsewhere, "is called name here and takes the group's name"},
    {Scope::WeightedGroup, "target_group_arn", Elsewhere, "is called name here and takes the group's name"},

    {Scope::Redirect, "protocol"},
    {Scope::Redirect, "host"},
    {Scope::Redirect, "port"},
    {Scope::Redirect, "path"},
    {Scope::Redirect, "query"},
    {Scope::Redirect, "status_code"},
    {Scope::FixedResponse, "status_code"},
    {Scope::FixedResponse, "content_type"},
    {Scope::FixedResponse, "message_body"},

    {Scope::TargetGroup, "name"},
    {Scope::TargetGroup, "port"},
    {Scope::TargetGroup, "protocol", Works, "HTTPS"},
    {Scope::TargetGroup, "targets"},
    {Scope::TargetGroup, "target_idle_timeout"},
    {Scope::TargetGroup, "protocol_version", Later},
    {Scope::TargetGroup, "dns_max_ttl", Later},
    {Scope::TargetGroup, "load_balancing_algorithm_type", Later},
    {Scope::TargetGroup, "load_balancing_anomaly_mitigation", Later},
    {Scope::TargetGroup, "deregistration_delay", Later},
    {Scope::TargetGroup, "slow_start", Later},
    {Scope::TargetGroup, "stickiness", Later},
    {Scope::TargetGroup, "health_check", Later},
    {Scope::TargetGroup, "target_group_health", Later},
    {Scope::TargetGroup, "retries", Later},
    {Scope::TargetGroup, "passive_health", Later},
    {Scope::TargetGroup, "max_connections_per_target", Later},
    {Scope::TargetGroup, "max_pending", Later},
    {Scope::TargetGroup, "pending_timeout", Later},
    {Scope::TargetGroup, "target", Elsewhere, "is called targets here, a list"},
    {Scope::TargetGroup, "name_prefix", Elsewhere, "has no meaning here: write name"},
    {Scope::TargetGroup, "target_type", Elsewhere,
     "has no meaning here: a target is an address, a host name or unix:/path"},
    {Scope::TargetGroup, "ip_address_type", Elsewhere, "has no meaning here: a group takes IPv4 and IPv6 targets"},
    {Scope::TargetGroup, "vpc_id", Elsewhere, kNoCloud},
    {Scope::TargetGroup, "load_balancing_cross_zone_enabled", Elsewhere, kNoCloud},
    {Scope::TargetGroup, "lambda_multi_value_headers_enabled", Elsewhere, kNoCloud},
    {Scope::TargetGroup, "target_control_port", Elsewhere, kNoCloud},
    {Scope::TargetGroup, "connection_termination", Elsewhere, kNotAlb},
    {Scope::TargetGroup, "preserve_client_ip", Elsewhere, kNotAlb},
    {Scope::TargetGroup, "proxy_protocol_v2", Elsewhere, kNotAlb},
    {Scope::TargetGroup, "target_failover", Elsewhere, kNotAlb},
    {Scope::TargetGroup, "target_health_state", Elsewhere, kNotAlb},
    {Scope::TargetGroup, "target_id", Elsewhere, kInGroup},
    {Scope::TargetGroup, "target_group_arn", Elsewhere, kInGroup},
    {Scope::TargetGroup, "arn", Elsewhere, kNoCloud},
    {Scope::TargetGroup, "region", Elsewhere, kNoCloud},
    {Scope::TargetGroup, "tags", Elsewhere, kNoCloud},

    {Scope::Target, "target_id", Elsewhere, "is not needed: write the target as text, \"ADDRESS:PORT\""},
    {Scope::Target, "id", Elsewhere, "is not needed: write the target as text, \"ADDRESS:PORT\""},
    {Scope::Target, "port", Elsewhere, "is not needed: write the target as text, \"ADDRESS:PORT\""},
    {Scope::Target, "target_group_arn", Elsewhere, "is not needed: the target stands in its group"},
    {Scope::Target, "availability_zone", Elsewhere, kNoCloud},
    {Scope::Target, "quic_server_id", Elsewhere, kNotAlb},
    {Scope::Target, "region", Elsewhere, kNoCloud},
};

}  // namespace

std::span<const Key> keys() {
  return kKeys;
}

const Key* find_key(Scope scope, std::string_view name) {
  const auto* const found =
      std::ranges::find_if(kKeys, [&](const Key& key) { return key.scope == scope && key.name == name; });
  return found == std::end(kKeys) ? nullptr : found;
}

std::vector<std::string_view> key_names(Scope scope) {
  std::vector<std::string_view> names;
  for (const Key& key : kKeys) {
    if (key.scope == scope && key.standing != Elsewhere) names.push_back(key.name);
  }
  return names;
}

}  // namespace kanaria::config
