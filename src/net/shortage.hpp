// Tells the log that the kernel had no descriptor or memory left for us: once when it begins, not for each call that
// fails while it lasts. Any thread.
#pragma once

#include <string_view>

#include "kanaria/base/episode.hpp"

namespace kanaria::net {

class Shortage {
 public:
  /// `what` can't be done now: "accept connections".
  constexpr explicit Shortage(std::string_view what) : what_(what) {}

  /// A call failed with this errno.
  void tell(int number);

 private:
  std::string_view what_;
  Episode episode_;
};

}  // namespace kanaria::net
