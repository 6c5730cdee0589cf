#include "kanaria/proxy/stay.hpp"

#include <gtest/gtest.h>

namespace kanaria::proxy {
namespace {

using namespace std::chrono_literals;

constexpr std::uint32_t kSince = 1'800'000'000;
constexpr cookies::Entry kEntry{1, 2, kSince};

TEST(Age, OfAnEntryIsFreshThenToRenewThenExpired) {
  EXPECT_EQ(age_of(kEntry, kSince, 1h, kRenewals), Age::Fresh);
  EXPECT_EQ(age_of(kEntry, kSince + 56, 1h, kRenewals), Age::Fresh);
  EXPECT_EQ(age_of(kEntry, kSince + 57, 1h, kRenewals), Age::ToRenew);  // 3600 / 64
  EXPECT_EQ(age_of(kEntry, kSince + 3600, 1h, kRenewals), Age::ToRenew);
  EXPECT_EQ(age_of(kEntry, kSince + 3601, 1h, kRenewals), Age::Expired);
}

TEST(Age, OfTheShortestLifeIsNeverRenewedInItsFirstSecond) {
  EXPECT_EQ(age_of(kEntry, kSince, 1s, kRenewals), Age::Fresh);
  EXPECT_EQ(age_of(kEntry, kSince + 1, 1s, kRenewals), Age::ToRenew);
  EXPECT_EQ(age_of(kEntry, kSince + 2, 1s, kRenewals), Age::Expired);
  EXPECT_EQ(age_of(kEntry, kSince + 1, 2s, kRenewals), Age::ToRenew);
}

TEST(Age, OfAnEntryFromTheFutureIsExpiredUnlessClocksExplainIt) {
  EXPECT_EQ(age_of(kEntry, kSince - 300, 1h, kRenewals), Age::Fresh);
  EXPECT_EQ(age_of(kEntry, kSince - 301, 1h, kRenewals), Age::Expired);
}

TEST(Age, OfABucketIsAYearAndRenewedAfterHalf) {
  const auto days = [](std::uint32_t count) { return kSince + count * 86'400; };
  EXPECT_EQ(age_of(kEntry, days(182), kBucketLife, kBucketRenewals), Age::Fresh);
  EXPECT_EQ(age_of(kEntry, days(183), kBucketLife, kBucketRenewals), Age::ToRenew);
  EXPECT_EQ(age_of(kEntry, days(365) + 1, kBucketLife, kBucketRenewals), Age::Expired);
}

TEST(Bucket, StandsInAnEntryWithItsGroup) {
  EXPECT_EQ(bucket_in(bucket_value(9999, ~std::uint64_t{0})), 9999U);
  EXPECT_NE(bucket_value(1, 10), bucket_value(1, 11));
}

}  // namespace
}  // namespace kanaria::proxy
