#include "shortage.hpp"

#include <spdlog/spdlog.h>

#include <cstring>

namespace kanaria::net {

void Shortage::tell(int number) {
  // A text that is there already: this is said when nothing else is to be had.
  if (episode_.note(std::chrono::steady_clock::now())) spdlog::error("can't {}: {}", what_, ::strerrordesc_np(number));
}

}  // namespace kanaria::net
