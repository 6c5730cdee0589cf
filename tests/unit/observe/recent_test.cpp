// What lies between the oldest sample of the last minute and now.
#include "kanaria/observe/recent.hpp"

#include <gtest/gtest.h>

namespace kanaria::observe {
namespace {

using namespace std::chrono_literals;

class RecentTest : public testing::Test {
 protected:
  /// Adds so many answers of 1 ms, `errors` of them with a 500.
  void answer(int requests, int errors = 0) {
    RouteRow& row = metrics_.worker(0).route(row_);
    for (int i = 0; i < requests; ++i) {
      row.split_requests.add();
      row.count(i < errors ? 500 : 200, AnsweredBy::Target);
      row.duration.buckets[bucket_of(1ms)].add();
    }
  }
  RouteCounts recent() const { return recent_.of(row_); }

  Metrics metrics_{1};
  std::uint32_t row_ = metrics_.routes().acquire({"web", "api", "main"});
  Recent recent_{metrics_};
  const Time start_{1000s};
};

TEST_F(RecentTest, BeforeTheFirstSampleIsSinceTheStart) {
  answer(3, 1);
  EXPECT_EQ(recent().chosen, 3U);
  EXPECT_EQ(recent().answered.requests, 3U);
  EXPECT_EQ(recent().answered.server_errors, 1U);
  EXPECT_EQ(recent_.since(start_), 0s);
}

TEST_F(RecentTest, ForgetsWhatIsOlderThanAMinute) {
  for (int step = 0; step <= 24; ++step) {  // two minutes of one answer a second
    recent_.sample(start_ + step * Recent::kStep);
    answer(5);
  }
  const Time now = start_ + 24 * Recent::kStep;
  EXPECT_EQ(recent_.since(now), 60s);
  EXPECT_EQ(recent().answered.requests, 65U) << "of twelve steps, and those after the last sample";
  EXPECT_EQ(recent().answered.durations[bucket_of(1ms)], 65U);
}

TEST_F(RecentTest, ARowThatIsAnothersMeanwhileBeginsAnew) {
  answer(100);
  recent_.sample(start_);
  metrics_.routes().release(row_);
  ASSERT_EQ(metrics_.routes().acquire({"web", "api", "new"}), row_);
  EXPECT_EQ(recent().answered.requests, 0U);
  answer(7);
  EXPECT_EQ(recent().answered.requests, 7U);
  EXPECT_EQ(recent().chosen, 7U);
}

TEST_F(RecentTest, ARowThatCameAfterTheSampleIsWholly) {
  recent_.sample(start_);
  row_ = metrics_.routes().acquire({"web", "api", "other"});
  answer(4);
  EXPECT_EQ(recent().answered.requests, 4U);
}

}  // namespace
}  // namespace kanaria::observe
