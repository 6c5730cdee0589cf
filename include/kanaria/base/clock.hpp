// The words for time. Decisions take a time as an argument; loops read the clock at one place.
#pragma once

#include <chrono>
#include <cstdint>

namespace kanaria {

using Duration = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;
using Time = std::chrono::steady_clock::time_point;      // for intervals and deadlines
using WallTime = std::chrono::system_clock::time_point;  // for logs and trace ids only

/// One moment on both clocks.
struct Moment {
  Time time{};
  WallTime wall{};

  static Moment now() { return {std::chrono::steady_clock::now(), std::chrono::system_clock::now()}; }
};

/// A loop's coarse time: 100 ms steps since the loop started.
using Tick = std::uint64_t;
inline constexpr Tick kNever = UINT64_MAX;
inline constexpr Milliseconds kTickLength{100};

/// How many ticks surely cover a duration: rounded up, and one more because the current tick has partly passed.
constexpr Tick ticks_of(Milliseconds duration) {
  return static_cast<Tick>((duration.count() + kTickLength.count() - 1) / kTickLength.count()) + 1;
}

}  // namespace kanaria
