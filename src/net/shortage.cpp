#include "shortage.hpp"

#include <spdlog/spdlog.h>

#include <cstring>

namespace kanaria::net {

void Shortage::tell(int number) {
  // A text that is there already: this is said when nothing else is to be had.
  if (begins(std::chrono::steady_clock::now())) spdlog::error("can't {}: {}", what_, ::strerrordesc_np(number));
}

bool Shortage::begins(Time now) {
  const Duration::rep last = last_.exchange(now.time_since_epoch().count(), std::memory_order_relaxed);
  return last == 0 || now - Time(Duration(last)) > kQuiet;
}

}  // namespace kanaria::net
