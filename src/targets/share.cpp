#include "kanaria/targets/share.hpp"

#include <algorithm>
#include <cmath>

namespace kanaria::targets {
namespace {

constexpr Share kLeastShare = kFullShare / 100;
constexpr std::size_t kFewestPeers = 3;
constexpr int kLooksToBeAnomalous = 2;
constexpr int kLooksToBeNormal = 3;
constexpr std::uint64_t kFewestFailures = 5;
constexpr double kStandardErrors = 3;

// Requests and failures are other threads' counters, read one after the other: the second may be ahead.
Observed plausible(const Observed& read) {
  return {read.requests, std::min(read.failures, read.requests)};
}

// What a target would have failed at the others' rate.
double expected_failures(const Observed& target, const Observed& others) {
  return static_cast<double>(target.requests) * static_cast<double>(others.failures) /
         static_cast<double>(others.requests);
}

// One failure more than twice the expected ones: where less than one is expected, a single failure says nothing.
bool fails_more_often(const Observed& target, const Observed& others) {
  if (others.requests == 0) return false;
  return static_cast<double>(target.failures) > 2 * expected_failures(target, others) + 1;
}

// The one-sided two-proportion z-test.
bool fails_significantly_more_often(const Observed& target, const Observed& others) {
  if (target.failures < kFewestFailures || !fails_more_often(target, others)) return false;
  const auto n = static_cast<double>(target.requests);
  const auto m = static_cast<double>(others.requests);
  const double difference = static_cast<double>(target.failures) / n - static_cast<double>(others.failures) / m;
  const double rate = static_cast<double>(target.failures + others.failures) / (n + m);
  return difference > kStandardErrors * std::sqrt(rate * (1 - rate) * (1 / n + 1 / m));
}

}  // namespace

/// One look at one target.
class AnomalyJudge {
 public:
  static void judge(Mitigation& target, const Observed& own, const Observed& others) {
    if (target.anomalous_) {
      count(target, !fails_more_often(own, others), kLooksToBeNormal);
    } else if (target.share_ < kFullShare) {
      count(target, fails_more_often(own, others), 1);
    } else {
      count(target, fails_significantly_more_often(own, others), kLooksToBeAnomalous);
    }
  }

  static void acquit(Mitigation& target) {
    target.anomalous_ = false;
    target.in_a_row_ = 0;
  }

  static void set_share(Mitigation& target, bool mitigate) {
    if (!mitigate) {
      target.share_ = kFullShare;
    } else if (target.anomalous_) {
      target.share_ = std::max(target.share_ / 2, kLeastShare);
    } else {
      target.share_ = std::min(target.share_ * 2, kFullShare);
    }
  }

 private:
  // Hysteresis: a verdict falls when so many looks in a row speak against it.
  static void count(Mitigation& target, bool against, int enough) {
    target.in_a_row_ = against ? target.in_a_row_ + 1 : 0;
    if (target.in_a_row_ < enough) return;
    target.anomalous_ = !target.anomalous_;
    target.in_a_row_ = 0;
  }
};

Share slow_start_share(Duration since_healthy, Milliseconds duration) {
  const Duration since = std::max(since_healthy, Duration::zero());
  if (since >= duration) return kFullShare;
  return std::max<Share>(1, static_cast<Share>(since * kFullShare / Duration{duration}));
}

void judge_anomalies(std::span<const Suspect> group, bool mitigate) {
  std::size_t healthy = 0;
  Observed all;
  for (const Suspect& target : group) {
    if (!target.is_healthy) continue;
    const Observed own = plausible(target.since_last_look);
    ++healthy;
    all.requests += own.requests;
    all.failures += own.failures;
  }
  for (const Suspect& target : group) {
    Mitigation& mitigation = *target.mitigation;
    if (!target.is_healthy) {
      mitigation = {};
      continue;
    }
    const Observed own = plausible(target.since_last_look);
    if (healthy >= kFewestPeers) {
      AnomalyJudge::judge(mitigation, own, {all.requests - own.requests, all.failures - own.failures});
    } else {
      AnomalyJudge::acquit(mitigation);
    }
    AnomalyJudge::set_share(mitigation, mitigate);
  }
}

}  // namespace kanaria::targets
