// The parts of a file, each read from its Value into the model. They report what is wrong with one value or one
// mapping; what must hold between them is validate()'s.
#pragma once

#include <optional>
#include <vector>

#include "kanaria/config/model.hpp"
#include "reader.hpp"

namespace kanaria::config {

std::vector<Listener> read_listeners(const Value& value);
std::vector<TargetGroup> read_target_groups(const Value& value);
HealthCheck read_health_check(const Value& value);
GroupStickiness read_group_stickiness(const Value& value);
TargetStickiness read_target_stickiness(const Value& value);
std::vector<UserKey> read_user_key(const Value& value);
UnhealthyStateRouting read_target_group_health(const Value& value);
Retries read_retries(const Value& value);
PassiveHealth read_passive_health(const Value& value);
std::vector<Condition> read_conditions(const Value& value);
/// Those that are written as keys of a mapping with others beside them.
std::vector<Condition> read_conditions_in(const Mapping& map);
Transforms read_transforms(const Value& value);
std::optional<Action> read_action(const Value& value);
std::vector<Rollout> read_rollouts(const Value& value);
RolloutAnalysis read_rollout_analysis(const Value& value);

/// What an address without a prefix is: a fault, or the network that holds it alone.
enum class Alone : std::uint8_t { Fault, Network };
std::optional<Network> read_network(const Value& value, Alone alone);

/// An absolute path that fits a Unix socket's address.
bool is_socket_path(std::string_view path);

}  // namespace kanaria::config
