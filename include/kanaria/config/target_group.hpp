// A target group as the operator wrote it, with every default filled in: Terraform's aws_lb_target_group, and what ALB
// lacks. Values; parse() and validate() see to the ranges named here.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/matcher.hpp"
#include "kanaria/config/rule.hpp"

namespace kanaria::config {

using Milliseconds = std::chrono::milliseconds;

/// One of: an address, a host name (resolved while the daemon runs), a Unix socket's path.
struct Target {
  std::variant<boost::asio::ip::address, std::string> host;  // string: a name to resolve, or with `unix_socket` a path
  bool unix_socket = false;
  std::uint16_t port = 0;  // 0 with unix_socket only
  Text text;               // as written
  bool drained = false;    // gets no new requests; never so in a file: drained by hand
  friend bool operator==(const Target& a, const Target& b) { return same_place(a, b) && a.drained == b.drained; }
  /// However it is written, and drained or not.
  friend bool same_place(const Target& a, const Target& b) {
    return a.host == b.host && a.unix_socket == b.unix_socket && a.port == b.port;
  }
};

/// A target as a file has it, without a place. None: `fault` says what is wrong with it.
std::optional<Target> parse_target(const std::string& text, std::optional<std::uint16_t> group_port,
                                   std::string& fault);

/// alb.md §4.2.
enum class Algorithm : std::uint8_t { RoundRobin, LeastOutstandingRequests, WeightedRandom };

/// alb.md §5.1, with Terraform's thresholds.
struct HealthCheck {
  bool enabled = true;
  std::string path = "/";             // starts with "/", up to 1024 bytes that may stand in a request line
  std::optional<std::uint16_t> port;  // none: traffic-port, the target's own
  Milliseconds interval{30'000};      // 1s-300s
  Milliseconds timeout{5'000};        // 100ms-120s, below the interval
  int healthy_threshold = 3;          // 2-10
  int unhealthy_threshold = 3;        // 2-10
  Matcher matcher;
  friend bool operator==(const HealthCheck&, const HealthCheck&) = default;
};

/// With fewer healthy targets than either says, all targets take traffic (alb.md §4.5).
struct UnhealthyStateRouting {
  int minimum_healthy_targets_count = 1;                  // from 1
  std::optional<int> minimum_healthy_targets_percentage;  // 1-100; none: off
  friend bool operator==(const UnhealthyStateRouting&, const UnhealthyStateRouting&) = default;
};

/// Users stay with the target that they were given: alb.md §4.6.
struct TargetStickiness {
  enum class Type : std::uint8_t { LbCookie, AppCookie };
  bool enabled = false;
  Type type = Type::LbCookie;
  Milliseconds cookie_duration{86'400'000};  // 1s-7d since the user was last seen
  std::string cookie_name;                   // of the application's cookie; with AppCookie only, and then not empty
  Position at{};
  friend bool operator==(const TargetStickiness& a, const TargetStickiness& b) {
    return a.enabled == b.enabled && a.type == b.type && a.cookie_duration == b.cookie_duration &&
           a.cookie_name == b.cookie_name;
  }
};

/// When a failed request is sent again.
struct Retries {
  int max = 1;              // 0-15 further tries of a request; 0: none, ever
  int budget_percent = 20;  // 0-100: further tries to requests of the group; a failed connect costs none
  bool connect_failure = true;
  bool reused_connection_closed = true;
  bool reset_before_answer = true;
  friend bool operator==(const Retries&, const Retries&) = default;
};

/// When failures of its requests take a target out, for a while.
struct PassiveHealth {
  bool enabled = true;
  bool connect_failure = true;
  bool reset = true;
  bool timeout = true;
  int failures = 3;                    // 1-1000, in a row
  Milliseconds ejection_time{10'000};  // 1s-1h, times the number of ejections in a row
  int max_ejected_percent = 50;        // 0-100 of the group's targets; never the last one
  friend bool operator==(const PassiveHealth&, const PassiveHealth&) = default;
};

struct TargetGroup {
  std::string name;
  std::optional<std::uint16_t> port;
  std::vector<Target> targets;  // may be empty: 503
  Milliseconds target_idle_timeout{4'000};
  Milliseconds dns_max_ttl{5'000};  // 1s-1h
  Algorithm load_balancing_algorithm_type = Algorithm::RoundRobin;
  bool load_balancing_anomaly_mitigation = false;  // with WeightedRandom only
  Milliseconds deregistration_delay{300'000};      // 0-1h
  Milliseconds slow_start{0};                      // 0, or 30s-900s and RoundRobin
  TargetStickiness stickiness;                     // never with WeightedRandom
  HealthCheck health_check;
  UnhealthyStateRouting unhealthy_state_routing;  // in target_group_health
  Retries retries;
  PassiveHealth passive_health;
  std::optional<int> max_connections_per_target;  // from 1, over all workers; none: unlimited
  int max_pending = 1024;                         // 0-1000000 requests that wait for a target with room
  Milliseconds pending_timeout{5'000};            // 100ms-1h
  Position at;
  Position name_at{};
  friend bool operator==(const TargetGroup& a, const TargetGroup& b);  // all but the places
};

}  // namespace kanaria::config
