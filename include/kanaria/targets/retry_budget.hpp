// How many further tries a group's requests may make: a share of its requests, so that retries can't multiply the load
// of a group that fails. One a group and worker, on its thread. Pure.
#pragma once

#include <cstdint>

namespace kanaria::targets {

class RetryBudget {
 public:
  /// A request of the group begins. 0 %: there is no further try, nor one from what was saved.
  void deposit(int budget_percent);
  /// A further try wants to be made; false: the budget is spent.
  bool withdraw();

 private:
  // In hundredths of a try. Starts with a few tries, so that a quiet group may retry at all; saves at most so many.
  static constexpr std::uint32_t kOne = 100;
  static constexpr std::uint32_t kMost = 20 * kOne;
  std::uint32_t saved_ = 3 * kOne;
};

}  // namespace kanaria::targets
