// Tells the log that the kernel had no descriptor or memory left for us: once when it begins, not for each call that
// fails while it lasts. It lasts as long as calls fail again within kQuiet: where each descriptor that becomes free is
// taken at once, a call that succeeds says nothing. Any thread.
#pragma once

#include <atomic>
#include <string_view>

#include "kanaria/base/clock.hpp"

namespace kanaria::net {

class Shortage {
 public:
  static constexpr std::chrono::seconds kQuiet{10};

  /// `what` can't be done now: "accept connections".
  constexpr explicit Shortage(std::string_view what) : what_(what) {}

  /// A call failed with this errno.
  void tell(int number);
  /// True: nothing had failed for a while before `now`.
  bool begins(Time now);

 private:
  std::string_view what_;
  std::atomic<Duration::rep> last_{0};  // when a call failed; 0: never
};

}  // namespace kanaria::net
