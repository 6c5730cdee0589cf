// A target's health by its health checks: ALB's states and reasons (alb.md §5). A pure state machine: it is told how
// checks went, and knows no clock and no socket.
//
//               one success                    unhealthy_threshold failures in a row
//   initial ----------------> healthy  ------------------------------------------> unhealthy
//      |                          ^                                                    |
//      | unhealthy_threshold      '----------------------------------------------------'
//      v failures in a row                 healthy_threshold successes in a row
//   unhealthy
//
// Without health checks a target is `unavailable` and takes traffic. When a reload switches them on it still is, and
// leaves by the ways of `initial`: were it `initial` as if it were new, it would lose its traffic for a verdict that
// nobody has given yet, and the first target of a large group to pass its check would be given all of it.
//
// `draining` and `unused` are no matter of checks: the target table says so of a target that leaves, or that no rule
// reaches.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "kanaria/config/target_group.hpp"

namespace kanaria::targets {

enum class HealthState : std::uint8_t { Initial, Healthy, Unhealthy, Unused, Draining, Unavailable };
inline constexpr std::size_t kHealthStates = 6;

enum class HealthReason : std::uint8_t {
  None,
  RegistrationInProgress,    // Elb.RegistrationInProgress
  InitialHealthChecking,     // Elb.InitialHealthChecking
  ResponseCodeMismatch,      // Target.ResponseCodeMismatch
  Timeout,                   // Target.Timeout
  FailedHealthChecks,        // Target.FailedHealthChecks
  InternalError,             // Elb.InternalError
  NotRegistered,             // Target.NotRegistered
  NotInUse,                  // Target.NotInUse
  DeregistrationInProgress,  // Target.DeregistrationInProgress
  HealthCheckDisabled,       // Target.HealthCheckDisabled
};

/// "healthy"
std::string_view name_of(HealthState state);
/// "Target.Timeout"; empty for None.
std::string_view code_of(HealthReason reason);
/// ALB's words, as "Health checks failed with these codes: [503]"; empty for None.
std::string description_of(HealthReason reason, std::uint16_t status);

/// How one check went.
struct CheckResult {
  HealthReason failed = HealthReason::None;  // None: it succeeded
  std::uint16_t status = 0;                  // of the answer, if one came
};

class Health {
 public:
  /// Of a new target.
  explicit Health(bool checked = true);

  /// True: the state changed. A result that comes after checks were switched off is ignored.
  bool on_check(const CheckResult& result, const config::HealthCheck& thresholds);
  /// A reload switched checks on or off, or didn't. True: the state changed.
  bool set_checked(bool checked);

  HealthState state() const { return state_; }
  /// Unhealthy: how the last failed check failed.
  HealthReason reason() const { return reason_; }
  /// Of the answer to the check that reason() tells of; 0: there was none.
  std::uint16_t status() const { return status_; }
  bool is_checked() const { return reason_ != HealthReason::HealthCheckDisabled; }
  /// Takes traffic: healthy, or never judged.
  bool is_usable() const { return state_ == HealthState::Healthy || state_ == HealthState::Unavailable; }

 private:
  bool on_success(const config::HealthCheck& thresholds);
  bool on_failure(const CheckResult& result, const config::HealthCheck& thresholds);
  void enter(HealthState state, HealthReason reason);

  HealthState state_;
  HealthReason reason_;
  std::uint16_t status_ = 0;
  int in_a_row_ = 0;  // checks against the present state
};

}  // namespace kanaria::targets
