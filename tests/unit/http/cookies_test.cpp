#include "kanaria/http/cookies.hpp"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace kanaria::http {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

Pairs cookies_in(const std::vector<Field>& fields) {
  Pairs pairs;
  CookieReader reader(fields);
  for (Cookie cookie; reader.next(cookie);) pairs.emplace_back(cookie.name, cookie.value);
  return pairs;
}

TEST(Cookies, OfARequestComeInTheirOrder) {
  EXPECT_EQ(cookies_in({{"Host", "a"}, {"cookie", "a=1; b=2"}, {"Accept", "c=3"}, {"Cookie", "a=4"}}),
            (Pairs{{"a", "1"}, {"b", "2"}, {"a", "4"}}));
  EXPECT_EQ(cookies_in({}), Pairs{});
  EXPECT_EQ(cookies_in({{"Host", "a"}}), Pairs{});
}

TEST(Cookies, AreReadAsTheyAreWritten) {
  EXPECT_EQ(cookies_in({{"Cookie", "a=b=c; d=\"e f\"; g="}}), (Pairs{{"a", "b=c"}, {"d", "\"e f\""}, {"g", ""}}));
  EXPECT_EQ(cookies_in({{"Cookie", " a = 1 ;b=2;\tc=3\t"}}), (Pairs{{"a", "1"}, {"b", "2"}, {"c", "3"}}));
  EXPECT_EQ(cookies_in({{"Cookie", "A=1; a=2"}}), (Pairs{{"A", "1"}, {"a", "2"}}));  // case tells them apart
}

TEST(Cookies, ThatAreNoneArePassedOver) {
  EXPECT_EQ(cookies_in({{"Cookie", ""},
                        {"Cookie", ";"},
                        {"Cookie", "; ;;"},
                        {"Cookie", "a"},
                        {"Cookie", "=b"},
                        {"Cookie", " = "},
                        {"Cookie", "x=1;"}}),
            (Pairs{{"x", "1"}}));
}

TEST(SetCookie, TellsWhatItSets) {
  EXPECT_EQ(name_set_by("SESSION=abc; Path=/"), "SESSION");
  EXPECT_EQ(name_set_by(" SESSION =abc"), "SESSION");
  EXPECT_EQ(name_set_by("SESSION=; Max-Age=0"), "");
  EXPECT_EQ(name_set_by("SESSION"), "");
  EXPECT_EQ(name_set_by("; SESSION=abc"), "");
  EXPECT_EQ(name_set_by(""), "");
}

TEST(SetCookie, HasTheAttributesThatBrowsersWant) {
  BlockPool blocks;
  Arena arena(blocks);
  CookieAttributes attributes;
  attributes.expires = WallTime(std::chrono::seconds(1'795'500'000));
  const Field lax = set_cookie("AWSALB", "v", attributes, arena);
  EXPECT_EQ(lax.name, "Set-Cookie");
  EXPECT_EQ(lax.value, "AWSALB=v; Expires=Tue, 24 Nov 2026 06:00:00 GMT; Path=/; HttpOnly; SameSite=Lax");
  attributes.secure = true;
  attributes.same_site = SameSite::None;
  EXPECT_EQ(set_cookie("AWSALBCORS", "v", attributes, arena).value,
            "AWSALBCORS=v; Expires=Tue, 24 Nov 2026 06:00:00 GMT; Path=/; HttpOnly; SameSite=None; Secure");
}

}  // namespace
}  // namespace kanaria::http
