#include "judge.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <numeric>

namespace kanaria::rollout {
namespace {

using evidence::Arm;
using evidence::Totals;
using Latencies = std::array<std::uint64_t, evidence::kLatencyBuckets>;

constexpr auto kStable = static_cast<std::size_t>(Arm::Stable);
constexpr auto kCanary = static_cast<std::size_t>(Arm::Canary);

bool gives_evidence(const config::RolloutMetric& metric) {
  return !std::holds_alternative<config::Threshold>(metric.of);
}

/// ln of the evidence at which a metric takes the canary back: they share the rate.
double limit_of(const config::RolloutAnalysis& analysis, unsigned halvings) {
  const auto metrics = std::ranges::count_if(analysis.metrics, gives_evidence);
  return std::log(static_cast<double>(std::max<std::ptrdiff_t>(metrics, 1)) / analysis.false_rollback_rate) +
         halvings * std::log(2.0);
}

evidence::Bad bad_of(const config::BadAnswers& written) {
  evidence::Bad bad{{}, written.connect_error, written.timeout, written.reset};
  for (std::size_t status = 100; status < bad.statuses.size(); ++status)
    bad.statuses[status] = written.matcher.matches(static_cast<std::uint16_t>(status));
  return bad;
}

std::string number(double value, const char* format) {
  char text[32];
  std::snprintf(text, sizeof text, format, value);
  return text;
}

std::string percent(double share) {
  return number(100 * share, "%.2f%%");
}

double rate(std::uint64_t bad, std::uint64_t requests) {
  return requests == 0 ? 0 : static_cast<double>(bad) / static_cast<double>(requests);
}

std::uint64_t count(const Latencies& latencies) {
  return std::accumulate(latencies.begin(), latencies.end(), std::uint64_t{0});
}

std::uint64_t slower_than(const Latencies& latencies, Duration limit) {
  return std::accumulate(latencies.begin() + evidence::latency_bucket(limit) + 1, latencies.end(), std::uint64_t{0});
}

double seconds(Duration length) {
  return std::chrono::duration<double>(length).count();
}

/// ln of the evidence at which a limit counts as passed. Each weight is looked at anew, and all of a rollout share the
/// rate: 7/8 of it the weights that the steps set and that of the bake, the rest what people add to them, the first
/// half of that, the next ones a sixth, a twelfth, ...: however many there are, that adds up to no more.
double limits_log(const Standing& standing) {
  const auto& steps = standing.written.steps;
  const auto planned = 1 + std::ranges::count_if(steps, [](const config::RolloutStep& step) {
                         return std::holds_alternative<config::SetWeight>(step.of);
                       });
  const auto limits = std::ranges::count_if(standing.written.analysis.metrics, [](const config::RolloutMetric& metric) {
    const auto* const errors = std::get_if<config::ErrorRate>(&metric.of);
    const auto* const latency = std::get_if<config::Latency>(&metric.of);
    return (errors != nullptr && errors->slo_max) || (latency != nullptr && latency->slo_p99_max);
  });
  const auto more = static_cast<double>(standing.state.weights) - static_cast<double>(planned);
  const double share = more <= 0 ? 7.0 / 8 / static_cast<double>(planned) : 1.0 / 8 / (more * (more + 1));
  return std::log(static_cast<double>(limits) / (share * standing.written.analysis.false_rollback_rate));
}

struct Counts {
  std::uint64_t bad;
  std::uint64_t requests;
};

class Judge {
 public:
  Judge(const Standing& standing, const Totals& now, const Since& since, std::vector<Measured>& measured, WallTime when)
      : standing_(standing),
        analysis_(standing.written.analysis),
        now_(now),
        base_(since.weight),
        measured_(measured),
        when_(when),
        limit_(limit_of(analysis_, standing.state.halvings)) {
    for (std::size_t arm = 0; arm < evidence::kArms; ++arm) {
      requests_[arm] = grown(base_.requests[arm], now.requests[arm]);
      latencies_[arm] = grown(since.warm[arm], now.latencies[arm]);
    }
  }

  Judgement run() {
    for (std::size_t i = 0; i < analysis_.metrics.size(); ++i) {
      MetricReport& report = made_.metrics.emplace_back();
      report.name = analysis_.metrics[i].name;
      if (const auto* const errors = std::get_if<config::ErrorRate>(&analysis_.metrics[i].of)) {
        judge_errors(*errors, i, report);
      } else if (const auto* const latency = std::get_if<config::Latency>(&analysis_.metrics[i].of)) {
        judge_latency(*latency, report);
      } else {
        judge_threshold(std::get<config::Threshold>(analysis_.metrics[i].of), i, report);
      }
    }
    // Where stable is bad too, a canary that is over a limit isn't what is wrong.
    if (made_.incident && made_.against && made_.against->reason == Reason::LimitExceeded) made_.against.reset();
    return std::move(made_);
  }

 private:
  void fail(Reason reason, std::string why) {
    if (!made_.against) made_.against = Facts::Against{reason, std::move(why)};
  }

  void weigh(double log, MetricReport& report) {
    report.evidence = std::exp(log);
    report.limit = std::exp(limit_);
    if (log >= limit_)
      fail(Reason::AnalysisFailed, report.name + ": the canary is worse, " + report.words + " (evidence " +
                                       number(*report.evidence, "%.3g") + " of " + number(report.limit, "%.0f") + ")");
  }

  /// An absolute limit on a rate. Both arms over it: an incident. A request or two of stable's tell nothing, and none
  /// are given to it where the canary has the whole rule: what still ends there was begun before.
  void hold(double limit, const Counts& stable, const Counts& canary, const std::string& what, MetricReport& report) {
    static const double kSurely = std::log(10);
    constexpr std::uint64_t kFew = 10;
    if (evidence::log_evidence_over(limit, canary.bad, canary.requests) < limits_log(standing_)) return;
    report.is_within = false;
    const bool is_stable_over = standing_.state.weight < config::kWholeRule && stable.requests >= kFew &&
                                evidence::log_evidence_over(limit, stable.bad, stable.requests) >= kSurely;
    if (is_stable_over) {
      made_.incident = "stable is over the limit of " + report.name + " as well: " + what;
    } else {
      fail(Reason::LimitExceeded, report.name + " is over its limit: " + what);
    }
  }

  void judge_errors(const config::ErrorRate& errors, std::size_t metric, MetricReport& report) {
    report.type = "error_rate";
    const std::size_t kind = kind_of(analysis_, metric);
    report.bad_stable = now_.bad[kind][kStable];
    report.bad_canary = now_.bad[kind][kCanary];
    const std::uint64_t bad_stable = grown(base_.bad[kind][kStable], report.bad_stable);
    const std::uint64_t bad_canary = grown(base_.bad[kind][kCanary], report.bad_canary);
    const double stable = rate(bad_stable, requests_[kStable]);
    const double canary = rate(bad_canary, requests_[kCanary]);
    if (stable > 0 && canary > 0) {
      report.words = number(canary / stable, "%.1f x the stable rate");
    } else if (bad_canary > 0) {
      report.words = percent(canary) + ", stable none";
    }
    weigh(now_.log_errors(kind), report);
    if (!errors.slo_max) return;
    report.slo = errors.slo_max;
    report.slo_value = canary;
    hold(*errors.slo_max, {bad_stable, requests_[kStable]}, {bad_canary, requests_[kCanary]},
         percent(canary) + " of " + percent(*errors.slo_max), report);
  }

  void judge_latency(const config::Latency& latency, MetricReport& report) {
    report.type = "latency";
    const double stable = p99(kStable);
    const double canary = p99(kCanary);
    report.bad_stable = now_.slow.back()[kStable];
    report.bad_canary = now_.slow.back()[kCanary];
    if (stable > 0 && canary > 0) report.words = "p99 " + number(1000 * (canary - stable), "%+.0f ms");
    weigh(now_.log_latency(), report);
    if (!latency.slo_p99_max) return;
    report.slo = seconds(*latency.slo_p99_max);
    report.slo_value = canary;
    // At most one of a hundred may be slower: a rate like others.
    const auto slow = [&](std::size_t arm) {
      return Counts{slower_than(latencies_[arm], *latency.slo_p99_max), count(latencies_[arm])};
    };
    hold(0.01, slow(kStable), slow(kCanary),
         "p99 " + number(1000 * canary, "%.0f") + " of " + number(1000 * *report.slo, "%.0f ms"), report);
  }

  double p99(std::size_t arm) const {
    return count(latencies_[arm]) == 0
               ? 0
               : seconds(evidence::latency_of(evidence::quantile_bucket(latencies_[arm], 0.99)));
  }

  void judge_threshold(const config::Threshold& threshold, std::size_t metric, MetricReport& report) {
    report.type = "threshold";
    report.limit = threshold.failure_limit;
    Measured& measured = measured_[metric];
    const std::size_t kind = kind_of(analysis_, metric);
    report.bad_stable = now_.bad[kind][kStable];
    report.bad_canary = now_.bad[kind][kCanary];
    if (measured.next == WallTime() || (threshold.max_p99 && is_cold(standing_, when_))) {
      begin(threshold, measured, kind);
    } else if (when_ >= measured.next) {
      measure(threshold, measured, kind);
      begin(threshold, measured, kind);
    }
    report.words = std::to_string(measured.failures) + " failed, " + std::to_string(threshold.failure_limit) + " may";
    if (measured.failures > threshold.failure_limit) fail(Reason::AnalysisFailed, report.name + ": " + report.words);
  }

  void begin(const config::Threshold& threshold, Measured& measured, std::size_t kind) {
    measured.next = when_ + threshold.interval;
    measured.requests = now_.requests[kCanary];
    measured.bad = now_.bad[kind][kCanary];
    if (threshold.max_p99) measured.latencies.assign(now_.latencies[kCanary].begin(), now_.latencies[kCanary].end());
  }

  /// An interval without requests tells nothing.
  void measure(const config::Threshold& threshold, Measured& measured, std::size_t kind) {
    const std::uint64_t requests = grown(measured.requests, now_.requests[kCanary]);
    bool failed = false;
    if (threshold.min_success_rate && requests > 0)
      failed = 1 - rate(grown(measured.bad, now_.bad[kind][kCanary]), requests) < *threshold.min_success_rate;
    Latencies latencies{};
    std::ranges::copy(measured.latencies, latencies.begin());
    latencies = grown(latencies, now_.latencies[kCanary]);
    if (threshold.max_p99 && count(latencies) > 0)
      failed = evidence::latency_of(evidence::quantile_bucket(latencies, 0.99)) > *threshold.max_p99;
    measured.failures += failed ? 1 : 0;
  }

  const Standing& standing_;
  const config::RolloutAnalysis& analysis_;
  const Totals& now_;
  const Totals& base_;
  std::vector<Measured>& measured_;
  WallTime when_;
  double limit_;
  std::array<std::uint64_t, evidence::kArms> requests_{};
  std::array<Latencies, evidence::kArms> latencies_{};
  Judgement made_;
};

}  // namespace

evidence::Plan plan_of(const config::RolloutAnalysis& analysis, unsigned halvings, bool once_a_user) {
  evidence::Plan plan;
  const double limit = limit_of(analysis, halvings);
  for (const config::RolloutMetric& metric : analysis.metrics) {
    if (const auto* const errors = std::get_if<config::ErrorRate>(&metric.of)) {
      plan.errors.push_back({bad_of(errors->bad), limit});
    } else if (std::holds_alternative<config::Latency>(metric.of)) {
      plan.latency_limit = limit;
    }
  }
  // What counts as bad where no metric says it: for thresholds, and to be shown.
  plan.errors.push_back({bad_of({}), std::nullopt});
  plan.once_a_user = once_a_user;
  plan.closes = !analysis.dry_run;
  return plan;
}

std::size_t kind_of(const config::RolloutAnalysis& analysis, std::size_t metric) {
  const auto is_errors = [](const config::RolloutMetric& one) {
    return std::holds_alternative<config::ErrorRate>(one.of);
  };
  const auto end = analysis.metrics.begin() + static_cast<std::ptrdiff_t>(metric);
  const bool is_one = metric < analysis.metrics.size() && is_errors(*end);
  return static_cast<std::size_t>(
      std::count_if(analysis.metrics.begin(), is_one ? end : analysis.metrics.end(), is_errors));
}

Judgement judge(const Standing& standing, const Totals& now, const Since& since, std::vector<Measured>& measured,
                WallTime when) {
  return Judge(standing, now, since, measured, when).run();
}

bool is_cold(const Standing& standing, WallTime when) {
  return when - standing.state.exposed_since < standing.written.analysis.initial_delay;
}

Latencies grown(const Latencies& from, const Latencies& to) {
  Latencies more{};
  for (std::size_t bucket = 0; bucket < more.size(); ++bucket) more[bucket] = grown(from[bucket], to[bucket]);
  return more;
}

}  // namespace kanaria::rollout
