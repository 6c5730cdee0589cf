#include "kanaria/config/target_group.hpp"

#include <tuple>

namespace kanaria::config {
namespace {

auto all_of(const TargetGroup& group) {
  return std::tie(group.name, group.port, group.targets, group.target_idle_timeout, group.dns_max_ttl,
                  group.load_balancing_algorithm_type, group.load_balancing_anomaly_mitigation,
                  group.deregistration_delay, group.slow_start, group.stickiness, group.health_check,
                  group.unhealthy_state_routing, group.retries, group.passive_health, group.max_connections_per_target,
                  group.max_pending, group.pending_timeout);
}

}  // namespace

bool operator==(const TargetGroup& a, const TargetGroup& b) {
  return all_of(a) == all_of(b);
}

}  // namespace kanaria::config
