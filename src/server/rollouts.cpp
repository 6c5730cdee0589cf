// What control has to do with rollouts: it tells of them, and has a line in the log for what people ask of them.
#include "by_hand.hpp"
#include "kanaria/config/text.hpp"
#include "parts.hpp"

namespace kanaria::server {
namespace {

void audit_verb(const rollout::Command& command, const rollout::Changed& changed) {
  using Status = rollout::Changed::Status;
  std::string asked(rollout::name_of(command.verb));
  if (command.full) asked += " --full";
  if (command.weight) asked += " " + config::basis_text(*command.weight);
  if (!command.revision.empty()) asked += " " + quoted(command.revision);
  Changed words{runtime::Outcome::Status::Applied, {}, {}, changed.warnings};
  const bool is_refused = changed.status == Status::Refused || changed.status == Status::Unknown;
  if (is_refused) words.faults.push_back(changed.message);
  if (changed.status == Status::Done) words.changes.push_back(changed.message);
  audit("rollout " + config::printable(command.rollout), command.who, std::move(asked), words);
}

}  // namespace

std::vector<rollout::Report> Control::rollouts() {
  std::vector<rollout::Report> reports = parts_->rollouts.reports();
  const GroupHealth health = health_of(parts_->targets.table().report());
  for (rollout::Report& report : reports) {
    for (rollout::ArmReport& arm : report.arms) {
      const auto counts = health.find(arm.target_group);
      if (counts == health.end()) continue;
      arm.targets = counts->second.targets;
      arm.healthy = counts->second.healthy;
    }
  }
  return reports;
}

net::Awaitable<rollout::Changed> Control::change_rollout(const rollout::Command& command) {
  rollout::Changed changed = co_await parts_->rollouts.change(command);
  audit_verb(command, changed);
  co_return changed;
}

void Control::add_rollout(RuleWeights& weights) const {
  const auto share = parts_->store.shares().find(weights.name);
  if (share == parts_->store.shares().end() || !share->second.weight) return;
  const rollout::Standing* const standing = parts_->rollouts.find(share->second.rollout);
  if (standing == nullptr) return;
  weights.rollout = standing->written.name;
  weights.rollout_phase = rollout::name_of(standing->state.phase);
  weights.rollout_steps = standing->written.steps.size() + 1;  // the bake
  weights.rollout_step = std::min(standing->state.step + 1, weights.rollout_steps);
}

void Control::add_rollouts(observe::ProcessFacts& facts) const {
  for (std::size_t phase = 0; phase < rollout::kPhases; ++phase)
    facts.rollout_phases.push_back(rollout::name_of(static_cast<rollout::Phase>(phase)));
  for (const rollout::Report& report : parts_->rollouts.reports()) {
    observe::ProcessFacts::Rollout& one = facts.rollouts.emplace_back();
    one.name = report.name;
    one.phase = rollout::name_of(report.state.phase);
    one.step = report.state.step;
    one.weight = report.state.weight / double{config::kWholeRule};
    one.requests = report.requests;
    for (const rollout::MetricReport& metric : report.metrics)
      one.metrics.push_back({metric.name, metric.evidence, {metric.bad_stable, metric.bad_canary}});
  }
  for (const auto& [what, count] : parts_->rollouts.rollbacks())
    facts.rollbacks.push_back({what.first, rollout::name_of(what.second), count});
}

}  // namespace kanaria::server
