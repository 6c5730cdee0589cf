#include <algorithm>

#include "sections.hpp"
#include "text.hpp"
#include "words.hpp"

namespace kanaria::config {
namespace {

using namespace std::chrono_literals;

constexpr double kMillion = 1e6;

/// "99.9%" as 0.999.
std::optional<double> rate(const Value& value, int low_millionths, int high_millionths) {
  const auto found = share(value, 4, low_millionths, high_millionths);
  return found ? std::optional(*found / kMillion) : std::nullopt;
}

std::optional<double> real(const Value& value, int low_millionths, int high_millionths, std::string_view wanted) {
  const auto found = millionths(value, low_millionths, high_millionths, wanted);
  return found ? std::optional(*found / kMillion) : std::nullopt;
}

// ---- metrics

enum class Type : std::uint8_t { ErrorRate, Latency, Threshold };
constexpr std::string_view kTypes[] = {"error_rate", "latency", "threshold"};

/// A key that only one type has.
struct Own {
  std::string_view key;
  Type type;
};
constexpr Own kOwn[] = {
    {"bad", Type::ErrorRate},      {"slo_max", Type::ErrorRate},       {"slo_p99_max", Type::Latency},
    {"metric", Type::Threshold},   {"min", Type::Threshold},           {"max", Type::Threshold},
    {"interval", Type::Threshold}, {"failure_limit", Type::Threshold},
};

void refuse_other_types(const Mapping& map, Type type) {
  for (const Own& own : kOwn) {
    const auto written = own.type == type ? std::nullopt : map.find(own.key);
    if (!written) continue;
    written->fault(concat(own.key, " belongs to a metric of type: ", kTypes[static_cast<std::size_t>(own.type)],
                          ", not ", kTypes[static_cast<std::size_t>(type)]));
  }
}

std::optional<Matcher> bad_statuses(const Value& value) {
  const auto written = text(value);
  if (!written) return std::nullopt;
  std::string fault;
  auto matcher = Matcher::parse(*written, fault, {100, 599});
  if (!matcher) value.fault(concat(value.name, ' ', fault));
  return matcher;
}

ErrorRate read_error_rate(const Mapping& map) {
  ErrorRate metric;
  if (const auto bad = map.find("bad")) {
    const Mapping answers(*bad, Scope::BadAnswers);
    read_into(metric.bad.matcher, answers, "matcher", bad_statuses);
    read_into(metric.bad.connect_error, answers, "connect_error", boolean);
    read_into(metric.bad.timeout, answers, "timeout", boolean);
    read_into(metric.bad.reset, answers, "reset", boolean);
  }
  if (const auto most = map.find("slo_max")) metric.slo_max = unless("none", *most, rate, 1, 999'999);
  return metric;
}

Latency read_latency(const Mapping& map) {
  Latency metric;
  if (const auto most = map.find("slo_p99_max")) {
    metric.slo_p99_max = unless("none", *most, duration, 1ms, 1h);
  }
  return metric;
}

Threshold read_threshold(const Mapping& map) {
  Threshold metric;
  enum class Of : std::uint8_t { SuccessRate, P99 };
  if (const auto written = map.require("metric")) {
    const auto of = choice<Of>(*written, {{"success_rate", Of::SuccessRate}, {"p99", Of::P99}});
    const bool is_rate = of == Of::SuccessRate;
    const auto other = map.find(is_rate ? "max" : "min");
    if (of && other) {
      other->fault(is_rate ? "metric: success_rate takes min, such as 99%, and not max"
                           : "metric: p99 takes max, such as 800ms, and not min");
    } else if (of) {
      const auto bound = map.require(is_rate ? "min" : "max");
      if (bound && is_rate) metric.min_success_rate = rate(*bound, 0, 1'000'000);
      if (bound && !is_rate) metric.max_p99 = duration(*bound, 1ms, 1h);
    }
  }
  read_into(metric.interval, map, "interval", duration, 1s, 24h);
  read_into(metric.failure_limit, map, "failure_limit", number, 0, 1000);
  return metric;
}

RolloutMetric read_metric(const Value& value) {
  RolloutMetric metric;
  metric.at = value.at();
  const Mapping map(value, Scope::RolloutMetric);
  if (const auto written = map.require("name")) set(metric.name, name(*written));
  const auto written = map.require("type");
  if (!written) return metric;
  const auto type =
      choice<Type>(*written, {{kTypes[0], Type::ErrorRate}, {kTypes[1], Type::Latency}, {kTypes[2], Type::Threshold}});
  if (!type) return metric;
  refuse_other_types(map, *type);
  switch (*type) {
    case Type::ErrorRate: metric.of = read_error_rate(map); break;
    case Type::Latency: metric.of = read_latency(map); break;
    case Type::Threshold: metric.of = read_threshold(map); break;
  }
  return metric;
}

std::vector<RolloutMetric> read_metrics(const Value& value) {
  std::vector<RolloutMetric> metrics;
  const std::vector<Value> list = items(value, "a metric");
  metrics.reserve(list.size());
  for (const Value& item : list) metrics.push_back(read_metric(item));
  if (value.node->kind == Node::Kind::List && list.empty()) {
    value.fault(
        "metrics needs at least one metric: without the key there are {name: errors, type: error_rate} and "
        "{name: latency, type: latency}");
  }
  if (list.size() > kMostRolloutMetrics) {
    value.fault(concat("metrics has at most ", kMostRolloutMetrics, " metrics, not ", list.size()));
  }
  return metrics;
}

}  // namespace

RolloutAnalysis read_rollout_analysis(const Value& value) {
  RolloutAnalysis analysis;
  const Mapping map(value, Scope::RolloutAnalysis);
  if (const auto metrics = map.find("metrics")) analysis.metrics = read_metrics(*metrics);
  read_into(analysis.false_rollback_rate, map, "false_rollback_rate", real, 1, 499'999, "above 0 and below 0.5");
  read_into(analysis.tolerance, map, "tolerance", real, 1'000'000, 10'000'000, "1-10");
  read_into(analysis.initial_delay, map, "initial_delay", duration, 0s, 1h);
  read_into(analysis.min_canary_requests, map, "min_canary_requests", number, 0, 1'000'000'000);
  if (const auto then = map.find("on_inconclusive")) {
    set(analysis.on_inconclusive, choice<OnInconclusive>(*then, {{"pause", OnInconclusive::Pause},
                                                                 {"promote", OnInconclusive::Promote},
                                                                 {"abort", OnInconclusive::Abort}}));
  }
  if (const auto then = map.find("on_incident")) {
    set(analysis.on_incident, choice<OnIncident>(*then, {{"pause", OnIncident::Pause}, {"abort", OnIncident::Abort}}));
  }
  read_into(analysis.dry_run, map, "dry_run", boolean);
  return analysis;
}

}  // namespace kanaria::config
