#include "kanaria/evidence/trial.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace kanaria::evidence {
namespace {

// Stable answers after which requests are held against newer quantiles, and those before which they are held against
// none.
constexpr std::uint64_t kRenewal = 200;
// When so many are remembered, the older ones count half.
constexpr double kMemory = 4000;
constexpr double kForget = 0.5;
// Of how many events a burst is thought to be at least. Errors are believed at once: a dead canary must not wait. The
// slowest of a hundred requests are mostly those of a process that stood still for a moment, all at once.
constexpr double kLeastOfErrors = 1;
constexpr std::array<double, kQuantiles.size()> kLeastOfLatency{1, 2, 10};
// A canary with little traffic is colder in caches and connections: that much slower says nothing of it.
constexpr std::chrono::milliseconds kIndifference{1};

}  // namespace

double Totals::log_latency() const {
  return log_mean(log_evidence(logs[kMostErrorKinds]), log_evidence(logs[kMostErrorKinds + 1]),
                  log_evidence(logs[kMostErrorKinds + 2]));
}

std::pair<std::uint64_t, std::uint64_t> Totals::of_stable(std::size_t process) const {
  constexpr auto kStable = static_cast<std::size_t>(Arm::Stable);
  if (process < kMostErrorKinds) return {bad[process][kStable], requests[kStable]};
  return {slow[process - kMostErrorKinds][kStable], judged[kStable]};
}

Trial::Trial(Plan plan, std::size_t workers)
    : plan_(std::move(plan)), users_(plan_.once_a_user ? kProcesses * kUserWords : 0) {
  for (std::size_t i = 0; i < workers; ++i) cells_.push_back(std::make_unique<Cells>());
  for (std::size_t process = 0; process < kProcesses; ++process) {
    dispersions_.emplace_back(process < kMostErrorKinds ? kLeastOfErrors : kLeastOfLatency[process - kMostErrorKinds]);
    worths_[process].write(dispersions_.back().worth());
  }
  for (auto& threshold : thresholds_) threshold.store(kNoThreshold, std::memory_order_relaxed);
}

bool Trial::is_first(std::size_t process, std::uint32_t user) {
  const std::uint64_t bit = std::uint64_t{1} << user % 64;
  return (users_[process * kUserWords + user / 64].fetch_or(bit, std::memory_order_relaxed) & bit) == 0;
}

double Trial::log_of(const Cells& cells, std::size_t process) const {
  Logs logs{};
  for (std::size_t j = 0; j < kRisks.size(); ++j)
    logs[j] = cells.logs[process][j].read() + cells.others[process][j].read();
  return log_evidence(logs);
}

void Trial::add(Cells& cells, std::size_t process, const Coin& coin, Arm arm, std::optional<std::uint32_t> user) {
  if (plan_.once_a_user && user && !is_first(process, *user)) return;
  const bool is_latency = process >= kMostErrorKinds;
  const std::optional<double>& limit = is_latency ? plan_.latency_limit : plan_.errors[process].limit;
  const Logs& gains = coin.gains[static_cast<std::size_t>(arm)];
  const double worth = worths_[process].read();
  double largest = -std::numeric_limits<double>::infinity();
  for (std::size_t j = 0; j < kRisks.size(); ++j) {
    Sum& own = cells.logs[process][j];
    const double log = own.read() + worth * gains[j];
    own.write(log);
    largest = std::max(largest, log + cells.others[process][j].read());
  }
  // A mean is never above the largest: almost always that is all there is to look at.
  if (arm == Arm::Stable || !limit || largest < *limit || !plan_.closes) return;
  const double log = is_latency ? log_mean(log_of(cells, kMostErrorKinds), log_of(cells, kMostErrorKinds + 1),
                                           log_of(cells, kMostErrorKinds + 2))
                                : log_of(cells, process);
  if (log < *limit || !is_open()) return;
  crossings_.fetch_add(1, std::memory_order_release);
  close();
}

void Trial::open(std::uint64_t crossings) {
  open_.store(true, std::memory_order_release);
  // It closed a moment ago, by sums that `crossings` didn't know: those are still to be looked at.
  if (this->crossings() != crossings) close();
}

const Totals& Trial::merge() {
  Totals now = before_ ? *before_ : Totals();
  std::vector<std::array<Logs, kProcesses>> own(cells_.size());
  for (std::size_t worker = 0; worker < cells_.size(); ++worker) {
    const Cells& cells = *cells_[worker];
    for (std::size_t arm = 0; arm < kArms; ++arm) {
      now.chosen[arm] += cells.chosen[arm].read();
      now.requests[arm] += cells.requests[arm].read();
      now.in_flight[arm] += cells.in_flight[arm].read();
      for (std::size_t kind = 0; kind < kMostErrorKinds; ++kind) now.bad[kind][arm] += cells.bad[kind][arm].read();
      for (std::size_t i = 0; i < kQuantiles.size(); ++i) now.slow[i][arm] += cells.slow[i][arm].read();
      now.judged[arm] += cells.judged[arm].read();
      for (std::size_t bucket = 0; bucket < kLatencyBuckets; ++bucket)
        now.latencies[arm][bucket] += cells.latencies[arm][bucket].read();
    }
    now.matched += cells.matched.read();
    now.spilled += cells.spilled.read();
    for (std::size_t process = 0; process < kProcesses; ++process) {
      for (std::size_t j = 0; j < kRisks.size(); ++j) {
        own[worker][process][j] = cells.logs[process][j].read();
        now.logs[process][j] += own[worker][process][j];
      }
    }
  }
  for (std::size_t i = 0; i < cells_.size(); ++i)
    for (std::size_t process = 0; process < kProcesses; ++process)
      for (std::size_t j = 0; j < kRisks.size(); ++j)
        cells_[i]->others[process][j].write(now.logs[process][j] - own[i][process][j]);
  totals_ = now;
  return totals_;
}

const Totals& Trial::look() {
  merge();
  weigh_bursts();
  renew_thresholds();
  return totals_;
}

void Trial::weigh_bursts() {
  for (std::size_t process = 0; process < kProcesses; ++process) {
    const auto [bad, requests] = totals_.of_stable(process);
    dispersions_[process].look(bad, requests);
    worths_[process].write(dispersions_[process].worth());
  }
}

void Trial::renew_thresholds() {
  const auto& stable = totals_.latencies[static_cast<std::size_t>(Arm::Stable)];
  std::uint64_t fresh = 0;
  for (std::size_t bucket = 0; bucket < kLatencyBuckets; ++bucket) fresh += stable[bucket] - seen_[bucket];
  if (fresh < kRenewal) return;
  double remembered = 0;
  for (std::size_t bucket = 0; bucket < kLatencyBuckets; ++bucket) {
    past_[bucket] += static_cast<double>(stable[bucket] - seen_[bucket]);
    remembered += past_[bucket];
  }
  seen_ = stable;
  for (std::size_t i = 0; i < kQuantiles.size(); ++i)
    thresholds_[i].store(latency_bucket(latency_of(quantile_bucket(past_, kQuantiles[i])) + kIndifference),
                         std::memory_order_relaxed);
  if (remembered > kMemory)
    for (double& count : past_) count *= kForget;
}

std::optional<Duration> Trial::threshold(std::size_t quantile) const {
  const std::uint16_t bucket = thresholds_[quantile].load(std::memory_order_relaxed);
  if (bucket == kNoThreshold) return std::nullopt;
  return latency_of(bucket);
}

Trial::Kept Trial::keep() const {
  Kept kept{totals_, {}};
  kept.totals.in_flight = {};
  for (const auto& word : users_) kept.users.push_back(word.load(std::memory_order_relaxed));
  return kept;
}

void Trial::restore(const Kept& kept) {
  before_ = std::make_unique<const Totals>(kept.totals);
  totals_ = *before_;
  for (std::size_t process = 0; process < kProcesses; ++process) {
    const auto [bad, requests] = totals_.of_stable(process);
    dispersions_[process].begin(bad, requests);
  }
  if (kept.users.size() == users_.size())
    for (std::size_t i = 0; i < users_.size(); ++i) users_[i].store(kept.users[i], std::memory_order_relaxed);
  for (auto& cells : cells_)
    for (std::size_t process = 0; process < kProcesses; ++process)
      for (std::size_t j = 0; j < kRisks.size(); ++j) cells->others[process][j].write(before_->logs[process][j]);
  renew_thresholds();
}

}  // namespace kanaria::evidence
