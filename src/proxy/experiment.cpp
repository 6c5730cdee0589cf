#include "experiment.hpp"

#include <algorithm>
#include <optional>

#include "kanaria/base/fault_table.hpp"

namespace kanaria::proxy {
namespace {

using evidence::Arm;
using evidence::Exposure;
using targets::Split;

/// The group that `match` says, by its index.
std::optional<std::size_t> matched(const Request& request, const runtime::Route& route,
                                   const runtime::Experiment& experiment) {
  if (!experiment.matches) return std::nullopt;
  const rules::Subject subject{request.client.head(), request.client.peer_address().address,
                               request.context.loop.index()};
  const rules::Facts facts(subject);
  const auto match = std::ranges::find_if(*experiment.matches, [&](const runtime::RolloutMatch& one) {
    return std::ranges::all_of(one.conditions, [&](const auto& condition) { return condition.matches(facts); });
  });
  if (match == experiment.matches->end()) return std::nullopt;
  const bool is_canary = route.groups[experiment.canary]->name == match->target_group;
  return is_canary ? experiment.canary : experiment.stable;
}

}  // namespace

Stay::Choice choose_arm(Request& request, const rules::Forward& action, const runtime::Route& route) {
  const runtime::Experiment& experiment = *route.experiment;
  evidence::Trial& trial = *experiment.trial;
  const unsigned worker = request.context.loop.index();
  const auto begin = [&](std::size_t group, Exposure::By by, std::optional<std::uint32_t> user) {
    const Arm arm = group == experiment.canary ? Arm::Canary : Arm::Stable;
    request.exposure.begin(trial, worker, arm, by, experiment.coin, user);
  };
  const bool is_usable =
      trial.is_open() && route.groups[experiment.canary]->state->alive.load(std::memory_order_relaxed);
  if (const auto group = matched(request, route, experiment); group && (is_usable || *group != experiment.canary)) {
    trial.matched(worker);
    begin(*group, Exposure::By::Other, std::nullopt);
    return {*group, false};
  }
  const bool spills = !is_usable && route.split->weight(experiment.canary) > 0;
  // A ticket all the same, to know whose it would have been.
  if (spills && route.split->choose(request.context.loop.random()) == experiment.canary) trial.spilled(worker);
  const Stay::Choice choice =
      request.stay.choose(request, action, route, spills ? *experiment.without_canary : *route.split);
  if (choice.group == Split::kNone) return choice;
  const bool is_by_lot = choice.is_drawn || action.split == config::SplitMode::PerUser;
  begin(choice.group,
        spills      ? Exposure::By::Other
        : is_by_lot ? Exposure::By::Lot
                    : Exposure::By::Cookie,
        request.stay.bucket());
  return choice;
}

void tell_failure(Request& request, Fault fault) {
  const FaultRow& row = row_of(fault);
  if (row.side != Side::Client) {  // an arm that is full, or has no target, fails its users too
    request.exposure.failed(row.symptom, row.status);
  } else if (request.record.sent_to_target != observe::kUnset) {
    request.exposure.left(request.context.loop.now().time - request.record.sent_to_target);
  }
}

}  // namespace kanaria::proxy
