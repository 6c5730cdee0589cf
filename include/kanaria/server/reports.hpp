// What the server tells the admin API: what came of changes, and how things are. Values; made on control's thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/runtime/store.hpp"
#include "kanaria/targets/target_table.hpp"

namespace kanaria::server {

/// What came of a reload.
struct Reloaded {
  runtime::Outcome::Status status = runtime::Outcome::Status::Unchanged;
  std::vector<std::string> changes;   // in words
  std::vector<std::string> faults;    // rendered, with line and caret; any: nothing was changed
  std::vector<std::string> warnings;  // the same way
};

/// What came of a change by hand.
struct Changed {
  runtime::Outcome::Status status = runtime::Outcome::Status::Unchanged;
  std::vector<std::string> changes;   // in words
  std::vector<std::string> faults;    // any: nothing was changed
  std::vector<std::string> warnings;  // of what the change brought
};

/// The targets of a group, as they are now.
struct GroupTargets {
  std::string fault;  // there is no such group, and which one may be meant; the rest is empty
  /// Why a target is in the group; Leaving: it isn't any more, and finishes what it has.
  enum class Source : std::uint8_t { File, Hand, Leaving };
  targets::TargetTable::GroupReport report;
  std::vector<Source> sources;                     // as report.targets
  std::vector<runtime::TargetOverride> overrides;  // changed by hand
};

/// What a group of a rule answered in the last Recent::kWindow.
struct Traffic {
  double seconds = 0;          // how much of that time there is
  std::uint64_t chosen = 0;    // requests for which the split chose the group
  std::uint64_t requests = 0;  // answered
  std::uint64_t errors = 0;    // of these, with a 5xx
  std::optional<double> p50;   // seconds; none: no requests
  std::optional<double> p99;
};

/// The weights of a rule that forwards.
struct RuleWeights {
  struct Group {
    std::string name;
    int weight = 0;       // in force
    int file_weight = 0;  // as in the file
    std::size_t targets = 0;
    std::size_t healthy = 0;  // of these
    Traffic traffic;
  };
  std::string name;  // LISTENER/RULE
  std::vector<Group> groups;
  std::optional<runtime::WeightOverride> override;  // none: the file decides, unless a rollout does
  /// The rollout that decides, above all others; "": none.
  std::string rollout;
  std::string rollout_phase;     // "Progressing", ...
  std::size_t rollout_step = 0;  // in progress, from 1
  std::size_t rollout_steps = 0;
  config::Position at;  // of the rule's action in the file
  runtime::Generation generation;
};

/// What came of setting a rule's weights, and how they are now.
struct WeightsChanged {
  Changed changed;
  std::optional<RuleWeights> now;  // none: there is no such rule
};

/// The file on disk beside what runs.
struct FileState {
  enum class Is : std::uint8_t {
    InSync,
    Differs,  // it has been edited since
    Broken,   // a restart would exit 78
  };
  Is is = Is::InSync;
  WallTime since{};
  std::string fault;  // of Broken: the first one
};
/// "in_sync", "differs", "broken".
std::string_view name_of(FileState::Is state);

struct RuleStatus {
  std::string name;
  int priority = 0;                    // 0: the default action
  std::string conditions;              // in words
  std::string action;                  // in words, where it doesn't forward
  std::optional<RuleWeights> weights;  // where it does
  std::uint64_t requests = 0;          // answered in the last minute, whatever the group
  std::uint64_t errors = 0;            // of these, with a 5xx
};

struct ListenerStatus {
  std::string name;
  std::string address;
  std::vector<RuleStatus> rules;  // by priority, the default action last
};

struct Status {
  std::string name;  // of the load balancer
  bool ready = false;
  Duration up{};
  std::string config_file;
  std::uint64_t config_number = 0;  // counts the configurations of this process
  std::string config_hash;
  WallTime applied{};
  std::string applied_by;
  bool last_reload_success = true;
  FileState file;
  double window = 0;  // seconds that the traffic is of
  std::vector<ListenerStatus> listeners;
  std::vector<GroupTargets> groups;  // with something to tell: an unhealthy target, or one changed by hand
  std::string damaged_state;         // what state_dir had that could not be read; "": nothing
  std::string unkept;                // why what is set by hand is not in state_dir; "": it is
};

}  // namespace kanaria::server
