#include "check_schedule.hpp"

#include <algorithm>

namespace kanaria::targets {
namespace {

// 2^64 over the golden ratio: its multiples, modulo 2^64, spread evenly however many there are (Knuth, TAOCP 3, 6.4).
constexpr std::uint64_t kGolden = 0x9E3779B97F4A7C15;

Tick in_ticks(Milliseconds interval) {
  return static_cast<Tick>(std::max<std::int64_t>(1, interval / kTickLength));
}

}  // namespace

/// The first of its ticks after `now`.
Tick CheckSchedule::next(const Entry& entry, Tick now) {
  const Tick phase = (entry.place >> 32) * entry.interval >> 32;
  const Tick earliest = now + 1;
  return earliest + (phase + entry.interval - earliest % entry.interval) % entry.interval;
}

void CheckSchedule::set(const std::vector<Wanted>& wanted, Tick now) {
  std::unordered_map<const Target*, Entry> kept;
  std::set<std::pair<Tick, const Target*>> waits;
  std::deque<const Target*> come;
  for (const auto& [target, interval] : wanted) {
    const Tick ticks = in_ticks(interval);
    if (auto node = entries_.extract(target)) {
      Entry& entry = kept.insert(std::move(node)).position->second;
      if (std::exchange(entry.interval, ticks) != ticks) entry.due = std::min(entry.due, next(entry, now));
      if (entry.where == Entry::Where::Waits) waits.emplace(entry.due, target);
    } else if (kept.try_emplace(target, Entry{ticks, place_}).second) {
      place_ += kGolden;
      come.push_back(target);
    }
  }
  std::erase_if(new_, [&](const Target* target) { return !kept.contains(target); });
  new_.insert(new_.end(), come.begin(), come.end());
  entries_.swap(kept);
  waits_.swap(waits);
}

const Target* CheckSchedule::begin(Tick now) {
  if (std::exchange(tick_, now) != now) first_ = 0;
  const Target* target = nullptr;
  if (!new_.empty() && first_ < kMostFirst) {
    target = new_.front();
    new_.pop_front();
    ++first_;
  } else if (!waits_.empty() && waits_.begin()->first <= now) {
    target = waits_.begin()->second;
    waits_.erase(waits_.begin());
  } else {
    return nullptr;
  }
  Entry& entry = entries_.at(target);
  entry.where = Entry::Where::UnderWay;
  entry.due = next(entry, now);
  return target;
}

void CheckSchedule::end(const Target* target) {
  Entry& entry = entries_.at(target);
  entry.where = Entry::Where::Waits;
  waits_.emplace(entry.due, target);
}

}  // namespace kanaria::targets
