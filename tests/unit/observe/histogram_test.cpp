#include "kanaria/observe/histogram.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>

namespace kanaria::observe {
namespace {

using namespace std::chrono_literals;

TEST(Buckets, EachBoundBelongsToItsOwnBucket) {
  EXPECT_EQ(bucket_of(0ns), 0U);
  for (std::size_t bucket = 0; bucket < kBucketBounds.size(); ++bucket) {
    EXPECT_EQ(bucket_of(kBucketBounds[bucket]), bucket);
    EXPECT_EQ(bucket_of(kBucketBounds[bucket] + 1ns), bucket + 1);
  }
  EXPECT_EQ(bucket_of(24h), kBuckets - 1);
}

TEST(Buckets, ReachFromHalfAMillisecondToAMinute) {
  EXPECT_EQ(kBucketBounds.front(), 500us);
  EXPECT_EQ(kBucketBounds.back(), 60s);
  EXPECT_TRUE(std::ranges::is_sorted(kBucketBounds));
}

TEST(Histogram, CountsAndAddsUp) {
  Histogram histogram;
  histogram.add(3ms);
  histogram.add(4ms);
  histogram.add(2min);
  EXPECT_EQ(histogram.buckets[bucket_of(5ms)].read(), 2U);
  EXPECT_EQ(histogram.buckets.back().read(), 1U);
  EXPECT_EQ(histogram.nanoseconds.read(), 120'007'000'000U);
}

TEST(Quantile, IsSpreadEvenlyWithinABucket) {
  BucketCounts counts{};
  counts[bucket_of(80ms)] = 10;  // 50 to 100 ms
  EXPECT_EQ(quantile(counts, 0), 50ms);
  EXPECT_EQ(quantile(counts, 0.5), 75ms);
  EXPECT_EQ(quantile(counts, 1), 100ms);
  counts = {};
  counts[0] = 4;
  EXPECT_EQ(quantile(counts, 0.25), 125us) << "the first bucket begins at zero";
}

TEST(Quantile, LooksPastTheBucketsBelow) {
  BucketCounts counts{};
  counts[bucket_of(1ms)] = 98;
  counts[bucket_of(200ms)] = 2;  // 100 to 250 ms
  EXPECT_EQ(quantile(counts, 0.98), 1ms);
  EXPECT_EQ(quantile(counts, 0.99), 175ms);
}

TEST(Quantile, OfWhatIsOffTheScaleIsTheLastBound) {
  BucketCounts counts{};
  counts[0] = 1;
  counts[kBuckets - 1] = 3;
  EXPECT_EQ(quantile(counts, 0.99), 60s);
}

TEST(Quantile, OfNothingIsZero) {
  EXPECT_EQ(quantile({}, 0.99), 0ns);
}

TEST(Quantile, TakesSharesBetweenZeroAndOne) {
  BucketCounts counts{};
  counts[0] = 2;
  EXPECT_EQ(quantile(counts, -1), 0ns);
  EXPECT_EQ(quantile(counts, 99), 500us);
}

}  // namespace
}  // namespace kanaria::observe
