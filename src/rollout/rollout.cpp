#include "kanaria/rollout/rollout.hpp"

#include <algorithm>

#include "judge.hpp"

namespace kanaria::rollout {

std::optional<runtime::RolloutShare> Standing::share() const {
  if (!state.owns_rule() && !state.is_swapped) return std::nullopt;
  runtime::RolloutShare share;
  share.rollout = written.name;
  share.stable = stable_of(written, state);
  share.canary = canary_of(written, state);
  if (!state.owns_rule()) return share;
  share.weight = state.weight;
  // Without a trial the canary gets nothing on any way: neither by `match` nor because stable fails.
  const bool waits = state.reason == Reason::NewRevision || state.reason == Reason::StateLost;
  if (state.phase == Phase::Degraded || waits) return share;
  share.trial = trial;
  share.matches = true;
  share.tolerance = written.analysis.tolerance;
  return share;
}

Rollout::Rollout(Standing standing, std::size_t workers, bool once_a_user)
    : standing_(std::move(standing)), workers_(workers) {
  if (!standing_.trial) standing_.trial = make_trial(standing_.written, standing_.state, once_a_user);
  measured_.resize(standing_.written.analysis.metrics.size());
}

std::shared_ptr<evidence::Trial> Rollout::make_trial(const config::Rollout& written, const State& state,
                                                     bool once_a_user) const {
  return std::make_shared<evidence::Trial>(plan_of(written.analysis, state.halvings, once_a_user), workers_);
}

Standing Rollout::with(config::Rollout written, State state, bool once_a_user) const {
  Standing next{std::move(written), std::move(state), standing_.trial};
  const bool begins_anew = next.state.epoch != standing_.state.epoch;
  const bool acts_otherwise = next.written.analysis.dry_run != standing_.written.analysis.dry_run ||
                              standing_.trial->plan().once_a_user != once_a_user;
  if (!begins_anew && !acts_otherwise) return next;
  next.trial = make_trial(next.written, next.state, once_a_user);
  // An abort may wait for the reload that edits the metrics; where nobody wants it closed, the next look opens it.
  if (!standing_.trial->is_open()) next.trial->close();
  if (!begins_anew) next.trial->restore(standing_.trial->keep());
  return next;
}

void Rollout::become(Standing standing) {
  const bool begins_anew = standing.state.epoch != standing_.state.epoch;
  const bool has_other_weight =
      standing.state.weight_since != standing_.state.weight_since || standing.state.weight != standing_.state.weight;
  standing_ = std::move(standing);
  if (begins_anew) {
    since_ = {};
    would_.reset();
    measured_.assign(standing_.written.analysis.metrics.size(), Measured());
    unhealthy_since_.reset();
  }
  measured_.resize(standing_.written.analysis.metrics.size());
  // What was taken back keeps the numbers that it was taken back for.
  if (has_other_weight && standing_.state.phase != Phase::Degraded) {
    since_.weight = standing_.trial->merge();
    since_.warm = since_.weight.latencies;
    facts_.canary_requests = 0;
  }
  facts_.against.reset();
  facts_.incident.reset();
}

const Facts& Rollout::look(WallTime now, bool canary_is_healthy) {
  const State& state = standing_.state;
  facts_ = {};
  const evidence::Totals& totals = standing_.trial->look();
  if (!state.is_exposed()) {
    unhealthy_since_.reset();
    return facts_;
  }
  const bool cold = is_cold(standing_, now);
  standing_.trial->judge_latency(!cold);
  if (cold) since_.warm = totals.latencies;
  if (canary_is_healthy) {
    unhealthy_since_.reset();
  } else if (!unhealthy_since_) {
    unhealthy_since_ = now;
  }
  facts_.unhealthy_since = unhealthy_since_;
  constexpr auto kCanary = static_cast<std::size_t>(evidence::Arm::Canary);
  facts_.canary_requests = grown(since_.weight.requests[kCanary], totals.requests[kCanary]);
  Judgement judgement = judge(standing_, totals, since_, measured_, now);
  if (standing_.written.analysis.dry_run) {
    would_ = std::move(judgement.against);
    return facts_;
  }
  facts_.against = std::move(judgement.against);
  facts_.incident = std::move(judgement.incident);
  return facts_;
}

Kept Rollout::keep() const {
  Kept kept{standing_.trial->keep(), since_.weight, {}};
  for (const Measured& measured : measured_) kept.failures.push_back(measured.failures);
  return kept;
}

void Rollout::restore(const Kept& kept) {
  standing_.trial->restore(kept.trial);
  since_.weight = kept.base;
  since_.weight.latencies = since_.warm = kept.trial.totals.latencies;  // quantiles are of what comes now
  for (std::size_t i = 0; i < std::min(kept.failures.size(), measured_.size()); ++i)
    measured_[i].failures = kept.failures[i];
}

}  // namespace kanaria::rollout
