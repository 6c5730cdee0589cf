// A target and a target group as the data path sees them. Made by control (runtime/), immutable, shared by all workers;
// snapshots keep them alive. A target is known by (group, address) and keeps its object, and so its pools and counters,
// over every reload that names it.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/net/sockets.hpp"

namespace kanaria::targets {

struct Target {
  net::Endpoint endpoint;
  std::string text;       // "127.0.0.1:9001", for metrics and logs
  std::uint32_t row = 0;  // of its counters
};

struct Group {
  std::string name;
  std::vector<std::shared_ptr<const Target>> targets;  // may be empty
  Milliseconds target_idle_timeout{4000};
  std::uint32_t row = 0;  // of its counters; dense, so that a worker keeps its round-robin place under it
};

}  // namespace kanaria::targets
