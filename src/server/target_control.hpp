// What control does for targets between reloads: it has them checked, looks at what workers report every 100 ms, and
// ends what outlives a deregistration. On control's thread.
#pragma once

#include <functional>
#include <memory>

#include "kanaria/net/loop.hpp"
#include "kanaria/runtime/snapshot.hpp"
#include "kanaria/targets/health_checker.hpp"
#include "kanaria/targets/target_table.hpp"

namespace kanaria::server {

class TargetControl final : private net::Wheel::Entry {
 public:
  /// Ends what workers still do with a target.
  using Abort = std::function<void(std::shared_ptr<const targets::Target>)>;

  TargetControl(net::Loop& control, observe::Metrics& metrics, Abort abort);

  targets::TargetTable& table() { return table_; }
  const targets::TargetTable& table() const { return table_; }
  /// Before the workers get the snapshot: they must not meet a target that nobody has judged.
  void install(const runtime::Snapshot& snapshot);
  /// After they all have it.
  void settle() { table_.settle(control_.now().time); }
  /// No checks and no looks any more.
  net::Awaitable<void> close();

 private:
  void expire() override;

  net::Loop& control_;
  targets::TargetTable table_;
  Abort abort_;
  targets::HealthChecker checker_;
};

}  // namespace kanaria::server
