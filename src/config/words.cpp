#include "words.hpp"

#include <cmath>

#include "text.hpp"

namespace kanaria::config {

std::string_view words(bool value) {
  return value ? "true" : "false";
}

std::string_view words(LogLevel level) {
  constexpr std::string_view kWords[] = {"trace", "debug", "info", "warn", "error"};
  return kWords[static_cast<std::size_t>(level)];
}

std::string_view words(LogFormat format) {
  return format == LogFormat::Text ? "text" : "json";
}

std::string_view words(AccessLogFormat format) {
  return format == AccessLogFormat::Alb ? "alb" : "json";
}

std::string_view words(XffMode mode) {
  constexpr std::string_view kWords[] = {"append", "preserve", "remove"};
  return kWords[static_cast<std::size_t>(mode)];
}

std::string_view words(http::DesyncMode mode) {
  constexpr std::string_view kWords[] = {"monitor", "defensive", "strictest"};
  return kWords[static_cast<std::size_t>(mode)];
}

std::string_view words(SplitMode mode) {
  constexpr std::string_view kWords[] = {"shuffled", "random", "per_user"};
  return kWords[static_cast<std::size_t>(mode)];
}

std::string_view words(ProxyVersion version) {
  constexpr std::string_view kWords[] = {"off", "v1", "v2", "any"};
  return kWords[static_cast<std::size_t>(version)];
}

std::string_view words(Algorithm algorithm) {
  constexpr std::string_view kWords[] = {"round_robin", "least_outstanding_requests", "weighted_random"};
  return kWords[static_cast<std::size_t>(algorithm)];
}

std::string_view words(TargetStickiness::Type type) {
  return type == TargetStickiness::Type::LbCookie ? "lb_cookie" : "app_cookie";
}

std::string_view type_of(const RolloutMetric& metric) {
  constexpr std::string_view kWords[] = {"error_rate", "latency", "threshold"};
  return kWords[metric.of.index()];
}

std::string_view words(OnInconclusive then) {
  constexpr std::string_view kWords[] = {"pause", "promote", "abort"};
  return kWords[static_cast<std::size_t>(then)];
}

std::string_view words(OnIncident then) {
  return then == OnIncident::Pause ? "pause" : "abort";
}

std::string_view words(OnComplete then) {
  return then == OnComplete::Handover ? "handover" : "swap";
}

std::string number_or(const std::optional<int>& number, std::string_view without) {
  return number ? std::to_string(*number) : std::string(without);
}

std::string_view on_or_off(bool value) {
  return value ? "on" : "off";
}

std::string percent_or_off(const std::optional<int>& number) {
  return number ? std::to_string(*number) + '%' : "off";
}

std::string duration_or_none(const std::optional<Milliseconds>& duration) {
  return duration ? to_text(*duration) : "none";
}

std::string rate_or_none(const std::optional<double>& rate) {
  return rate ? decimal_text(std::llround(*rate * 1e6), 4) + '%' : "none";
}

std::string real_text(double number) {
  return decimal_text(std::llround(number * 1e6), 6);
}

std::span<const Flag<Retries>> retry_on() {
  static constexpr Flag<Retries> kFlags[] = {{"connect_failure", &Retries::connect_failure},
                                             {"reused_connection_closed", &Retries::reused_connection_closed},
                                             {"reset_before_answer", &Retries::reset_before_answer}};
  return kFlags;
}

std::span<const Flag<PassiveHealth>> ejects_on() {
  static constexpr Flag<PassiveHealth> kFlags[] = {{"connect_failure", &PassiveHealth::connect_failure},
                                                   {"reset", &PassiveHealth::reset},
                                                   {"timeout", &PassiveHealth::timeout}};
  return kFlags;
}

int total_weight(const Forward& forward) {
  int total = 0;
  for (const WeightedGroup& group : forward.target_groups) total += group.weight;
  return total;
}

}  // namespace kanaria::config
