// What rollouts say of the weights of the rules that they own: above the file and above what was set by hand. Values
// and pure functions; any thread.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "kanaria/config/model.hpp"
#include "kanaria/evidence/trial.hpp"

namespace kanaria::runtime {

struct RolloutShare {
  std::string rollout;  // its name
  std::string stable;   // target groups, by the role that they have now
  std::string canary;
  /// Of the canary; none: the rollout is at rest and owns nothing, but the roles were swapped, and the file's weights
  /// are read by them.
  std::optional<config::Basis> weight;
  bool matches = false;                    // its `match` is in force
  double tolerance = 1;                    // of the coin
  std::shared_ptr<evidence::Trial> trial;  // null: there is none, for the canary has nothing
  friend bool operator==(const RolloutShare&, const RolloutShare&) = default;
};

/// By LISTENER/RULE.
using RolloutShares = std::map<std::string, RolloutShare>;

/// The file's model with the weights of swapped groups exchanged; the file's itself if there are none.
std::shared_ptr<const config::Model> read_by_role(const RolloutShares& shares,
                                                  const std::shared_ptr<const config::Model>& file);

/// The model with the weights that rollouts set; itself if there are none.
std::shared_ptr<const config::Model> with_shares(const RolloutShares& shares,
                                                 const std::shared_ptr<const config::Model>& model);

/// The weights of stable and canary in small numbers: 90 and 10 of 10 %, 199 and 1 of 0.5 %.
std::pair<int, int> weights_of(config::Basis canary);

}  // namespace kanaria::runtime
