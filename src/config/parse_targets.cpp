#include "kanaria/config/address.hpp"
#include "sections.hpp"
#include "text.hpp"
#include "words.hpp"

namespace kanaria::config {
namespace {

namespace ip = boost::asio::ip;
using namespace std::chrono_literals;

constexpr int kMostConnections = 10'000'000;
constexpr std::string_view kForms = "\"10.0.0.1:80\", \"[::1]:80\", \"name:80\" or \"unix:/path\"";

bool is_label(std::string_view label) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  return !label.empty() && label.size() <= 63 && label.find_first_not_of(kCharacters) == std::string_view::npos &&
         label.front() != '-' && label.back() != '-';
}

/// A host name for DNS. One whose last label is a number would be a mistyped IPv4 address.
bool is_host_name(std::string_view name) {
  if (name.size() > 253) return false;
  if (name.ends_with('.')) name.remove_suffix(1);
  while (true) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return !is_digits(name);
    name.remove_prefix(dot + 1);
  }
}

/// An IPv4 address in IPv6's clothes names the same target as the address itself.
ip::address plain(const ip::address& address) {
  const bool mapped = address.is_v6() && address.to_v6().is_v4_mapped();
  return mapped ? ip::make_address_v4(ip::v4_mapped, address.to_v6()) : address;
}

/// What is wrong with the target's text, or empty; fills `target`.
std::string read_place(const std::string& text, Target& target) {
  if (text.starts_with("unix:")) {
    target.unix_socket = true;
    target.host = text.substr(5);
    return is_socket_path(text.substr(5)) ? "" : "a Unix socket is unix: and an absolute path under 108 bytes";
  }
  if (text.find("://") != std::string::npos) return concat("a target has no scheme: write ", kForms);
  const auto [host, port, bracketed] = split_host_and_port(text);
  boost::system::error_code failed;
  ip::make_address_v6(text, failed);
  if (!failed) {
    const std::string whole = concat("\"[", text, "]:PORT\"");
    ip::make_address_v6(std::string(host), failed);
    if (failed || parse_port(port.value_or("")) == 0) return concat("an IPv6 target needs brackets: write ", whole);
    return concat("an IPv6 target needs brackets: write \"[", host, "]:", *port, "\" or ", whole);
  }
  if (port) {
    target.port = parse_port(*port);
    if (target.port == 0) return concat("a target's port must be 1-65535, not ", in_quotes(*port));
  }
  const auto address = ip::make_address(std::string(host), failed);
  if (!failed && address.is_v6() == bracketed) {
    target.host = plain(address);
    if (!address.is_unspecified() && !address.is_multicast()) return {};
    return concat(in_quotes(host), " is no address to connect to");
  }
  if (bracketed || !is_host_name(lower(host))) return concat("a target must be ", kForms, ", not ", in_quotes(text));
  target.host = lower(host);
  return {};
}

std::optional<Target> read_target(const Value& value, std::optional<std::uint16_t> group_port) {
  if (value.node->kind == Node::Kind::Mapping) {
    if (value.node->entries.empty()) value.fault_kind("text");
    const Mapping map(value, Scope::Target);
    return std::nullopt;
  }
  const auto written = placed_text(value);
  if (!written) return std::nullopt;
  std::string fault;
  std::optional<Target> target = parse_target(written->value, group_port, fault);
  if (target) {
    target->text = *written;
  } else {
    value.fault(fault);
  }
  return target;
}

std::optional<Milliseconds> read_slow_start(const Value& value) {
  const auto written = duration(value, 0s, 900s);
  if (!written || *written == 0s || *written >= 30s) return written;
  value.fault(concat("slow_start must be 0, which is off, or 30s-15m, not ", value.node->text));
  return std::nullopt;
}

/// The algorithm, and what only some algorithms take: alb.md §4.2.
void read_balancing(const Mapping& map, TargetGroup& group) {
  std::optional<Algorithm> algorithm = group.load_balancing_algorithm_type;
  if (const auto written = map.find("load_balancing_algorithm_type")) {
    algorithm = choice<Algorithm>(*written, {{"round_robin", Algorithm::RoundRobin},
                                             {"least_outstanding_requests", Algorithm::LeastOutstandingRequests},
                                             {"weighted_random", Algorithm::WeightedRandom}});
    set(group.load_balancing_algorithm_type, algorithm);
  }
  if (const auto mitigation = map.find("load_balancing_anomaly_mitigation")) {
    set(group.load_balancing_anomaly_mitigation, choice<bool>(*mitigation, {{"on", true}, {"off", false}}));
    if (group.load_balancing_anomaly_mitigation && algorithm && algorithm != Algorithm::WeightedRandom) {
      mitigation->fault(
          "load_balancing_anomaly_mitigation needs load_balancing_algorithm_type: weighted_random beside it");
    }
  }
  if (const auto slow_start = map.find("slow_start")) {
    set(group.slow_start, read_slow_start(*slow_start));
    if (group.slow_start > 0s && algorithm && algorithm != Algorithm::RoundRobin) {
      slow_start->fault(concat("slow_start works with round_robin only, not with ", words(*algorithm)));
    }
  }
}

/// How many requests the targets take at once, and how many wait.
void read_bounds(const Mapping& map, TargetGroup& group) {
  if (const auto most = map.find("max_connections_per_target"); most && most->node->text != "unlimited") {
    group.max_connections_per_target = number(*most, 1, kMostConnections);
  }
  read_into(group.max_pending, map, "max_pending", number, 0, 1'000'000);
  read_into(group.pending_timeout, map, "pending_timeout", duration, 100ms, 1h);
}

TargetGroup read_target_group(const Value& value) {
  TargetGroup group;
  group.at = group.name_at = value.at();
  const Mapping map(value, Scope::TargetGroup);
  if (const auto written = map.require("name")) {
    group.name_at = written->at();
    set(group.name, name(*written));
  }
  bool port_known = true;
  if (const auto port = map.find("port"); port && port->node->text != "none") {
    const auto read = number(*port, 1, 65535);
    port_known = read.has_value();
    group.port = static_cast<std::uint16_t>(read.value_or(1));
  }
  if (const auto protocol = map.find("protocol")) choice<bool>(*protocol, {{"HTTP", true}});
  read_into(group.target_idle_timeout, map, "target_idle_timeout", duration, 100ms, 1h);
  if (const auto targets = map.find("targets")) {
    for (const Value& item : items(*targets, "a target")) {
      if (auto target = read_target(item, group.port)) group.targets.push_back(std::move(*target));
    }
  }
  if (!port_known) group.port.reset();
  read_into(group.dns_max_ttl, map, "dns_max_ttl", duration, 1s, 1h);
  read_balancing(map, group);
  read_into(group.deregistration_delay, map, "deregistration_delay", duration, 0s, 1h);
  if (const auto check = map.find("health_check")) group.health_check = read_health_check(*check);
  if (const auto slow_start = map.find("slow_start");
      slow_start && group.slow_start > 0s && !group.health_check.enabled) {
    slow_start->fault("slow_start begins when a health check finds a target healthy, so health_check must be enabled");
  }
  if (const auto stickiness = map.find("stickiness")) group.stickiness = read_target_stickiness(*stickiness);
  if (const auto health = map.find("target_group_health")) {
    group.unhealthy_state_routing = read_target_group_health(*health);
  }
  if (const auto retries = map.find("retries")) group.retries = read_retries(*retries);
  if (const auto passive = map.find("passive_health")) group.passive_health = read_passive_health(*passive);
  read_bounds(map, group);
  return group;
}

}  // namespace

std::optional<Target> parse_target(const std::string& text, std::optional<std::uint16_t> group_port,
                                   std::string& fault) {
  Target target;
  target.text.value = text;
  fault = first_bad_byte(text) ? "a target is text without control characters" : read_place(text, target);
  if (fault.empty() && target.port == 0 && !target.unix_socket) {
    if (!group_port)
      fault = concat("the target ", in_quotes(text), " needs a port: write it, or port in its target group");
    target.port = group_port.value_or(0);
  }
  if (!fault.empty()) return std::nullopt;
  return target;
}

bool is_socket_path(std::string_view path) {
  constexpr std::size_t kLongest = 107;  // sockaddr_un holds 108 with the final NUL
  return path.starts_with('/') && path.size() > 1 && path.size() <= kLongest &&
         path.find('\n') == std::string_view::npos;
}

std::vector<TargetGroup> read_target_groups(const Value& value) {
  std::vector<TargetGroup> groups;
  for (const Value& item : items(value, "a target group")) groups.push_back(read_target_group(item));
  return groups;
}

}  // namespace kanaria::config
