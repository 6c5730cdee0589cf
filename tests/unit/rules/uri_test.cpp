#include "kanaria/rules/uri.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kanaria::rules {
namespace {

struct Row {
  const char* description;
  const char* input;
  const char* expected;
};

TEST(NormalPath, DecodesUnreservedAndRemovesDotSegments) {
  const Row rows[] = {
      {"nothing to do", "/api/cart", "/api/cart"},
      {"dots inside names stay", "/.well-known/a.b/..c/...", "/.well-known/a.b/..c/..."},
      {"unreserved characters are decoded", "/%61%2Dz%7e", "/a-z~"},
      {"reserved ones stay, in upper case", "/a%2fb%3a", "/a%2Fb%3A"},
      {"decoded once only", "/%2561", "/%2561"},
      {"what decoding makes is not decoded again", "/%%361", "/%61"},
      {"broken escapes stay", "/%zz%6", "/%zz%6"},
      {"one dot", "/a/./b", "/a/b"},
      {"one dot at the end", "/a/.", "/a/"},
      {"two dots", "/a/b/../c", "/a/c"},
      {"two dots at the end", "/a/b/..", "/a/"},
      {"above the root", "/../../a", "/a"},
      {"only dots", "/..", "/"},
      {"encoded dots", "/static/%2e%2E/admin", "/admin"},
      {"half encoded dots", "/static/.%2e/admin", "/admin"},
      {"an encoded slash is no separator", "/static/..%2Fadmin", "/static/..%2Fadmin"},
      {"empty segments stay", "//a//b", "//a//b"},
      {"two dots take one empty segment", "/a//../b", "/a/b"},
      {"asterisk form", "*", "*"},
      {"empty", "", ""},
  };
  for (const Row& row : rows) {
    UriBuffer buffer;
    EXPECT_EQ(normal_path(row.input, buffer), row.expected) << row.description;
  }
}

TEST(NormalPath, OfANormalPathIsThePathItself) {
  const std::string path = "/api/cart";
  UriBuffer buffer;
  EXPECT_EQ(normal_path(path, buffer).data(), path.data());
}

TEST(NormalPath, TakesTheLongestPathThatIsAllowed) {
  std::string path = "/%61";
  path.resize(UriBuffer::kSize, 'x');
  UriBuffer buffer;
  EXPECT_EQ(normal_path(path, buffer).size(), path.size() - 2);
}

TEST(WithoutPort, CutsThePortAlone) {
  const Row rows[] = {
      {"name", "shop.test", "shop.test"},
      {"name and port", "shop.test:8080", "shop.test"},
      {"empty port", "shop.test:", "shop.test"},
      {"IPv6", "[2001:db8::1]", "[2001:db8::1]"},
      {"IPv6 and port", "[2001:db8::1]:80", "[2001:db8::1]"},
      {"empty", "", ""},
  };
  for (const Row& row : rows) EXPECT_EQ(without_port(row.input), row.expected) << row.description;
}

TEST(FormDecoded, DecodesEscapesAndPlus) {
  const Row rows[] = {
      {"nothing to do", "abc", "abc"},  {"escape", "a%20b", "a b"},      {"plus", "a+b", "a b"},
      {"encoded plus", "a%2Bb", "a+b"}, {"broken escape", "%g1", "%g1"}, {"cut escape", "a%2", "a%2"},
  };
  for (const Row& row : rows) {
    UriBuffer buffer;
    EXPECT_EQ(form_decoded(row.input, buffer), row.expected) << row.description;
  }
}

}  // namespace
}  // namespace kanaria::rules
