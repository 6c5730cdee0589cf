// A target and a target group as the data path sees them. Made by control (runtime/), immutable, shared by all workers;
// snapshots keep them alive. What does change about them, their state, hangs on them: control writes verdicts, workers
// write what they saw, both read. A target is known by (group, address), a group's state by the group's name: they, and
// so pools, counters and health, outlive every reload that names them.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/config/target_group.hpp"
#include "kanaria/net/sockets.hpp"
#include "kanaria/targets/ejection.hpp"
#include "kanaria/targets/share.hpp"
#include "kanaria/targets/waiting_line.hpp"

namespace kanaria::targets {

/// Relaxed wherever nothing is said: each is read for itself. Alone on its cache lines, for all workers write it.
struct alignas(128) TargetState {
  /// Control's verdict: its part among the group's candidates; 0: not a candidate. Published by GroupState::version.
  std::atomic<Share> share{kFullShare};
  /// Failures in a row, of the kinds that the group's passive_health counts. Workers add, and a success sets it to 0.
  std::atomic<std::uint32_t> failures{0};
  std::atomic<Probe> probe{Probe::None};
  /// Requests in flight over all workers; kept only where Group::counts_in_flight. One that reaches
  /// Group::max_connections makes the target full.
  std::atomic<std::uint32_t> in_flight{0};
  /// Open connections over all workers, idle ones too; kept only where Group::max_connections is set.
  std::atomic<std::uint32_t> connections{0};
};

struct Target {
  net::Endpoint endpoint;
  std::string text;       // "127.0.0.1:9001", for metrics and logs
  std::uint64_t id = 0;   // name_hash() of `text`, for cookies
  std::uint32_t row = 0;  // of its counters
  std::unique_ptr<TargetState> state = std::make_unique<TargetState>();
};

struct alignas(128) GroupState {
  /// Raised (release) by control after it wrote shares, `fail_open` or a Probe::Offered: workers look at the targets
  /// anew.
  std::atomic<std::uint64_t> version{1};
  /// All targets are candidates, for too few are healthy.
  std::atomic<bool> fail_open{false};
  /// A target can be used: a healthy one, or one that is never checked; while none was judged, as it was before. Groups
  /// without lose their share to the others where `failover` is set.
  std::atomic<bool> alive{true};
  /// Who waits for one of its targets to have room.
  std::shared_ptr<WaitingLine> line = std::make_shared<WaitingLine>();
};

/// Never the same twice, never 0. Any thread.
std::uint64_t new_serial();

struct Group {
  std::string name;
  std::uint64_t id = 0;                                // name_hash() of it, for cookies
  std::vector<std::shared_ptr<const Target>> targets;  // may be empty
  std::shared_ptr<GroupState> state = std::make_shared<GroupState>();
  /// Another one for each Group that was ever made, even of one name: what a worker keeps of a group is of this one.
  std::uint64_t serial = new_serial();
  std::uint32_t row = 0;  // of its counters; dense, so that a worker keeps its round-robin place under it

  Milliseconds target_idle_timeout{4'000};
  config::Algorithm algorithm = config::Algorithm::RoundRobin;
  config::TargetStickiness stickiness;
  config::Retries retries;
  config::PassiveHealth passive_health;
  std::optional<std::uint32_t> max_connections;  // of each target, in use at once
  std::uint32_t max_pending = 1024;
  Milliseconds pending_timeout{5'000};

  bool counts_in_flight() const {
    return algorithm == config::Algorithm::LeastOutstandingRequests || max_connections.has_value();
  }
};

}  // namespace kanaria::targets
