#include "kanaria/targets/retry_budget.hpp"

#include <gtest/gtest.h>

namespace kanaria::targets {
namespace {

int drain(RetryBudget& budget) {
  int tries = 0;
  while (budget.withdraw()) ++tries;
  return tries;
}

TEST(RetryBudgetTest, AQuietGroupHasAFewTries) {
  RetryBudget budget;
  EXPECT_EQ(drain(budget), 3);
  EXPECT_FALSE(budget.withdraw());
}

TEST(RetryBudgetTest, GrowsByItsShareOfTheRequests) {
  struct Row {
    int percent, requests, tries;
  };
  constexpr Row kRows[] = {{20, 4, 0}, {20, 5, 1}, {20, 99, 19}, {100, 7, 7}, {1, 99, 0}, {1, 100, 1}, {33, 10, 3}};
  for (const Row& row : kRows) {
    RetryBudget budget;
    drain(budget);
    for (int i = 0; i < row.requests; ++i) budget.deposit(row.percent);
    EXPECT_EQ(drain(budget), row.tries) << row.percent << " % of " << row.requests;
  }
}

TEST(RetryBudgetTest, AGroupThatAlwaysFailsIsAskedNoMoreThanTheShareAllows) {
  RetryBudget budget;
  int tries = 0;
  for (int request = 0; request < 1000; ++request) {
    budget.deposit(20);
    if (budget.withdraw()) ++tries;
  }
  EXPECT_EQ(tries, 200 + 3);
}

TEST(RetryBudgetTest, SavesTwentyTriesAtTheMost) {
  RetryBudget budget;
  for (int i = 0; i < 100'000; ++i) budget.deposit(100);
  EXPECT_EQ(drain(budget), 20);
}

TEST(RetryBudgetTest, AtZeroPercentThereIsNone) {
  RetryBudget budget;
  for (int i = 0; i < 100; ++i) budget.deposit(100);
  budget.deposit(0);
  EXPECT_FALSE(budget.withdraw());
}

}  // namespace
}  // namespace kanaria::targets
