#include <algorithm>

#include "kanaria/config/print.hpp"
#include "sections.hpp"
#include "text.hpp"
#include "words.hpp"

namespace kanaria::config {
namespace {

using namespace std::chrono_literals;

constexpr int kMostTargets = 1'000'000;

/// What is wrong with a path of a health check; empty: nothing.
std::string path_fault(std::string_view path) {
  constexpr std::size_t kLongest = 1024;
  if (path.size() > kLongest) return concat("path must have at most ", kLongest, " bytes, not ", path.size());
  if (!path.starts_with('/')) return concat("path must begin with \"/\", not ", in_quotes(path));
  if (path.find(' ') != std::string_view::npos) return "path must not hold a space: write %20";
  // What goes into the request line must not be able to end it.
  const bool visible = std::ranges::all_of(path, [](char c) { return c > ' ' && c <= '~'; });
  if (!visible) return concat("path must be visible ASCII, other bytes written as %XX, not ", in_quotes(path));
  if (path.find('#') != std::string_view::npos) return "path must not hold \"#\": no target is sent what follows it";
  return {};
}

std::optional<std::string> path(const Value& value) {
  auto path = text(value);
  if (!path) return std::nullopt;
  const auto fault = path_fault(*path);
  if (fault.empty()) return path;
  value.fault(fault);
  return std::nullopt;
}

std::optional<Matcher> matcher(const Value& value) {
  const auto written = text(value);
  if (!written) return std::nullopt;
  std::string fault;
  auto matcher = Matcher::parse(*written, fault);
  if (!matcher) value.fault(concat(value.name, ' ', fault));
  return matcher;
}

UnhealthyStateRouting read_unhealthy_state_routing(const Value& value) {
  UnhealthyStateRouting routing;
  const Mapping map(value, Scope::UnhealthyStateRouting);
  read_into(routing.minimum_healthy_targets_count, map, "minimum_healthy_targets_count", number, 1, kMostTargets);
  if (const auto least = map.find("minimum_healthy_targets_percentage"); least && least->node->text != "off") {
    routing.minimum_healthy_targets_percentage = percentage(*least, 1, 100);
  }
  return routing;
}

/// A list of words switches those that stand in it on, and the others off.
template <class T>
void read_flags(const Value& list, std::span<const Flag<T>> known, T& into) {
  std::vector<std::string_view> words;
  for (const auto& [word, member] : known) {
    into.*member = false;
    words.push_back(word);
  }
  for (const Value& item : items(list, list.name)) {
    const auto word = text(item);
    if (!word) continue;
    const auto found = std::ranges::find(known, *word, &Flag<T>::word);
    if (found == known.end()) {
      fault_word(item, *word, words);
    } else if (into.*found->member) {
      item.fault(concat(in_quotes(*word), " is in this list already"));
    } else {
      into.*found->member = true;
    }
  }
}

}  // namespace

HealthCheck read_health_check(const Value& value) {
  HealthCheck check;
  const Mapping map(value, Scope::HealthCheck);
  read_into(check.enabled, map, "enabled", boolean);
  if (const auto protocol = map.find("protocol")) choice<bool>(*protocol, {{"HTTP", true}});
  read_into(check.path, map, "path", path);
  if (const auto port = map.find("port"); port && port->node->text != "traffic-port") {
    set(check.port, number(*port, 1, 65535));
  }
  std::optional<Milliseconds> interval = check.interval;
  std::optional<Milliseconds> timeout = check.timeout;
  const auto interval_at = map.find("interval");
  const auto timeout_at = map.find("timeout");
  if (interval_at) set(check.interval, interval = duration(*interval_at, 1s, 300s));
  if (timeout_at) set(check.timeout, timeout = duration(*timeout_at, 100ms, 120s));
  if (interval && timeout && *timeout >= *interval) {
    (timeout_at ? timeout_at : interval_at)
        ->fault(concat("timeout must be below interval: ", to_text(*timeout), " is not below ", to_text(*interval)));
  }
  read_into(check.healthy_threshold, map, "healthy_threshold", number, 2, 10);
  read_into(check.unhealthy_threshold, map, "unhealthy_threshold", number, 2, 10);
  read_into(check.matcher, map, "matcher", matcher);
  return check;
}

UnhealthyStateRouting read_target_group_health(const Value& value) {
  const Mapping map(value, Scope::TargetGroupHealth);
  const auto routing = map.find("unhealthy_state_routing");
  return routing ? read_unhealthy_state_routing(*routing) : UnhealthyStateRouting{};
}

Retries read_retries(const Value& value) {
  Retries retries;
  const Mapping map(value, Scope::Retries);
  read_into(retries.max, map, "max", number, 0, 15);
  read_into(retries.budget_percent, map, "budget", percentage, 0, 100);
  if (const auto reasons = map.find("retry_on")) read_flags(*reasons, retry_on(), retries);
  return retries;
}

PassiveHealth read_passive_health(const Value& value) {
  PassiveHealth health;
  const Mapping map(value, Scope::PassiveHealth);
  read_into(health.enabled, map, "enabled", boolean);
  if (const auto failures = map.find("on")) read_flags(*failures, ejects_on(), health);
  read_into(health.failures, map, "failures", number, 1, 1000);
  read_into(health.ejection_time, map, "ejection_time", duration, 1s, 1h);
  read_into(health.max_ejected_percent, map, "max_ejected", percentage, 0, 100);
  return health;
}

}  // namespace kanaria::config
