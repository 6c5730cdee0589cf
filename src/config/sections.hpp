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
std::vector<Condition> read_conditions(const Value& value);
Transforms read_transforms(const Value& value);
std::optional<Action> read_action(const Value& value);

/// An absolute path that fits a Unix socket's address.
bool is_socket_path(std::string_view path);

}  // namespace kanaria::config
