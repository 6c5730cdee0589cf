#include "kanaria/targets/health.hpp"

#include <array>
#include <cstddef>

namespace kanaria::targets {
namespace {

constexpr std::array<std::string_view, 6> kStates{"initial", "healthy",  "unhealthy",
                                                  "unused",  "draining", "unavailable"};
static_assert(kStates.size() == static_cast<std::size_t>(HealthState::Unavailable) + 1);

struct ReasonWords {
  std::string_view code;
  std::string_view description;
};

constexpr std::array<ReasonWords, 11> kReasons{{
    {"", ""},
    {"Elb.RegistrationInProgress", "Target registration is in progress"},
    {"Elb.InitialHealthChecking", "Initial health checks in progress"},
    {"Target.ResponseCodeMismatch", "Health checks failed with these codes: "},
    {"Target.Timeout", "Request timed out"},
    {"Target.FailedHealthChecks", "Health checks failed"},
    {"Elb.InternalError", "Health checks failed due to an internal error"},
    {"Target.NotRegistered", "Target is not registered to the target group"},
    {"Target.NotInUse", "Target group is not configured to receive traffic from the load balancer"},
    {"Target.DeregistrationInProgress", "Target deregistration is in progress"},
    {"Target.HealthCheckDisabled", "Health checks are disabled"},
}};
static_assert(kReasons.size() == static_cast<std::size_t>(HealthReason::HealthCheckDisabled) + 1);

const ReasonWords& words_of(HealthReason reason) {
  return kReasons[static_cast<std::size_t>(reason)];
}

}  // namespace

std::string_view name_of(HealthState state) {
  return kStates[static_cast<std::size_t>(state)];
}

std::string_view code_of(HealthReason reason) {
  return words_of(reason).code;
}

std::string description_of(HealthReason reason, std::uint16_t status) {
  std::string words{words_of(reason).description};
  if (reason == HealthReason::ResponseCodeMismatch) words += '[' + std::to_string(status) + ']';
  return words;
}

Health::Health(bool checked)
    : state_(checked ? HealthState::Initial : HealthState::Unavailable),
      reason_(checked ? HealthReason::InitialHealthChecking : HealthReason::HealthCheckDisabled) {}

bool Health::on_check(const CheckResult& result, const config::HealthCheck& thresholds) {
  if (!is_checked()) return false;
  return result.failed == HealthReason::None ? on_success(thresholds) : on_failure(result, thresholds);
}

bool Health::on_success(const config::HealthCheck& thresholds) {
  if (state_ == HealthState::Healthy) {
    in_a_row_ = 0;
    return false;
  }
  // Only who was found unhealthy has to prove itself: a new target is healthy at once.
  if (state_ == HealthState::Unhealthy && ++in_a_row_ < thresholds.healthy_threshold) return false;
  enter(HealthState::Healthy, HealthReason::None);
  return true;
}

bool Health::on_failure(const CheckResult& result, const config::HealthCheck& thresholds) {
  const bool was_unhealthy = state_ == HealthState::Unhealthy;
  if (!was_unhealthy && ++in_a_row_ < thresholds.unhealthy_threshold) return false;
  enter(HealthState::Unhealthy, result.failed);  // again too: successes count from 0, and the latest reason is shown
  status_ = result.status;
  return !was_unhealthy;
}

bool Health::set_checked(bool checked) {
  if (checked == is_checked()) return false;
  const HealthState before = state_;
  enter(HealthState::Unavailable, checked ? HealthReason::InitialHealthChecking : HealthReason::HealthCheckDisabled);
  return state_ != before;
}

void Health::enter(HealthState state, HealthReason reason) {
  state_ = state;
  reason_ = reason;
  status_ = 0;
  in_a_row_ = 0;
}

}  // namespace kanaria::targets
