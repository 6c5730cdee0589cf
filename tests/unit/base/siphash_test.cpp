#include "kanaria/base/siphash.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kanaria {
namespace {

// The key 00 01 .. 0f, as the paper's test vectors have it.
constexpr std::uint64_t kA = 0x0706050403020100;
constexpr std::uint64_t kB = 0x0f0e0d0c0b0a0908;

std::string counting(std::size_t size) {
  std::string text(size, '\0');
  for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(i);
  return text;
}

TEST(SipHash, IsTheFunctionOfThePaper) {
  EXPECT_EQ(siphash(kA, kB, counting(15)), 0xa129ca6149be45e5);  // its appendix A
  EXPECT_EQ(siphash(kA, kB, ""), 0x726fdb47dd0e0e31);            // and the first and the ninth of its vectors
  EXPECT_EQ(siphash(kA, kB, counting(8)), 0x93f5f5799a932462);
}

TEST(SipHash, TellsApartWhatDiffersInItsEndOnly) {
  EXPECT_NE(siphash(0, 0, "a"), siphash(0, 0, std::string_view("a\0", 2)));
  EXPECT_NE(siphash(0, 0, "user-1"), siphash(1, 0, "user-1"));
  EXPECT_NE(siphash(0, 0, "user-1"), siphash(0, 1, "user-1"));
}

// What these are is in cookies that users have: they must never change.
TEST(SipHash, NamesAreFrozen) {
  EXPECT_EQ(name_hash("http-8080/canary"), 0xd6f0214a302ea496);
  EXPECT_EQ(name_hash("app-main"), 0x8426d4ce20f73aed);
}

}  // namespace
}  // namespace kanaria
