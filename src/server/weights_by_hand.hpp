// Weights set by hand, between the admin API and the store; ends those whose time is over. On control's thread.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "kanaria/net/loop.hpp"
#include "kanaria/runtime/store.hpp"
#include "kanaria/server/reports.hpp"
#include "kanaria/targets/target_table.hpp"

namespace kanaria::server {

/// Targets that are to take traffic, and how many of them are fit for it, by target group.
struct TargetCounts {
  std::size_t targets = 0;
  std::size_t healthy = 0;
};
using GroupHealth = std::map<std::string, TargetCounts>;
GroupHealth health_of(const std::vector<targets::TargetTable::GroupReport>& reports);

class WeightsByHand final : private net::Wheel::Entry {
 public:
  WeightsByHand(net::Loop& control, runtime::Store& store, const targets::TargetTable& table)
      : control_(control), store_(store), table_(table) {}

  /// Carries it out, and has a line in the log for it whatever comes of it. `change` must live until it returns.
  net::Awaitable<WeightsChanged> change(const runtime::WeightChange& change);
  /// Without traffic. None: `fault` says what there is none of.
  std::optional<RuleWeights> report(const std::string& listener, const std::string& rule, const GroupHealth& health,
                                    runtime::OverrideFault& fault) const;
  /// The same of a rule that is at hand, as it runs and as the file has it; both forward.
  RuleWeights report(const std::string& listener, const config::Rule& running, const config::Rule& written,
                     const GroupHealth& health) const;
  /// What is set by hand has changed: by a start or a reload.
  void changed() { wait_for_the_next(); }

 private:
  void expire() override;
  net::Awaitable<void> end_expired();
  void wait_for_the_next();

  net::Loop& control_;
  runtime::Store& store_;
  const targets::TargetTable& table_;
};

}  // namespace kanaria::server
