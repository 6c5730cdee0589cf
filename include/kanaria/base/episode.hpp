// What happens many times in a row and is told once: when it begins, not each time while it lasts. It lasts as long as
// it happens again within kQuiet: at a limit each that ends makes room for one, and the end of one says nothing. Any
// thread.
#pragma once

#include <atomic>

#include "kanaria/base/clock.hpp"

namespace kanaria {

class Episode {
 public:
  static constexpr std::chrono::seconds kQuiet{10};

  /// It happens. True: it begins, for it had not happened for a while before `now`.
  bool note(Time now) {
    const Duration::rep last = last_.exchange(now.time_since_epoch().count(), std::memory_order_relaxed);
    return last == kNone || now - Time(Duration(last)) > kQuiet;
  }
  /// Its cause is gone: the next one begins anew.
  void end() { last_.store(kNone, std::memory_order_relaxed); }

 private:
  static constexpr Duration::rep kNone = 0;
  std::atomic<Duration::rep> last_{kNone};  // when it happened
};

}  // namespace kanaria
