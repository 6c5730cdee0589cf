#include "check_rollouts.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "check_conditions.hpp"
#include "kanaria/config/print.hpp"
#include "kanaria/config/summary.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

/// By LISTENER/RULE, default actions too; of two with one name, which is a fault, the first.
std::map<std::string, const Rule*> rules_of(const Model& model) {
  std::map<std::string, const Rule*> rules;
  for (const Listener& listener : model.listeners) {
    for (const Rule& rule : listener.rules) rules.try_emplace(concat(listener.name, '/', rule.name), &rule);
    rules.try_emplace(concat(listener.name, "/default"), &listener.default_rule);
  }
  return rules;
}

class Check {
 public:
  Check(const Model& model, Diagnostics& diagnostics)
      : model_(model), diagnostics_(diagnostics), rules_(rules_of(model)) {
    for (const TargetGroup& group : model_.target_groups) groups_.insert(group.name);
  }

  void run() {
    for (std::size_t i = 0; i < model_.rollouts.size(); ++i) {
      const Rollout& rollout = model_.rollouts[i];
      const std::string path = concat("rollouts[", i, ']');
      check_name(rollout, path);
      check_arms(rollout, path);
      check_steps(rollout, path + ".steps");
      check_metrics(rollout.analysis, path + ".analysis.metrics");
      for (std::size_t k = 0; k < rollout.match.size(); ++k) {
        check_match(rollout, rollout.match[k], concat(path, ".match[", k, ']'));
      }
    }
    if (!model_.rollouts.empty() && !model_.state_dir) {
      diagnostics_.error(model_.rollouts.front().at, "rollouts",
                         "a rollout must outlive a restart: write state_dir, a directory where it is kept");
    }
  }

 private:
  void check_name(const Rollout& rollout, const std::string& path) {
    if (rollout.name.empty()) return;  // reported by parse()
    const auto [first, fresh] = names_.try_emplace(rollout.name, rollout.name_at);
    if (fresh) return;
    diagnostics_.error(rollout.name_at, path + ".name",
                       concat("the rollout name ", in_quotes(rollout.name), " is already used in line ",
                              first->second.line, ": names are unique"));
  }

  /// The rule and its two groups. What parse() reported is empty.
  void check_arms(const Rollout& rollout, const std::string& path) {
    const bool has_stable = is_group(rollout.stable, path + ".stable");
    const bool has_groups = is_group(rollout.canary, path + ".canary") && has_stable;
    const bool same = rollout.stable == rollout.canary;
    if (has_groups && same) {
      diagnostics_.error(
          rollout.canary.at, path + ".canary",
          concat("stable and canary must be two target groups, not both ", in_quotes(rollout.canary.value)));
    }
    if (rollout.rule.value.empty()) return;
    const auto found = rules_.find(rollout.rule.value);
    if (found == rules_.end()) {
      report_missing_rule(rollout.rule, path + ".rule");
      return;
    }
    const auto [first, fresh] = owners_.try_emplace(rollout.rule.value, &rollout);
    if (!fresh) {
      diagnostics_.error(rollout.rule.at, path + ".rule",
                         concat("the rule ", in_quotes(rollout.rule.value), " already has the rollout ",
                                in_quotes(first->second->name), " in line ", first->second->rule.at.line));
      return;
    }
    if (has_groups && !same) check_forward(rollout, found->second->action, path + ".rule");
  }

  bool is_group(const Text& name, const std::string& path) {
    if (name.value.empty()) return false;
    if (groups_.contains(name.value)) return true;
    const std::vector<std::string_view> known(groups_.begin(), groups_.end());
    diagnostics_.error(name.at, path,
                       concat("there is no target group ", in_quotes(name.value), did_you_mean(name.value, known)));
    return false;
  }

  void report_missing_rule(const Text& name, const std::string& path) {
    // A listener or a rule whose number is a fault may be the one that is meant: its name follows from the number.
    const auto is_unnamed = [](const Listener& listener) {
      return listener.port == 0 || std::ranges::any_of(listener.rules, [](const Rule& r) { return r.priority == 0; });
    };
    if (std::ranges::any_of(model_.listeners, is_unnamed)) return;
    std::vector<std::string_view> known;
    known.reserve(rules_.size());
    for (const auto& [rule, of] : rules_) known.push_back(rule);
    if (name.value.find('/') != std::string::npos) {
      diagnostics_.error(name.at, path,
                         concat("there is no rule ", in_quotes(name.value), did_you_mean(name.value, known)));
      return;
    }
    const auto meant =
        std::ranges::find_if(known, [&](std::string_view rule) { return rule.ends_with(concat('/', name.value)); });
    diagnostics_.error(name.at, path,
                       concat("rule must be LISTENER/RULE or LISTENER/default, not ", in_quotes(name.value),
                              meant == known.end() ? "" : concat(": did you mean ", in_quotes(*meant), '?')));
  }

  void check_forward(const Rollout& rollout, const Action& action, const std::string& path) {
    const auto* const forward = std::get_if<Forward>(&action.of);
    if (forward == nullptr) {
      diagnostics_.error(rollout.rule.at, path,
                         concat("the rule ", in_quotes(rollout.rule.value), " has no weights to set, it is ",
                                summary(action), ": a rollout needs a forward action"));
      return;
    }
    if (forward->target_groups.empty()) return;
    std::set<std::string_view> names;
    for (const WeightedGroup& group : forward->target_groups) names.insert(group.name.value);
    if (names == std::set<std::string_view>{rollout.stable.value, rollout.canary.value}) return;
    diagnostics_.error(
        rollout.rule.at, path,
        concat("the rule ", in_quotes(rollout.rule.value), " must forward to exactly ", rollout.stable.value, " and ",
               rollout.canary.value, ", and its action is: ", summary(action)));
  }

  void check_steps(const Rollout& rollout, const std::string& path) {
    if (rollout.steps.empty()) return;  // reported by parse()
    const SetWeight* before = nullptr;
    const RolloutStep* last = nullptr;
    for (std::size_t i = 0; i < rollout.steps.size(); ++i) {
      const auto* const set = std::get_if<SetWeight>(&rollout.steps[i].of);
      if (set == nullptr) continue;
      if (before != nullptr && set->weight < before->weight && !rollout.allow_decrease) {
        diagnostics_.error(rollout.steps[i].at, concat(path, '[', i, ']'),
                           concat("set_weight falls from ", basis_text(before->weight), " to ", basis_text(set->weight),
                                  ": write allow_decrease: true in the rollout if that is meant"));
      }
      before = set;
      last = &rollout.steps[i];
    }
    if (before == nullptr) {
      diagnostics_.error(rollout.steps.front().at, path, "steps have no set_weight: the last one must be 100%");
    } else if (before->weight < kWholeRule) {
      diagnostics_.error(last->at, path,
                         concat("the last set_weight must be 100%, not ", basis_text(before->weight),
                                ": a rollout ends with the canary in charge"));
    }
  }

  void check_metrics(const RolloutAnalysis& analysis, const std::string& path) {
    std::map<std::string_view, Position> seen;
    for (const RolloutMetric& metric : analysis.metrics) {
      if (metric.name.empty()) continue;
      const auto [first, fresh] = seen.try_emplace(metric.name, metric.at);
      if (fresh) continue;
      diagnostics_.error(metric.at, path,
                         concat("the metric name ", in_quotes(metric.name), " is already used in line ",
                                first->second.line, ": names are unique"));
    }
  }

  void check_match(const Rollout& rollout, const RolloutMatch& match, const std::string& path) {
    check_conditions("a match", match.conditions, match.at, path, diagnostics_);
    const Text& group = match.target_group;
    if (group.value.empty() || rollout.stable.value.empty() || rollout.canary.value.empty()) return;
    if (group == rollout.stable || group == rollout.canary) return;
    diagnostics_.error(group.at, path + ".target_group",
                       concat("a match leads to one of the rollout's groups, ", rollout.stable.value, " or ",
                              rollout.canary.value, ", not to ", in_quotes(group.value)));
  }

  const Model& model_;
  Diagnostics& diagnostics_;
  std::map<std::string, const Rule*> rules_;
  std::set<std::string_view> groups_;
  std::map<std::string_view, Position> names_;
  std::map<std::string_view, const Rollout*> owners_;
};

// ---- what is only odd

/// Steps that end before anybody can have looked at what they did, and those that give all at once.
void warn_of_steps(const Rollout& rollout, const std::string& path, Diagnostics& diagnostics) {
  for (std::size_t i = 0; i < rollout.steps.size(); ++i) {
    const RolloutStep& step = rollout.steps[i];
    const auto* const set = std::get_if<SetWeight>(&step.of);
    if (set == nullptr) continue;
    const bool is_last = i + 1 == rollout.steps.size();
    if (!is_last && std::holds_alternative<SetWeight>(rollout.steps[i + 1].of)) {
      diagnostics.warning(step.at, concat(path, '[', i, ']'),
                          concat("nothing is judged at ", basis_text(set->weight),
                                 ": the next step follows at once; write a pause or an analysis between them"));
    }
  }
  const auto first = std::ranges::find_if(
      rollout.steps, [](const RolloutStep& step) { return std::holds_alternative<SetWeight>(step.of); });
  if (std::get<SetWeight>(first->of).weight == kWholeRule) {
    diagnostics.warning(first->at, path,
                        "the first set_weight gives the canary everything: there is nothing left to compare it with");
  }
}

void warn_of_deadline(const Rollout& rollout, const std::string& path, Diagnostics& diagnostics) {
  Milliseconds pauses{0};
  for (const RolloutStep& step : rollout.steps) {
    const auto* const pause = std::get_if<PauseStep>(&step.of);
    if (pause != nullptr) pauses += pause->duration.value_or(Milliseconds(0));
  }
  if (pauses < rollout.progress_deadline) return;
  diagnostics.warning(rollout.at, path + ".progress_deadline",
                      concat("the pauses of its steps take ", to_text(pauses), ", and progress_deadline is ",
                             to_text(rollout.progress_deadline), ": the rollout can't end in time"));
}

/// What the rule does on its own.
void warn_of_rule(const Rollout& rollout, const Rule& rule, const std::string& path, Diagnostics& diagnostics) {
  const auto& forward = std::get<Forward>(rule.action.of);
  for (const WeightedGroup& group : forward.target_groups) {
    if (group.name != rollout.canary || group.weight == 0) continue;
    diagnostics.warning(group.name.at, path + ".rule",
                        concat("while the rollout ", in_quotes(rollout.name), " is at rest, the canary ",
                               in_quotes(rollout.canary.value), " gets this weight, ", group.weight,
                               ": write 0 to begin with nothing"));
  }
  const bool has_limit = std::ranges::any_of(rollout.analysis.metrics, [](const RolloutMetric& metric) {
    const auto* const errors = std::get_if<ErrorRate>(&metric.of);
    return errors != nullptr && errors->slo_max;
  });
  if (forward.stickiness.enabled && !has_limit) {
    diagnostics.warning(rollout.rule.at, path + ".rule",
                        "the rule has stickiness, so only a user's first request is evidence: write split: per_user "
                        "there, or slo_max in a metric of type: error_rate");
  }
}

}  // namespace

void check_rollouts(const Model& model, Diagnostics& diagnostics) {
  Check(model, diagnostics).run();
}

void warn_of_rollouts(const Model& model, Diagnostics& diagnostics) {
  const std::map<std::string, const Rule*> rules = rules_of(model);
  for (std::size_t i = 0; i < model.rollouts.size(); ++i) {
    const Rollout& rollout = model.rollouts[i];
    const std::string path = concat("rollouts[", i, ']');
    warn_of_rule(rollout, *rules.at(rollout.rule.value), path, diagnostics);
    warn_of_steps(rollout, path + ".steps", diagnostics);
    warn_of_deadline(rollout, path, diagnostics);
    if (rollout.analysis.dry_run) {
      diagnostics.warning(rollout.at, path + ".analysis.dry_run",
                          "analysis has dry_run: true: it tells what it would do, and does nothing");
    }
    if (rollout.auto_start && !rollout.revision) {
      diagnostics.warning(rollout.at, path + ".auto_start",
                          "auto_start means nothing without revision: a new one is what starts the rollout");
    }
  }
}

}  // namespace kanaria::config
