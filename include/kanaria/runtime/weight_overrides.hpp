// Weights of a rule that were set by hand, on top of the file. They stay over reloads, whatever these bring, until they
// expire, are reset, or their rule or one of its groups is gone. Values and pure functions; any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/config/model.hpp"
#include "kanaria/runtime/override_fault.hpp"

namespace kanaria::runtime {

/// By the name of the group, each 0-999.
using Weights = std::vector<std::pair<std::string, int>>;

struct WeightOverride {
  Weights weights;  // of all groups of the rule
  std::string who;
  WallTime when;
  std::optional<WallTime> until;  // none: until it is reset
  std::string reason;             // "": none was given
  friend bool operator==(const WeightOverride&, const WeightOverride&) = default;
};

/// By LISTENER/RULE; "default" is the name of a listener's default action.
using WeightOverrides = std::map<std::string, WeightOverride>;

inline constexpr int kMaxWeight = 999;  // alb.md §3.1
inline constexpr std::size_t kMaxWeightOverrides = 10'000;
inline constexpr std::size_t kLongestReason = 200;  // bytes
/// The longest that an override may last: what is to last longer belongs into the file.
inline constexpr std::chrono::hours kLongestOverride{24 * 365};

struct WeightChange {
  std::string listener;
  std::string rule;
  std::optional<Weights> weights;  // none: reset, the rule is as in the file again
  std::string who;
  WallTime when;
  std::optional<WallTime> until;
  std::string reason;
  /// The generation that whoever asks has seen: another one in force makes the change stale. None: unconditional.
  std::optional<std::string> generation;

  std::string name() const { return listener + "/" + rule; }
};

/// The rule of a model; null: `fault` says what there is none of, and which one may be meant.
const config::Rule* find_rule(const config::Model& model, const std::string& listener, const std::string& rule,
                              OverrideFault& fault);
/// Calls f(LISTENER/RULE, rule, forward) for each rule that forwards, default actions too.
template <class F>
void for_each_forward(const config::Model& model, F&& f) {
  const auto call = [&](const config::Listener& listener, const config::Rule& rule) {
    const auto* const forward = std::get_if<config::Forward>(&rule.action.of);
    if (forward != nullptr) f(listener.name + "/" + rule.name, rule, *forward);
  };
  for (const config::Listener& listener : model.listeners) {
    for (const config::Rule& rule : listener.rules) call(listener, rule);
    call(listener, listener.default_rule);
  }
}

/// Carries the change out on `overrides`; its generation is the caller's to check. A fault: nothing was changed.
std::optional<OverrideFault> change(WeightOverrides& overrides, const config::Model& file, const WeightChange& change);

/// Is there a rule for it with exactly these groups?
bool fits(const WeightOverride& override, const std::string& name, const config::Model& file);

/// The file's model with the overrides applied to it; the file's itself if there are none.
std::shared_ptr<const config::Model> in_force(const WeightOverrides& overrides,
                                              const std::shared_ptr<const config::Model>& file);

}  // namespace kanaria::runtime
