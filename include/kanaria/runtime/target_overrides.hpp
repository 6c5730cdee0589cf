// What was changed by hand about a group's targets, on top of the file: registered, drained, deregistered. It stays
// over reloads, whatever they bring, until it is undone or reset. Values and pure functions; any thread.
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/config/model.hpp"
#include "kanaria/runtime/override_fault.hpp"

namespace kanaria::runtime {

enum class TargetAction : std::uint8_t { Register, Drain, Undrain, Deregister };

/// "drain"; none: `word` is no action.
std::optional<TargetAction> target_action_of(std::string_view word);
std::string_view name_of(TargetAction action);
/// All of them, for "did you mean".
std::vector<std::string_view> target_actions();

/// One target that isn't as the file has it.
struct TargetOverride {
  enum class Membership : std::uint8_t { AsInFile, Registered, Deregistered };

  config::Target target;  // with `drained` as it was set by hand
  Membership membership = Membership::AsInFile;
  std::string who;
  std::chrono::system_clock::time_point when;

  /// "drained", "registered", "registered and drained", "deregistered".
  std::string_view words() const;
};

/// By the name of the group; no empty lists.
using TargetOverrides = std::map<std::string, std::vector<TargetOverride>>;

/// How many overrides a group takes: a script that registers without end is stopped.
inline constexpr std::size_t kMaxOverrides = 1000;

struct TargetChange {
  std::string group;
  std::optional<TargetAction> action;  // none: reset, the group is as in the file again
  std::string target;                  // as the operator writes it; of an action
  std::string who;
  std::chrono::system_clock::time_point when;
};

/// That the file has no such group, and which one may be meant.
OverrideFault unknown_group(const config::Model& file, const std::string& group);

/// Carries the change out on `overrides`; the file's model tells what there is besides. A fault: nothing was changed.
std::optional<OverrideFault> change(TargetOverrides& overrides, const config::Model& file, const TargetChange& change);

/// The model in force: the file's with the overrides applied to it; the file's itself if they change nothing. Those of
/// targets and groups that the file doesn't have are left out, unless they register.
std::shared_ptr<const config::Model> in_force(const TargetOverrides& overrides,
                                              const std::shared_ptr<const config::Model>& file);

}  // namespace kanaria::runtime
