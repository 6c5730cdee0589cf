#include "kanaria/targets/retry_budget.hpp"

#include <algorithm>

namespace kanaria::targets {

void RetryBudget::deposit(int budget_percent) {
  saved_ = budget_percent == 0 ? 0 : std::min(saved_ + static_cast<std::uint32_t>(budget_percent), kMost);
}

bool RetryBudget::withdraw() {
  if (saved_ < kOne) return false;
  saved_ -= kOne;
  return true;
}

}  // namespace kanaria::targets
