#include "kanaria/targets/ejection.hpp"

#include <algorithm>

namespace kanaria::targets {

using Phase = Ejection::Phase;

/// One look at one group.
class EjectionJudge {
 public:
  EjectionJudge(std::span<Judged> group, const config::PassiveHealth& policy, Time now)
      : group_(group), policy_(policy), now_(now) {}

  void judge() {
    for (Judged& target : group_) {
      if (policy_.enabled) {
        follow(target);
      } else {
        forget(target);
      }
    }
    keep_bounds();
    eject_failing();
  }

 private:
  // One target's own way, whatever the others do.
  void follow(Judged& target) const {
    Ejection& ejection = *target.ejection;
    switch (ejection.phase_) {
      case Phase::In:
        target.reset_failures = !target.is_usable && target.consecutive_failures > 0;
        if (ejection.times_ > 0 && now_ - ejection.since_ >= lasts(ejection.times_)) {
          --ejection.times_;
          ejection.since_ = now_;
        }
        return;
      case Phase::Out:
        if (now_ < ejection.until_) return;
        enter(target, Phase::Probing, Probe::Offered);
        break;
      case Phase::Probing: break;
    }
    const bool untried = target.probe != Probe::Taken && now_ - ejection.since_ >= policy_.ejection_time;
    if (target.probe == Probe::Failed && target.is_usable) {
      eject(target);
    } else if (target.probe == Probe::Succeeded || !target.is_usable || untried) {
      bring_back(target);
    }
  }

  void forget(Judged& target) const {
    if (target.ejection->phase_ != Phase::In) bring_back(target);
    target.ejection->times_ = 0;
    target.reset_failures = target.reset_failures || target.consecutive_failures > 0;
  }

  // What a reload took from the group, or health checks from those that serve, breaks them.
  void keep_bounds() {
    for (const Judged& target : group_) {
      if (target.ejection->phase_ != Phase::In) ++ejected_;
      if (is_serving(target)) ++serving_;
    }
    while (ejected_ > allowed()) let_return([](const Judged&) { return true; });
    if (serving_ == 0) let_return([](const Judged& target) { return target.is_usable; });
  }

  void eject_failing() {
    for (Judged& target : group_) {
      if (ejected_ >= allowed() || serving_ <= 1) return;
      const bool fails = target.consecutive_failures >= static_cast<std::uint32_t>(policy_.failures);
      if (!fails || target.reset_failures || !is_serving(target)) continue;
      eject(target);
      ++ejected_;
      --serving_;
    }
  }

  // Of those ejected that are `wanted`, the one whose ejection ends first; none if there is none.
  template <class Wanted>
  void let_return(Wanted wanted) {
    Judged* first = nullptr;
    for (Judged& target : group_) {
      if (target.ejection->phase_ == Phase::In || !wanted(target)) continue;
      if (first == nullptr || target.ejection->until_ < first->ejection->until_) first = &target;
    }
    if (first == nullptr) return;
    bring_back(*first);
    --ejected_;
    if (first->is_usable) ++serving_;
  }

  void eject(Judged& target) const {
    Ejection& ejection = *target.ejection;
    if (lasts(ejection.times_) < longest()) ++ejection.times_;
    ejection.until_ = now_ + lasts(ejection.times_);
    enter(target, Phase::Out, Probe::None);
    target.ejected_now = true;
  }

  void bring_back(Judged& target) const {
    enter(target, Phase::In, Probe::None);
    target.ejected_now = false;
  }

  void enter(Judged& target, Phase phase, Probe probe) const {
    target.ejection->phase_ = phase;
    target.ejection->since_ = now_;
    target.probe = probe;
    target.reset_failures = true;
  }

  static bool is_serving(const Judged& target) { return target.is_usable && target.ejection->phase_ == Phase::In; }

  std::size_t allowed() const {
    if (policy_.max_ejected_percent == 0) return 0;
    return std::max<std::size_t>(1, group_.size() * static_cast<std::size_t>(policy_.max_ejected_percent) / 100);
  }

  Milliseconds lasts(unsigned times) const { return std::min(policy_.ejection_time * times, longest()); }
  Milliseconds longest() const { return std::max(policy_.ejection_time, kLongestEjection); }

  std::span<Judged> group_;
  const config::PassiveHealth& policy_;
  Time now_;
  std::size_t ejected_ = 0;
  std::size_t serving_ = 0;
};

void judge_ejections(std::span<Judged> group, const config::PassiveHealth& policy, Time now) {
  EjectionJudge(group, policy, now).judge();
}

}  // namespace kanaria::targets
