#include "kanaria/targets/health.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace kanaria::targets {
namespace {

constexpr CheckResult kSuccess{HealthReason::None, 200};
constexpr CheckResult kMismatch{HealthReason::ResponseCodeMismatch, 503};
constexpr CheckResult kTimeout{HealthReason::Timeout, 0};
constexpr CheckResult kRefused{HealthReason::FailedHealthChecks, 0};

config::HealthCheck thresholds(int healthy, int unhealthy) {
  config::HealthCheck check;
  check.healthy_threshold = healthy;
  check.unhealthy_threshold = unhealthy;
  return check;
}

// What happens to a target, a letter each: + a check succeeds, 5 answers 503, T times out, R is refused, . is switched
// off, : is switched on. The answer to each is the state that it is in then, in upper case where the state changed.
char tell(Health& health, char event, const config::HealthCheck& check) {
  bool changed = false;
  switch (event) {
    case '+': changed = health.on_check(kSuccess, check); break;
    case '5': changed = health.on_check(kMismatch, check); break;
    case 'T': changed = health.on_check(kTimeout, check); break;
    case 'R': changed = health.on_check(kRefused, check); break;
    case '.': changed = health.set_checked(false); break;
    case ':': changed = health.set_checked(true); break;
    default: ADD_FAILURE() << "no event: " << event;
  }
  constexpr std::string_view kLetters = "ihu??a";
  const char letter = kLetters[static_cast<std::size_t>(health.state())];
  return changed ? static_cast<char>(letter - 'a' + 'A') : letter;
}

struct Case {
  std::string description;
  std::string events;
  std::string states;  // initial, healthy, unhealthy, unAvailable: by their letters
  std::string code;    // in the end
  std::string words;
};

// Two successes make an unhealthy target healthy, three failures a healthy one unhealthy.
const std::vector<Case> kOfANewTarget{
    {"not checked yet", "", "", "Elb.InitialHealthChecking", "Initial health checks in progress"},
    {"one success is enough for a new target", "+", "H", "", ""},
    {"a new target may fail twice", "55+", "iiH", "", ""},
    {"while it does, its reason is that it is new", "5T", "ii", "Elb.InitialHealthChecking",
     "Initial health checks in progress"},
    {"three failures make a new target unhealthy", "555", "iiU", "Target.ResponseCodeMismatch",
     "Health checks failed with these codes: [503]"},
    {"one that was unhealthy has to prove itself", "555++", "iiUuH", "", ""},
    {"with successes in a row", "555+5++", "iiUuuuH", "", ""},
    {"a healthy target may fail twice", "+55+55+", "Hhhhhhh", "", ""},
    {"a third time in a row it may not", "+555", "HhhU", "Target.ResponseCodeMismatch",
     "Health checks failed with these codes: [503]"},
    {"failures of different kinds are failures", "+5TR", "HhhU", "Target.FailedHealthChecks", "Health checks failed"},
    {"healthy again, it may again fail twice", "+555++55+", "HhhUuHhhh", "", ""},
    {"the latest reason is shown", "+555T", "HhhUu", "Target.Timeout", "Request timed out"},
    {"and stays while it recovers", "+555T+", "HhhUuu", "Target.Timeout", "Request timed out"},
    {"another switching on is none", ":+::", "iHhh", "", ""},
    {"switched off while new", ".", "A", "Target.HealthCheckDisabled", "Health checks are disabled"},
    {"switched off while unhealthy", "555.", "iiUA", "Target.HealthCheckDisabled", "Health checks are disabled"},
    {"switched off, results are ignored", "+.5555+", "HAaaaaa", "Target.HealthCheckDisabled",
     "Health checks are disabled"},
    {"on again it keeps its traffic until it is judged", "+.:55", "HAaaa", "Elb.InitialHealthChecking",
     "Initial health checks in progress"},
    {"judged healthy by one success", "+.:55+", "HAaaaH", "", ""},
    {"judged unhealthy by three failures", "+.:555", "HAaaaU", "Target.ResponseCodeMismatch",
     "Health checks failed with these codes: [503]"},
    {"failures before the switch don't count", "+55.:5", "HhhAaa", "Elb.InitialHealthChecking",
     "Initial health checks in progress"},
};

const std::vector<Case> kOfAnUncheckedTarget{
    {"never checked", "", "", "Target.HealthCheckDisabled", "Health checks are disabled"},
    {"off, and still off", ".", "a", "Target.HealthCheckDisabled", "Health checks are disabled"},
    {"no result matters", "555+", "aaaa", "Target.HealthCheckDisabled", "Health checks are disabled"},
    {"switched on and healthy", ":+", "aH", "", ""},
    {"switched on and unhealthy", ":RRR", "aaaU", "Target.FailedHealthChecks", "Health checks failed"},
};

void expect(const Health& health, const std::vector<Case>& cases) {
  for (const Case& c : cases) {
    Health of = health;
    std::string states;
    for (const char event : c.events) states += tell(of, event, thresholds(2, 3));
    EXPECT_EQ(states, c.states) << c.description;
    EXPECT_EQ(code_of(of.reason()), c.code) << c.description;
    EXPECT_EQ(description_of(of.reason(), of.status()), c.words) << c.description;
  }
}

TEST(HealthTest, OfANewTarget) {
  expect(Health{}, kOfANewTarget);
}

TEST(HealthTest, OfAnUncheckedTarget) {
  expect(Health{false}, kOfAnUncheckedTarget);
}

TEST(HealthTest, TakesTrafficWhenHealthyOrNeverJudged) {
  const config::HealthCheck check = thresholds(2, 2);
  Health health;
  EXPECT_FALSE(health.is_usable());
  health.on_check(kSuccess, check);
  EXPECT_TRUE(health.is_usable());
  health.on_check(kTimeout, check);
  EXPECT_TRUE(health.is_usable());
  health.on_check(kTimeout, check);
  EXPECT_FALSE(health.is_usable());
  health.set_checked(false);
  EXPECT_TRUE(health.is_usable());
  health.set_checked(true);
  EXPECT_TRUE(health.is_usable());
}

TEST(HealthTest, AThresholdThatAReloadLoweredHoldsAtTheNextCheck) {
  Health health;
  health.on_check(kSuccess, thresholds(2, 10));
  for (int i = 0; i < 5; ++i) EXPECT_FALSE(health.on_check(kTimeout, thresholds(2, 10)));
  EXPECT_TRUE(health.on_check(kTimeout, thresholds(2, 3)));
}

TEST(HealthTest, TheStatusIsThatOfTheLastFailedCheck) {
  const config::HealthCheck check = thresholds(2, 2);
  Health health;
  for (int i = 0; i < 2; ++i) health.on_check({HealthReason::ResponseCodeMismatch, 404}, check);
  EXPECT_EQ(health.status(), 404);
  health.on_check(kMismatch, check);
  EXPECT_EQ(health.status(), 503);
  health.on_check(kSuccess, check);
  EXPECT_EQ(health.status(), 503);
  health.on_check(kTimeout, check);
  EXPECT_EQ(health.status(), 0);
  for (int i = 0; i < 2; ++i) health.on_check(kSuccess, check);
  EXPECT_EQ(health.status(), 0);
}

TEST(HealthTest, NamesAreAlbs) {
  const std::vector<std::pair<HealthState, std::string>> kStates{
      {HealthState::Initial, "initial"}, {HealthState::Healthy, "healthy"},   {HealthState::Unhealthy, "unhealthy"},
      {HealthState::Unused, "unused"},   {HealthState::Draining, "draining"}, {HealthState::Unavailable, "unavailable"},
  };
  for (const auto& [state, name] : kStates) EXPECT_EQ(name_of(state), name);

  struct Reason {
    HealthReason reason;
    std::string code;
    std::string description;
  };
  const std::vector<Reason> kReasons{
      {HealthReason::None, "", ""},
      {HealthReason::RegistrationInProgress, "Elb.RegistrationInProgress", "Target registration is in progress"},
      {HealthReason::InitialHealthChecking, "Elb.InitialHealthChecking", "Initial health checks in progress"},
      {HealthReason::ResponseCodeMismatch, "Target.ResponseCodeMismatch",
       "Health checks failed with these codes: [404]"},
      {HealthReason::Timeout, "Target.Timeout", "Request timed out"},
      {HealthReason::FailedHealthChecks, "Target.FailedHealthChecks", "Health checks failed"},
      {HealthReason::InternalError, "Elb.InternalError", "Health checks failed due to an internal error"},
      {HealthReason::NotRegistered, "Target.NotRegistered", "Target is not registered to the target group"},
      {HealthReason::NotInUse, "Target.NotInUse",
       "Target group is not configured to receive traffic from the load balancer"},
      {HealthReason::DeregistrationInProgress, "Target.DeregistrationInProgress",
       "Target deregistration is in progress"},
      {HealthReason::HealthCheckDisabled, "Target.HealthCheckDisabled", "Health checks are disabled"},
  };
  for (const Reason& r : kReasons) {
    EXPECT_EQ(code_of(r.reason), r.code);
    EXPECT_EQ(description_of(r.reason, 404), r.description);
  }
}

}  // namespace
}  // namespace kanaria::targets
