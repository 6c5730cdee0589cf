#include "kanaria/targets/target.hpp"

namespace kanaria::targets {

std::uint64_t new_serial() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

}  // namespace kanaria::targets
