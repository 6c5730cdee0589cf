// When whose health check begins. Pure: it is told the time, and which checks ended.
//
//   new ---- first come, first served, at most 10 a tick ---.
//                                                            v   begin()
//   waits for its due tick, the longest due first --------> under way
//        ^                                                   |   end()
//        '---------------------------------------------------'
//
// After its first check a target is due at ticks of its own: those that leave its phase as the remainder when divided
// by its interval. So a check that began late, or lasted long, moves none of those after it.
#pragma once

#include <cstdint>
#include <deque>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "kanaria/base/clock.hpp"

namespace kanaria::targets {

struct Target;

class CheckSchedule {
 public:
  static constexpr int kMostFirst = 10;  // a tick: 100 a second

  struct Wanted {
    const Target* target;
    Milliseconds interval;
  };

  /// `seed`: the phase of the first target.
  explicit CheckSchedule(std::uint64_t seed) : place_(seed) {}

  /// These are checked from now on, and no others. One that was here keeps its place; an interval that has become
  /// shorter brings its next check forward.
  void set(const std::vector<Wanted>& wanted, Tick now);
  /// Whose check begins now: it is under way until end(). Null: nobody's. To be called until then.
  const Target* begin(Tick now);
  /// The check ended. Not for a target that left since it began.
  void end(const Target* target);

 private:
  struct Entry {
    Tick interval;
    std::uint64_t place;  // its phase, in parts of 2^64 of its interval
    Tick due = 0;         // once it isn't new
    enum class Where : std::uint8_t { New, Waits, UnderWay } where = Where::New;
  };
  static Tick next(const Entry& entry, Tick now);

  std::unordered_map<const Target*, Entry> entries_;
  std::deque<const Target*> new_;                   // in the order in which they came
  std::set<std::pair<Tick, const Target*>> waits_;  // by their due tick
  std::uint64_t place_;                             // of the next target that comes
  Tick tick_ = 0;
  int first_ = 0;  // first checks that began at `tick_`
};

}  // namespace kanaria::targets
