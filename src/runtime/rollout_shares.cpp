#include "kanaria/runtime/rollout_shares.hpp"

#include <algorithm>
#include <numeric>
#include <utility>

namespace kanaria::runtime {
namespace {

/// Calls change(share, stable's weighted group, the canary's) for those that `wanted` says, in a copy of the model.
template <class Wanted, class Change>
std::shared_ptr<const config::Model> changed(const RolloutShares& shares,
                                             const std::shared_ptr<const config::Model>& from, Wanted&& wanted,
                                             Change&& change) {
  if (std::ranges::none_of(shares, [&](const auto& share) { return wanted(share.second); })) return from;
  auto model = std::make_shared<config::Model>(*from);
  const auto change_rule = [&](const config::Listener& listener, config::Rule& rule) {
    const auto share = shares.find(listener.name + "/" + rule.name);
    auto* const forward = std::get_if<config::Forward>(&rule.action.of);
    if (share == shares.end() || forward == nullptr || !wanted(share->second)) return;
    const auto group = [&](const std::string& name) {
      return std::ranges::find(forward->target_groups, name, [](const auto& one) { return one.name.value; });
    };
    const auto stable = group(share->second.stable);
    const auto canary = group(share->second.canary);
    if (stable != forward->target_groups.end() && canary != forward->target_groups.end())
      change(share->second, *stable, *canary);
  };
  for (config::Listener& listener : model->listeners) {
    for (config::Rule& rule : listener.rules) change_rule(listener, rule);
    change_rule(listener, listener.default_rule);
  }
  return model;
}

}  // namespace

std::shared_ptr<const config::Model> read_by_role(const RolloutShares& shares,
                                                  const std::shared_ptr<const config::Model>& file) {
  return changed(
      shares, file, [](const RolloutShare& share) { return !share.weight; },
      [](const RolloutShare&, config::WeightedGroup& stable, config::WeightedGroup& canary) {
        std::swap(stable.weight, canary.weight);
      });
}

std::shared_ptr<const config::Model> with_shares(const RolloutShares& shares,
                                                 const std::shared_ptr<const config::Model>& model) {
  return changed(
      shares, model, [](const RolloutShare& share) { return share.weight.has_value(); },
      [](const RolloutShare& share, config::WeightedGroup& stable, config::WeightedGroup& canary) {
        std::tie(stable.weight, canary.weight) = weights_of(*share.weight);
      });
}

std::pair<int, int> weights_of(config::Basis canary) {
  const int stable = config::kWholeRule - canary;
  constexpr int kPercent = config::kWholeRule / 100;
  const int divisor = canary % kPercent == 0 ? kPercent : std::gcd(stable, canary);
  return {stable / divisor, canary / divisor};
}

}  // namespace kanaria::runtime
