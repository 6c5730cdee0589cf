#include "kanaria/targets/balancer.hpp"

#include <algorithm>

namespace kanaria::targets {
namespace {

constexpr std::size_t kExactScan = 8;  // candidates; with more, the better of two random ones
constexpr int kDraws = 4;              // at random, before all candidates are looked at

std::size_t after(std::size_t place, std::size_t count) {
  return place + 1 == count ? 0 : place + 1;
}

}  // namespace

/// What this request wants of a target.
class Balancer::Wanted {
 public:
  Wanted(const Group& group, const Tried& tried) : bound_(group.max_connections), tried_(tried) {}

  bool allows(const Target* target, const TargetState& state) const {
    if (bound_ && state.in_flight.load(std::memory_order_relaxed) >= *bound_) return false;
    return std::find(tried_.begin(), tried_.end(), target) == tried_.end();
  }
  bool allows(const Candidate& candidate) const { return allows(candidate.target, *candidate.state); }
  /// If it had room.
  bool would_allow_one_of(const std::vector<Candidate>& candidates) const {
    return bound_ && std::ranges::any_of(candidates, [this](const Candidate& candidate) {
             return std::find(tried_.begin(), tried_.end(), candidate.target) == tried_.end();
           });
  }

 private:
  const std::optional<std::uint32_t>& bound_;
  const Tried& tried_;
};

Pick Balancer::pick(const Group& group, const Tried& tried, bool may_probe, std::optional<std::uint64_t> own) {
  if (views_.size() <= group.row) views_.resize(group.row + 1);
  View& view = views_[group.row];
  const std::uint64_t version = group.state->version.load(std::memory_order_acquire);
  if (view.serial != group.serial || view.version != version) make(view, group, version);

  const Wanted wanted(group, tried);
  if (own) {
    const Candidate* const found = find(view, *own);
    if (found != nullptr && wanted.allows(*found)) return {found->target, false, view.fail_open};
  }
  if (may_probe) {
    if (const Target* const target = take_probe(view, wanted)) return {target, true, view.fail_open};
  }
  const Candidate* const chosen = choose(view, group.algorithm, wanted);
  if (chosen != nullptr) return {chosen->target, false, view.fail_open};
  return {nullptr, false, view.fail_open, wanted.would_allow_one_of(view.candidates)};
}

void Balancer::make(View& view, const Group& group, std::uint64_t version) {
  if (!view.candidates.empty()) view.turn = view.candidates[view.place].row;
  view.serial = group.serial;
  view.version = version;
  view.fail_open = group.state->fail_open.load(std::memory_order_relaxed);
  view.candidates.clear();
  view.probes.clear();
  view.largest = view.total = 0;
  std::optional<std::size_t> place;
  for (const auto& target : group.targets) {
    if (target->row == view.turn) place = view.candidates.size();  // itself, or who comes after it
    const TargetState& state = *target->state;
    if (state.probe.load(std::memory_order_relaxed) == Probe::Offered) view.probes.push_back(target.get());
    const Share share = state.share.load(std::memory_order_relaxed);
    if (share == 0) continue;
    view.candidates.push_back({target.get(), &state, target->row, share, 0});
    view.largest = std::max(view.largest, share);
    view.total += share;
  }
  const std::size_t count = view.candidates.size();
  if (!place && count > 0) place = random_.below(count);
  view.place = place.value_or(0) < count ? *place : 0;
  // Lists that are made more often than a small share has its turn would else never let it have one.
  for (Candidate& candidate : view.candidates) candidate.credit = static_cast<Share>(random_.below(view.largest));
  if (group.algorithm == config::Algorithm::WeightedRandom) fill_columns(view);
  view.by_id.clear();
  for (std::uint32_t i = 0; i < count && group.stickiness.enabled; ++i)
    view.by_id.emplace_back(view.candidates[i].target->id, i);
  std::ranges::sort(view.by_id);
}

const Balancer::Candidate* Balancer::find(const View& view, std::uint64_t id) {
  const auto at = std::ranges::lower_bound(view.by_id, id, {}, &std::pair<std::uint64_t, std::uint32_t>::first);
  return at != view.by_id.end() && at->first == id ? &view.candidates[at->second] : nullptr;
}

/// Vose's method, in whole numbers: each column is `total` high and holds two candidates at the most.
void Balancer::fill_columns(View& view) {
  const std::size_t count = view.candidates.size();
  view.columns.resize(count);
  std::vector<std::uint64_t> heights(count);
  std::vector<std::uint32_t> low;
  std::vector<std::uint32_t> high;
  for (std::uint32_t i = 0; i < count; ++i) {
    heights[i] = std::uint64_t{view.candidates[i].share} * count;
    view.columns[i] = {view.total, i};
    (heights[i] < view.total ? low : high).push_back(i);
  }
  while (!low.empty()) {  // then somebody is high, for the mean is `total`
    const std::uint32_t poor = low.back();
    const std::uint32_t rich = high.back();
    low.pop_back();
    view.columns[poor] = {static_cast<std::uint32_t>(heights[poor]), rich};
    heights[rich] -= view.total - heights[poor];
    if (heights[rich] >= view.total) continue;
    high.pop_back();
    low.push_back(rich);
  }
}

const Target* Balancer::take_probe(View& view, const Wanted& wanted) {
  while (!view.probes.empty()) {
    const Target* const target = view.probes.back();
    if (!wanted.allows(target, *target->state)) return nullptr;
    view.probes.pop_back();
    Probe offered = Probe::Offered;  // unless another worker was first
    if (target->state->probe.compare_exchange_strong(offered, Probe::Taken, std::memory_order_relaxed)) return target;
  }
  return nullptr;
}

const Balancer::Candidate* Balancer::choose(View& view, config::Algorithm algorithm, const Wanted& wanted) {
  if (view.candidates.empty()) return nullptr;
  switch (algorithm) {
    case config::Algorithm::RoundRobin: return round_robin(view, wanted);
    case config::Algorithm::LeastOutstandingRequests: return least_outstanding(view, wanted);
    case config::Algorithm::WeightedRandom: return weighted_random(view, wanted);
  }
  return nullptr;
}

const Balancer::Candidate* Balancer::round_robin(View& view, const Wanted& wanted) {
  Candidate* richest = nullptr;
  for (std::size_t seen = 0; seen < view.candidates.size(); ++seen) {
    Candidate& candidate = view.candidates[view.place];
    view.place = after(view.place, view.candidates.size());
    if (!wanted.allows(candidate)) continue;
    candidate.credit += candidate.share;
    if (candidate.credit >= view.largest) {
      candidate.credit -= view.largest;
      return &candidate;
    }
    if (richest == nullptr || candidate.credit > richest->credit) richest = &candidate;
  }
  if (richest != nullptr) richest->credit = 0;  // who has the largest share is out of the question
  return richest;
}

const Balancer::Candidate* Balancer::least_outstanding(View& view, const Wanted& wanted) {
  const std::vector<Candidate>& candidates = view.candidates;
  const auto in_flight = [](const Candidate& candidate) {
    return candidate.state->in_flight.load(std::memory_order_relaxed);
  };
  for (int draw = 0; candidates.size() > kExactScan && draw < kDraws; ++draw) {
    const std::size_t one = random_.below(candidates.size());
    const std::size_t step = 1 + random_.below(candidates.size() - 1);
    const std::size_t other = one + step < candidates.size() ? one + step : one + step - candidates.size();
    const bool swap = in_flight(candidates[other]) < in_flight(candidates[one]);
    const Candidate& better = candidates[swap ? other : one];
    const Candidate& worse = candidates[swap ? one : other];
    if (wanted.allows(better)) return &better;
    if (wanted.allows(worse)) return &worse;
  }
  const Candidate* best = nullptr;
  std::uint32_t fewest = 0;
  std::size_t place = view.place;
  for (std::size_t seen = 0; seen < candidates.size(); ++seen) {
    const Candidate& candidate = candidates[place];
    place = after(place, candidates.size());
    const std::uint32_t has = in_flight(candidate);
    if ((best != nullptr && has >= fewest) || !wanted.allows(candidate)) continue;
    best = &candidate;
    fewest = has;
    view.place = place;
  }
  return best;
}

const Balancer::Candidate* Balancer::weighted_random(const View& view, const Wanted& wanted) {
  const std::size_t count = view.candidates.size();
  for (int draw = 0; draw < kDraws; ++draw) {
    const std::size_t at = random_.below(count);
    const Column& column = view.columns[at];
    const Candidate& candidate = view.candidates[random_.below(view.total) < column.cut ? at : column.other];
    if (wanted.allows(candidate)) return &candidate;
  }
  std::size_t place = random_.below(count);
  for (std::size_t seen = 0; seen < count; ++seen, place = after(place, count))
    if (wanted.allows(view.candidates[place])) return &view.candidates[place];
  return nullptr;
}

}  // namespace kanaria::targets
