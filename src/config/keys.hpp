// Every key that may stand in a configuration file, and every argument of Terraform's aws_lb, aws_lb_listener,
// aws_lb_listener_rule, aws_lb_target_group and aws_lb_target_group_attachment, with what becomes of it here; of
// rollouts also some words that Argo Rollouts and Flagger have for the same. The only place that knows which keys come
// later: a feature that arrives changes its row.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace kanaria::config {

/// A kind of mapping.
enum class Scope : std::uint8_t {
  File,
  Log,
  LoadBalancer,
  AccessLogs,
  Admin,
  Listener,
  ProxyProtocol,
  Rule,
  Condition,
  Patterns,     // path_pattern, host_header written as a mapping
  HttpHeader,   // http_header
  Values,       // http_request_method, source_ip written as a mapping
  QueryString,  // query_string written as a mapping
  QueryPair,
  Transform,
  Rewrite,
  Action,
  Forward,
  GroupStickiness,
  UserKey,
  WeightedGroup,
  Redirect,
  FixedResponse,
  TargetGroup,
  TargetStickiness,
  HealthCheck,
  TargetGroupHealth,
  UnhealthyStateRouting,
  Retries,
  PassiveHealth,
  Rollout,
  RolloutStep,
  Pause,
  AnalysisStep,
  RolloutMatch,
  RolloutAnalysis,
  RolloutMetric,
  BadAnswers,
  Target,  // an attachment's arguments: a target is text here
};

enum class Standing : std::uint8_t {
  Works,
  Later,      // refused as "not available yet"
  Elsewhere,  // another's word: spelt otherwise or without a meaning here; `note` ends the sentence
};

struct Key {
  Scope scope;
  std::string_view name;
  Standing standing = Standing::Works;
  /// Works: the words, with spaces between, that will be values later. Elsewhere: what to write instead, or why
  /// nothing.
  std::string_view note = {};
};

std::span<const Key> keys();
const Key* find_key(Scope scope, std::string_view name);
/// What a misspelt key may have meant.
std::vector<std::string_view> key_names(Scope scope);

}  // namespace kanaria::config
