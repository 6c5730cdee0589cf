#include "kanaria/runtime/target_overrides.hpp"

#include <algorithm>
#include <array>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/text.hpp"

namespace kanaria::runtime {
namespace {

using Kind = OverrideFault::Kind;
using Membership = TargetOverride::Membership;

constexpr std::array<std::string_view, 4> kActions{"register", "drain", "undrain", "deregister"};
static_assert(kActions.size() == static_cast<std::size_t>(TargetAction::Deregister) + 1);

template <class Targets>
auto find_place(Targets& targets, const config::Target& target) {
  return std::ranges::find_if(targets, [&](const config::Target& other) { return same_place(other, target); });
}

auto find_place(std::vector<TargetOverride>& overrides, const config::Target& target) {
  return std::ranges::find_if(overrides, [&](const TargetOverride& one) { return same_place(one.target, target); });
}

void override_targets(const std::vector<TargetOverride>& overrides, std::vector<config::Target>& targets) {
  for (const TargetOverride& one : overrides) {
    const auto at = find_place(targets, one.target);
    if (one.membership == Membership::Deregistered) {
      if (at != targets.end()) targets.erase(at);
    } else if (at != targets.end()) {
      at->drained = one.target.drained;
    } else if (one.membership == Membership::Registered) {
      targets.push_back(one.target);
    }
  }
}

OverrideFault unknown_target(const std::vector<config::Target>& present, const TargetChange& change) {
  std::vector<std::string_view> known;
  for (const config::Target& one : present) known.push_back(one.text.value);
  return {Kind::Unknown, "there is no target " + config::in_quotes(change.target) + " in target group " + change.group +
                             config::did_you_mean(change.target, known)};
}

/// Is it so already?
bool is_done(TargetAction action, const config::Target* present) {
  switch (action) {
    case TargetAction::Register: return present != nullptr;
    case TargetAction::Drain: return present != nullptr && present->drained;
    case TargetAction::Undrain: return present != nullptr && !present->drained;
    case TargetAction::Deregister: return false;
  }
  return false;
}

/// What the target's override becomes; none: it is as in the file again.
std::optional<TargetOverride> next(TargetAction action, TargetOverride now, bool in_file) {
  switch (action) {
    case TargetAction::Register:
      now.membership = in_file ? Membership::AsInFile : Membership::Registered;
      now.target.drained = false;  // a word of before it left
      break;
    case TargetAction::Drain: now.target.drained = true; break;
    case TargetAction::Undrain: now.target.drained = false; break;
    case TargetAction::Deregister:
      if (!in_file) return std::nullopt;
      now.membership = Membership::Deregistered;
      now.target.drained = false;
      break;
  }
  if (now.membership == Membership::AsInFile && !now.target.drained) return std::nullopt;
  return now;
}

}  // namespace

std::optional<TargetAction> target_action_of(std::string_view word) {
  const auto at = std::ranges::find(kActions, word);
  if (at == kActions.end()) return std::nullopt;
  return static_cast<TargetAction>(at - kActions.begin());
}

std::string_view name_of(TargetAction action) {
  return kActions[static_cast<std::size_t>(action)];
}

std::vector<std::string_view> target_actions() {
  return {kActions.begin(), kActions.end()};
}

std::string_view TargetOverride::words() const {
  switch (membership) {
    case Membership::AsInFile: return "drained";
    case Membership::Registered: return target.drained ? "registered and drained" : "registered";
    case Membership::Deregistered: return "deregistered";
  }
  return {};
}

OverrideFault unknown_group(const config::Model& file, const std::string& group) {
  std::vector<std::string_view> known;
  for (const config::TargetGroup& one : file.target_groups) known.push_back(one.name);
  return {Kind::Unknown, "there is no target group " + config::in_quotes(group) + config::did_you_mean(group, known)};
}

std::optional<OverrideFault> change(TargetOverrides& overrides, const config::Model& file, const TargetChange& change) {
  const auto group = std::ranges::find(file.target_groups, change.group, &config::TargetGroup::name);
  if (group == file.target_groups.end()) return unknown_group(file, change.group);
  if (!change.action) {
    overrides.erase(change.group);
    return std::nullopt;
  }
  std::string fault;
  const auto target = config::parse_target(change.target, group->port, fault);
  if (!target) return OverrideFault{Kind::Wrong, fault};

  const auto known = overrides.find(change.group);
  std::vector<TargetOverride> ours = known == overrides.end() ? std::vector<TargetOverride>() : known->second;
  std::vector<config::Target> present = group->targets;
  override_targets(ours, present);
  const auto found = find_place(present, *target);
  const config::Target* const now_there = found == present.end() ? nullptr : &*found;
  if (is_done(*change.action, now_there)) return std::nullopt;
  if (*change.action != TargetAction::Register && now_there == nullptr) return unknown_target(present, change);

  const auto at = find_place(ours, *target);
  const bool in_file = find_place(group->targets, *target) != group->targets.end();
  TargetOverride now = at == ours.end() ? TargetOverride{now_there == nullptr ? *target : *now_there, {}, {}, {}} : *at;
  now.who = change.who;
  now.when = change.when;
  std::optional<TargetOverride> becomes = next(*change.action, std::move(now), in_file);
  if (!becomes) {
    if (at != ours.end()) ours.erase(at);
  } else if (at != ours.end()) {
    *at = std::move(*becomes);
  } else if (ours.size() == kMaxOverrides) {
    return OverrideFault{Kind::Wrong,
                         "more than " + std::to_string(kMaxOverrides) + " targets of a group can't be changed by hand"};
  } else {
    ours.push_back(std::move(*becomes));
  }
  if (ours.empty()) {
    overrides.erase(change.group);
  } else {
    overrides[change.group] = std::move(ours);
  }
  return std::nullopt;
}

std::shared_ptr<const config::Model> in_force(const TargetOverrides& overrides,
                                              const std::shared_ptr<const config::Model>& file) {
  if (overrides.empty()) return file;
  auto model = std::make_shared<config::Model>(*file);
  for (config::TargetGroup& group : model->target_groups) {
    const auto ours = overrides.find(group.name);
    if (ours != overrides.end()) override_targets(ours->second, group.targets);
  }
  return model;
}

}  // namespace kanaria::runtime
