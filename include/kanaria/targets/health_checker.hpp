// Whose health check is due: a new target's within a second (at most 100 first checks a second start), later ones
// every interval, each target at a phase of its own so that checks are spread. On control's loop; costs workers
// nothing. It tells results and keeps none.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "kanaria/net/loop.hpp"
#include "kanaria/targets/health.hpp"
#include "kanaria/targets/target.hpp"

namespace kanaria::targets {

class HealthChecker {
 public:
  struct Subject {
    std::shared_ptr<const Target> target;  // its identity: one that was here before keeps its place in time
    config::HealthCheck settings;          // enabled; changed ones hold for the next check
  };
  static constexpr std::size_t kMostAtOnce = 500;  // checks under way; those that are due meanwhile wait, in order

  /// On control's thread, never from inside a call of ours. It may call set().
  using Told = std::function<void(const std::shared_ptr<const Target>&, const CheckResult&)>;

  HealthChecker(net::Loop& control, Told told);
  ~HealthChecker();  // no check may be under way: close() has ended
  HealthChecker(const HealthChecker&) = delete;
  HealthChecker& operator=(const HealthChecker&) = delete;

  /// These are checked from now on, and no others; a check under way of one that left is told no more. A shorter
  /// interval brings the next check forward.
  void set(std::vector<Subject> subjects);
  /// No check begins any more; those under way end soon, and are told no more.
  net::Awaitable<void> close();

 private:
  class State;
  std::unique_ptr<State> state_;
};

}  // namespace kanaria::targets
