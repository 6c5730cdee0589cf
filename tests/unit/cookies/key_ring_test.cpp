#include "kanaria/cookies/key_ring.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <random>
#include <string>

namespace kanaria::cookies {
namespace {

constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

Key key_of(std::string id, unsigned char fill) {
  Key key{std::move(id), {}};
  key.bytes.fill(fill);
  return key;
}

class Ring : public testing::Test {
 protected:
  std::string seal(const KeyRing& ring, Purpose purpose, const Entries& entries) {
    return std::string(ring.seal(purpose, entries, 0, arena_));
  }
  Rejection open(const KeyRing& ring, std::string_view text, Purpose purpose = Purpose::Group) {
    return ring.open(purpose, text, 0, opened_).rejection;
  }

  BlockPool blocks_;
  Arena arena_{blocks_};
  Entries opened_;
  Entries one_{{1, 0xfedcba9876543210, 1'800'000'000}};
  KeyRing ring_{{key_of("a", 1)}, 2};
};

TEST_F(Ring, OpensWhatItSealed) {
  for (std::size_t count = 1; count <= kMostEntries; ++count) {
    Entries entries;
    for (std::size_t i = 0; i < count; ++i)
      entries.push_back({i, ~std::uint64_t{i}, static_cast<std::uint32_t>(i * 1000)});
    EXPECT_EQ(open(ring_, seal(ring_, Purpose::Group, entries)), Rejection::None);
    EXPECT_EQ(opened_, entries);
  }
}

TEST_F(Ring, OpensOnAnotherThreadAndInstanceWithTheSameKey) {
  const std::string text = seal(ring_, Purpose::Group, one_);
  const KeyRing other({key_of("a", 1)}, 2);
  EXPECT_EQ(other.open(Purpose::Group, text, 1, opened_).rejection, Rejection::None);
  EXPECT_EQ(opened_, one_);
}

TEST_F(Ring, SealsTheSameTwiceInDifferentWords) {
  EXPECT_NE(seal(ring_, Purpose::Group, one_), seal(ring_, Purpose::Group, one_));
}

TEST_F(Ring, SealsInCharactersThatACookieMayHave) {
  EXPECT_EQ(seal(ring_, Purpose::Group, one_).find_first_not_of(kAlphabet), std::string::npos);
}

TEST_F(Ring, RejectsWhatIsForAnotherPurpose) {
  EXPECT_EQ(open(ring_, seal(ring_, Purpose::Target, one_)), Rejection::Foreign);
  EXPECT_TRUE(opened_.empty());
}

TEST_F(Ring, OpensAgainAsItDidTheFirstTime) {
  const Entries four{{1, 2, 3}, {4, 5, 6}, {7, 8, 9}, {10, 11, 12}};
  const KeyRing former({key_of("b", 2)}, 1);
  const KeyRing ring({key_of("a", 1), key_of("b", 2)}, 1);
  const std::string text = seal(former, Purpose::Group, four);
  for (int i = 0; i < 2; ++i) {
    const auto [rejection, by_old_key] = ring.open(Purpose::Group, text, 0, opened_);
    EXPECT_EQ(rejection, Rejection::None);
    EXPECT_TRUE(by_old_key);
    EXPECT_EQ(opened_, four);
  }
  EXPECT_EQ(open(ring, text, Purpose::Bucket), Rejection::Foreign);
  for (std::size_t at = 0; at < text.size(); ++at) {  // one that ends as it does is looked for in its place
    std::string forged = text;
    forged[at] = forged[at] == 'A' ? 'B' : 'A';
    EXPECT_NE(open(ring, forged), Rejection::None) << at;
    EXPECT_TRUE(opened_.empty());
  }
  EXPECT_NE(open(ring, text.substr(1)), Rejection::None);
  EXPECT_EQ(open(ring, text), Rejection::None);
}

TEST_F(Ring, RotatesWithoutLosingAnybody) {
  const std::string old = seal(ring_, Purpose::Group, one_);
  const KeyRing rotated({key_of("b", 2), key_of("a", 1)}, 1);
  EXPECT_EQ(open(rotated, old), Rejection::None);
  EXPECT_TRUE(rotated.open(Purpose::Group, old, 0, opened_).by_old_key);
  const std::string fresh = seal(rotated, Purpose::Group, one_);
  EXPECT_EQ(open(ring_, fresh), Rejection::UnknownKey);
  EXPECT_FALSE(rotated.open(Purpose::Group, fresh, 0, opened_).by_old_key);
  const KeyRing without({key_of("b", 2)}, 1);
  EXPECT_EQ(open(without, fresh), Rejection::None);
  EXPECT_EQ(open(without, old), Rejection::UnknownKey);
}

TEST_F(Ring, RejectsAnotherKeyOfTheSameId) {
  EXPECT_EQ(open(KeyRing({key_of("a", 9)}, 1), seal(ring_, Purpose::Group, one_)), Rejection::Forged);
}

TEST_F(Ring, RejectsWhatIsNoSealAtAll) {
  for (const std::string text : {"", "a", "app-main", "====", "\xff\xff\xff\xff"})
    EXPECT_EQ(open(ring_, text), Rejection::Malformed) << text;
  EXPECT_EQ(open(ring_, std::string(100, 'A')), Rejection::Malformed);  // version 0
  EXPECT_EQ(open(ring_, std::string(899, 'A')), Rejection::Malformed);
  EXPECT_EQ(open(ring_, std::string(900, 'A')), Rejection::TooLong);
  EXPECT_EQ(open(ring_, std::string(1 << 20, 'A')), Rejection::TooLong);
}

TEST_F(Ring, TakesEachCharacterAndNoOtherText) {
  const std::string text = seal(ring_, Purpose::Group, one_);
  for (std::size_t at = 0; at < text.size(); ++at) {
    for (const char c : kAlphabet) {
      if (c == text[at]) continue;
      std::string changed = text;
      changed[at] = c;
      EXPECT_NE(open(ring_, changed), Rejection::None) << changed;
      EXPECT_TRUE(opened_.empty());
    }
    EXPECT_NE(open(ring_, text.substr(0, at)), Rejection::None);
    EXPECT_NE(open(ring_, text.substr(at + 1)), Rejection::None);
  }
  for (const std::string& around : {text + "A", text + "=", " " + text, text + " ", "\"" + text + "\"", text + text})
    EXPECT_NE(open(ring_, around), Rejection::None) << around;
}

/// A valid cookie, changed at random: bits, bytes, pieces of others, lengths.
TEST_F(Ring, AcceptsNoneOfManyForgeries) {
  constexpr int kForgeries = 300'000;  // bench/forge.cpp makes ten millions
  std::mt19937_64 random(20261130);
  std::vector<std::string> valid;
  for (std::uint64_t i = 0; i < 64; ++i) {
    Entries entries;
    for (std::uint64_t n = 0; n <= i % kMostEntries; ++n) entries.push_back({n, random(), 1'800'000'000});
    valid.push_back(seal(ring_, Purpose::Group, entries));
  }
  int accepted = 0;
  for (int i = 0; i < kForgeries; ++i) {
    const std::string& from = valid[random() % valid.size()];
    std::string text = from;
    const std::string& other = valid[random() % valid.size()];
    const std::size_t at = random() % text.size();
    switch (random() % 4) {
      case 0: text[at] = kAlphabet[random() % kAlphabet.size()]; break;
      case 1: text = text.substr(0, at) + other.substr(std::min(at, other.size())); break;
      case 2: std::swap(text[at], text[random() % text.size()]); break;
      default: text.insert(at, 1, kAlphabet[random() % kAlphabet.size()]); break;
    }
    if (std::ranges::find(valid, text) != valid.end()) continue;
    accepted += open(ring_, text) == Rejection::None ? 1 : 0;
  }
  EXPECT_EQ(accepted, 0);
}

TEST(Entries, ComeFirstWhenTheyAreNewest) {
  Entries entries;
  put(entries, {1, 10, 100});
  put(entries, {2, 20, 200});
  put(entries, {1, 11, 300});
  EXPECT_EQ(entries, (Entries{{1, 11, 300}, {2, 20, 200}}));
  ASSERT_NE(find(entries, 2), nullptr);
  EXPECT_EQ(find(entries, 2)->value, 20U);
  EXPECT_EQ(find(entries, 3), nullptr);
}

TEST(Entries, GiveWayWhenTheyAreOldest) {
  Entries entries;
  for (std::uint64_t scope = 0; scope <= kMostEntries; ++scope) put(entries, {scope, 0, 0});
  EXPECT_EQ(entries.size(), kMostEntries);
  EXPECT_EQ(find(entries, 0), nullptr);
  EXPECT_EQ(entries.front().scope, kMostEntries);
  EXPECT_EQ(entries.back().scope, 1U);
}

TEST(Entries, GiveWayByTheirAgeWhereverTheyStand) {
  Entries entries;
  for (std::uint64_t scope = 0; scope < kMostEntries; ++scope)
    put(entries, {scope, 0, static_cast<std::uint32_t>(scope == 20 ? 5 : 100 + scope)});
  put(entries, {99, 0, 500});
  EXPECT_EQ(find(entries, 20), nullptr);
  EXPECT_NE(find(entries, 0), nullptr);
  EXPECT_EQ(entries.front().scope, 99U);
}

}  // namespace
}  // namespace kanaria::cookies
