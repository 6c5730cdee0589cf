#include "check_stickiness.hpp"

#include <algorithm>
#include <map>

#include "kanaria/cookies/key_ring.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

bool seals_cookies(const Forward& forward) {
  return forward.stickiness.enabled || forward.split == SplitMode::PerUser;
}

class Check {
 public:
  Check(const Model& model, Diagnostics& diagnostics) : model_(model), diagnostics_(diagnostics) {
    for (const TargetGroup& group : model_.target_groups) groups_.try_emplace(group.name, &group);
  }

  void run() {
    for (std::size_t i = 0; i < model_.target_groups.size(); ++i) {
      check_group(model_.target_groups[i], concat("target_groups[", i, "].stickiness"));
    }
    for (std::size_t i = 0; i < model_.listeners.size(); ++i) {
      const Listener& listener = model_.listeners[i];
      const std::string path = concat("listeners[", i, ']');
      for (std::size_t k = 0; k < listener.rules.size(); ++k) {
        check_action(listener.rules[k].action, concat(path, ".rules[", k, "].action"));
      }
      check_action(listener.default_rule.action, path + ".default_action");
    }
  }

 private:
  void check_group(const TargetGroup& group, const std::string& path) {
    if (!group.stickiness.enabled) return;
    if (group.load_balancing_algorithm_type == Algorithm::WeightedRandom) {
      diagnostics_.error(group.stickiness.at, path,
                         "stickiness doesn't work with load_balancing_algorithm_type: weighted_random");
    }
    need_keys(group.stickiness.at, path);
  }

  void check_action(const Action& action, const std::string& path) {
    const auto* const forward = std::get_if<Forward>(&action.of);
    if (forward == nullptr) return;
    const bool per_user = forward->split == SplitMode::PerUser;
    if (per_user && forward->stickiness.enabled) {
      diagnostics_.error(
          forward->stickiness.at, path,
          "stickiness must not be enabled with split: per_user, which keeps users where they are itself");
    }
    if (!per_user && !forward->user_key.empty()) {
      diagnostics_.error(forward->user_key.front().name.at, path,
                         "user_key says who a user is, and only split: per_user asks");
    }
    if (forward->target_groups.size() > 1) {
      for (const WeightedGroup& group : forward->target_groups) check_member(*forward, group, path);
    }
    if (seals_cookies(*forward)) need_keys(forward->stickiness.enabled ? forward->stickiness.at : action.at, path);
  }

  /// A target's stickiness where several groups are to choose from.
  void check_member(const Forward& forward, const WeightedGroup& member, const std::string& path) {
    const auto found = groups_.find(member.name.value);
    if (found == groups_.end() || !found->second->stickiness.enabled) return;
    if (found->second->stickiness.type == TargetStickiness::Type::AppCookie) {
      diagnostics_.error(member.name.at, path,
                         concat("stickiness of type app_cookie, which ", in_quotes(member.name.value),
                                " has, doesn't work in a forward action with several target groups"));
    } else if (!seals_cookies(forward)) {
      diagnostics_.error(member.name.at, path,
                         concat("the target group ", in_quotes(member.name.value),
                                " has stickiness, so this action with several groups needs it too: "
                                "stickiness: {enabled: true}, or split: per_user"));
    }
  }

  /// Said once: one line mends it for all.
  void need_keys(Position at, const std::string& path) {
    if (told_ || model_.cookie_key_file || model_.state_dir) return;
    told_ = true;
    diagnostics_.error(at, path,
                       "cookies must be sealed: write state_dir, where keys are made and kept, or cookie_key_file");
  }

  const Model& model_;
  Diagnostics& diagnostics_;
  std::map<std::string_view, const TargetGroup*> groups_;
  bool told_ = false;
};

}  // namespace

bool seals_cookies(const Model& model) {
  const auto does = [](const Rule& rule) {
    const auto* const forward = std::get_if<Forward>(&rule.action.of);
    return forward != nullptr && seals_cookies(*forward);
  };
  return std::ranges::any_of(model.listeners,
                             [&](const Listener& listener) {
                               return does(listener.default_rule) || std::ranges::any_of(listener.rules, does);
                             }) ||
         std::ranges::any_of(model.target_groups, [](const TargetGroup& group) { return group.stickiness.enabled; });
}

void check_stickiness(const Model& model, Diagnostics& diagnostics) {
  Check(model, diagnostics).run();
}

namespace {

/// Names are in what users keep: those that follow from a number change with it.
void warn_of_names(const Listener& listener, const std::string& path, Diagnostics& diagnostics) {
  const auto keeps_users = [](const Rule& rule) {
    const auto* const forward = std::get_if<Forward>(&rule.action.of);
    return forward != nullptr && seals_cookies(*forward);
  };
  bool any = keeps_users(listener.default_rule);
  for (std::size_t i = 0; i < listener.rules.size(); ++i) {
    const Rule& rule = listener.rules[i];
    if (!keeps_users(rule)) continue;
    any = true;
    if (rule.name_at == rule.at) {
      diagnostics.warning(rule.at, concat(path, ".rules[", i, ']'),
                          concat("users are kept under the rule's name, ", rule.name,
                                 ": write name, or another priority moves them all"));
    }
  }
  if (any && listener.name_at == listener.at) {
    diagnostics.warning(listener.at, path,
                        concat("users are kept under the listener's name, ", listener.name,
                               ": write name, or another port moves them all"));
  }
}

void warn_of_single_group(const Action& action, const std::string& path, Diagnostics& diagnostics) {
  const auto* const forward = std::get_if<Forward>(&action.of);
  if (forward == nullptr || forward->split != SplitMode::PerUser || forward->target_groups.size() != 1) return;
  diagnostics.warning(action.at, path, "split: per_user means nothing with a single target group");
}

/// How many entries each cookie of ours would need for all rules and groups.
void warn_of_too_many(const Model& model, Diagnostics& diagnostics) {
  std::map<std::string_view, std::size_t> counts;
  const auto count = [&](const Rule& rule) {
    const auto* const forward = std::get_if<Forward>(&rule.action.of);
    if (forward == nullptr) return;
    if (forward->stickiness.enabled) ++counts["rules with stickiness"];
    if (forward->split == SplitMode::PerUser) ++counts["rules with split: per_user"];
  };
  for (const Listener& listener : model.listeners) {
    std::ranges::for_each(listener.rules, count);
    count(listener.default_rule);
  }
  for (const TargetGroup& group : model.target_groups)
    if (group.stickiness.enabled) ++counts["target groups with stickiness"];
  for (const auto& [what, number] : counts) {
    if (number <= cookies::kMostEntries) continue;
    diagnostics.warning({}, "",
                        concat(number, " ", what, ": a browser's cookie has room for ", cookies::kMostEntries,
                               " of one host, and who uses more of them is a new visitor again"));
  }
}

}  // namespace

void warn_of_stickiness(const Model& model, Diagnostics& diagnostics) {
  if (model.cookie_key_file && !seals_cookies(model)) {
    diagnostics.warning(model.cookie_key_file->at, "cookie_key_file",
                        "cookie_key_file means nothing here: no rule and no target group sets cookies");
  }
  for (std::size_t i = 0; i < model.listeners.size(); ++i) {
    const Listener& listener = model.listeners[i];
    const std::string path = concat("listeners[", i, ']');
    warn_of_names(listener, path, diagnostics);
    for (std::size_t k = 0; k < listener.rules.size(); ++k)
      warn_of_single_group(listener.rules[k].action, concat(path, ".rules[", k, "].action"), diagnostics);
    warn_of_single_group(listener.default_rule.action, path + ".default_action", diagnostics);
  }
  warn_of_too_many(model, diagnostics);
}

}  // namespace kanaria::config
