#include "kanaria/evidence/exposure.hpp"

namespace kanaria::evidence {

void Exposure::begin(Trial& trial, unsigned worker, Arm arm, By by, const Coin& coin,
                     std::optional<std::uint32_t> user) {
  trial_ = &trial;
  worker_ = worker;
  arm_ = arm;
  counts_ = by != By::Other;
  if (by == By::Lot) coin_ = &coin;
  user_ = user;
  is_warm_ = trial.judges_latency_.load(std::memory_order_relaxed);
  cells().in_flight[index()].add();
  if (counts_) cells().chosen[index()].add();
}

void Exposure::count_bad(std::size_t kind) {
  const auto bit = static_cast<std::uint16_t>(1U << kind);
  if ((told_ & bit) != 0) return;
  told_ |= bit;
  cells().bad[kind][index()].add();
  if (coin_ != nullptr) trial_->add(cells(), kind, *coin_, arm_, user_);
}

void Exposure::count_latency(Duration took, bool is_whole) {
  const std::uint16_t bucket = latency_bucket(took);
  if (is_whole) cells().latencies[index()][bucket].add();
  const bool is_evidence = coin_ != nullptr && is_warm_;
  for (std::size_t i = 0; i < kQuantiles.size(); ++i) {
    const std::uint16_t threshold = trial_->thresholds_[i].load(std::memory_order_relaxed);
    if (threshold == Trial::kNoThreshold) return;
    if (i == 0 && is_whole) cells().judged[index()].add();
    if (bucket <= threshold) return;  // they rise
    if (is_whole) cells().slow[i][index()].add();
    if (is_evidence) trial_->add(cells(), kMostErrorKinds + i, *coin_, arm_, user_);
  }
}

void Exposure::answered(std::uint16_t status, Duration took) {
  if (!counts_) return;
  is_answered_ = true;
  cells().requests[index()].add();
  const std::vector<Plan::Errors>& errors = trial_->plan_.errors;
  for (std::size_t kind = 0; kind < errors.size(); ++kind)
    if (status < errors[kind].bad.statuses.size() && errors[kind].bad.statuses[status]) count_bad(kind);
  count_latency(took, true);
}

void Exposure::failed(Symptom symptom, std::uint16_t status) {
  if (!counts_) return;
  counts_ = false;
  if (!is_answered_) cells().requests[index()].add();
  const std::vector<Plan::Errors>& errors = trial_->plan_.errors;
  for (std::size_t kind = 0; kind < errors.size(); ++kind) {
    const Bad& bad = errors[kind].bad;
    const bool is_bad =
        symptom == Symptom::None ? status < bad.statuses.size() && bad.statuses[status] : bad.counts(symptom);
    if (is_bad) count_bad(kind);
  }
}

void Exposure::left(Duration waited) {
  if (!counts_) return;
  counts_ = false;
  // Longer than a quantile already: that much is known. How long it would have taken isn't.
  if (!is_answered_) count_latency(waited, false);
}

}  // namespace kanaria::evidence
