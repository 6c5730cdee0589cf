// A target in use by one try of one request: in flight until it dies, and how the try went told to passive health. On
// its worker's thread, in the frame of the try.
#pragma once

#include "kanaria/base/fault_table.hpp"
#include "kanaria/observe/counters.hpp"
#include "kanaria/targets/balancer.hpp"

namespace kanaria::proxy {

class TargetLease {
 public:
  TargetLease(observe::Counters& counters, const targets::Group& group, const targets::Pick& pick)
      : group_(group), pick_(pick), row_(counters.target(pick.target->row)) {
    row_.in_flight.add();
    if (!group_.counts_in_flight()) return;
    // Sequentially consistent, as the line's size is: whoever waits sees this place free, or its leaving sees who
    // waits.
    const std::uint32_t before = state().in_flight.fetch_add(1);
    has_room_ = !group_.max_connections || before < *group_.max_connections;
  }
  TargetLease(const TargetLease&) = delete;
  TargetLease& operator=(const TargetLease&) = delete;
  ~TargetLease() {
    row_.in_flight.subtract();
    if (group_.counts_in_flight()) {
      state().in_flight.fetch_sub(1);
      if (group_.max_connections) group_.state->line->give_room();
    }
    if (pick_.is_probe) note(told_);
  }

  const targets::Group& group() const { return group_; }
  const targets::Target& target() const { return *pick_.target; }
  /// False: another worker took the last place since the pick; it can't be used.
  bool has_room() const { return has_room_; }
  void begins() { row_.requests.add(); }

  /// The head of its answer is here: a probe need not wait for a body that may take hours.
  void answers() {
    if (pick_.is_probe) note(told_ = targets::Probe::Succeeded);
  }
  /// How the try went. `status`: of its answer, 0: none came.
  void tell(Fault fault, std::uint16_t status) {
    const FaultRow& row = row_of(fault);
    const bool failed = row.side == Side::Target;
    if (failed || status >= 500) row_.failures.add();
    if (counts(row.symptom)) {
      state().failures.fetch_add(1, std::memory_order_relaxed);
    } else if (status != 0 && !failed) {
      // Read first: it is shared by all workers, and almost always 0.
      if (state().failures.load(std::memory_order_relaxed) != 0) state().failures.store(0, std::memory_order_relaxed);
    }
    if (failed) {
      told_ = targets::Probe::Failed;
    } else if (status != 0) {
      told_ = targets::Probe::Succeeded;
    }
  }

 private:
  targets::TargetState& state() const { return *pick_.target->state; }
  bool counts(Symptom symptom) const {
    const config::PassiveHealth& policy = group_.passive_health;
    switch (symptom) {
      case Symptom::None: return false;
      case Symptom::ConnectFailure: return policy.connect_failure;
      case Symptom::Reset: return policy.reset;
      case Symptom::Timeout: return policy.timeout;
    }
    return false;
  }
  /// Unless control has given up this probe meanwhile.
  void note(targets::Probe outcome) {
    targets::Probe taken = targets::Probe::Taken;
    state().probe.compare_exchange_strong(taken, outcome, std::memory_order_release, std::memory_order_relaxed);
  }

  const targets::Group& group_;
  targets::Pick pick_;
  observe::TargetRow& row_;
  bool has_room_ = true;
  targets::Probe told_ = targets::Probe::Offered;  // nothing was learnt: the next request may try
};

}  // namespace kanaria::proxy
