#include "kanaria/rules/transform.hpp"

#include <gtest/gtest.h>

#include "build.hpp"

namespace kanaria::rules {
namespace {

using namespace build;

config::Rewrite rewrite(const std::string& regex, const std::string& replace) {
  return {{regex, {3, 1}}, {replace, {4, 1}}};
}

class RuleRewrite : public testing::Test {
 protected:
  /// What becomes of the request: "HOST TARGET", "-" for what is unchanged, or "refused".
  std::string of(const config::Transforms& transforms, const Request& request) {
    config::Rule one = rule(1, {});
    one.transforms = transforms;
    const auto compiled = table({one});
    http::Rewritten rewritten;
    const auto result = compiled->rules()[0].rewrite(request.head, 0, arena_, rewritten);
    if (!result) return result.error().fault == Fault::TransformFailed ? "refused" : "wrong fault";
    const auto word = [](std::string_view text) { return text.empty() ? std::string("-") : std::string(text); };
    return word(rewritten.host) + ' ' + word(rewritten.target);
  }
  std::string url(const std::string& regex, const std::string& replace, const std::string& target) {
    return of({{}, rewrite(regex, replace)}, Request(target));
  }
  std::string host(const std::string& regex, const std::string& replace, const std::string& host) {
    return of({rewrite(regex, replace), {}}, Request("/", host));
  }

 private:
  BlockPool pool_;
  Arena arena_{pool_};
};

TEST_F(RuleRewrite, ReplacesTheFirstMatchInPathAndQuery) {
  EXPECT_EQ(url("^/dp/([A-Za-z0-9]+)/?$", "/product.php?id=$1", "/dp/B00/"), "- /product.php?id=B00");
  EXPECT_EQ(url("^/dp/([A-Za-z0-9]+)/?$", "/product.php?id=$1", "/dp/B00/?x"), "- -");
  EXPECT_EQ(url("/a", "/b", "/a/a?x=/a"), "- /b/a?x=/a");
  EXPECT_EQ(url("\\?x=(\\d)(\\d)?", "?y=$2-$1", "/p?x=1&z"), "- /p?y=-1&z");
  EXPECT_EQ(url("\\?$", "", "/p?"), "- /p");
  EXPECT_EQ(url("/A", "/b", "/a"), "- -");
}

TEST_F(RuleRewrite, TakesBackslashesAndDollarSignsLiterally) {
  EXPECT_EQ(url("/a(.)", "/$$1$1$$", "/ab"), "- /$1b$");
  EXPECT_EQ(url("/a", "/\\1", "/a"), "refused");  // a backslash is no valid byte of a target, nor is it a group
  EXPECT_EQ(url("(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)", "$9$10", "/abcdefghij"), "- /ia0");
}

TEST_F(RuleRewrite, RefusesATargetThatNoClientCouldSend) {
  EXPECT_EQ(url("^/(.*)$", "$1", "/abc"), "refused");
  EXPECT_EQ(url("^/.*$", "", "/abc"), "refused");
  EXPECT_EQ(url("b", " ", "/abc"), "refused");
  EXPECT_EQ(url("b", "#", "/abc"), "refused");
  EXPECT_EQ(url("b", "\r\nX: y", "/abc"), "refused");
  EXPECT_EQ(url("b", "\xc3\xa9", "/abc"), "refused");
}

TEST_F(RuleRewrite, RefusesATargetOver16K) {
  const std::string sent = '/' + std::string(Transform::kMaxResult - 1, 'x');
  EXPECT_EQ(url("^/x", "/y", sent), "- /y" + sent.substr(2));
  EXPECT_EQ(url("^/x", "/yy", sent), "refused");
  EXPECT_EQ(url("^(.*)$", "$1$1$1", sent), "refused");
}

TEST_F(RuleRewrite, RewritesTheHostWithoutItsPort) {
  EXPECT_EQ(host("^(.*)\\.example\\.com$", "$1.internal", "Shop.EXAMPLE.com"), "Shop.internal -");
  EXPECT_EQ(host("^(.*)\\.example\\.com$", "$1.internal", "shop.example.com:8080"), "shop.internal:8080 -");
  EXPECT_EQ(host("^(.*)\\.example\\.com$", "$1.internal", "shop.test"), "- -");
  EXPECT_EQ(host("8080", "x", "shop.test:8080"), "- -");
  EXPECT_EQ(host("^.*$", "x.test", ""), "- -");
}

TEST_F(RuleRewrite, RefusesAHostThatIsNone) {
  EXPECT_EQ(host("^.*$", "", "shop.test"), "refused");
  EXPECT_EQ(host("^.*$", "", "shop.test:80"), "refused");
  EXPECT_EQ(host("shop", "a b", "shop.test"), "refused");
  EXPECT_EQ(host("$", ":81", "shop.test:80"), "refused");
  EXPECT_EQ(host("shop", "a/b", "shop.test"), "refused");
  EXPECT_EQ(host("shop", "u@h", "shop.test"), "refused");
}

TEST_F(RuleRewrite, DoesBothAtOnce) {
  EXPECT_EQ(of({rewrite("^shop", "www"), rewrite("^/", "/v2/")}, Request("/a?b")), "www.test /v2/a?b");
}

TEST(Transform, RefusesReplacementsThatCantWorkAtTheirPlace) {
  const struct {
    const char* regex;
    const char* replace;
    std::uint32_t line;
  } rows[] = {{"(a)", "$2", 4}, {"a", "$1", 4}, {"(a)", "$0", 4}, {"(a)", "a$", 4}, {"(a)", "${1}", 4}, {"(a", "b", 3}};
  for (const auto& row : rows) {
    config::Diagnostics found;
    config::Rule one = rule(1, {});
    one.transforms.url_rewrite = rewrite(row.regex, row.replace);
    EXPECT_EQ(table({one}, found), nullptr) << row.replace;
    const auto list = found.sorted();
    ASSERT_EQ(list.size(), 1U) << row.replace;
    EXPECT_EQ(list[0].at.line, row.line) << row.replace;
    EXPECT_EQ(list[0].path, "listeners[http].rules[r1].transforms.url_rewrite");
  }
}

TEST(Transform, PrintsItself) {
  config::Rule one = rule(1, {});
  one.transforms = {rewrite("^a$", "b"), rewrite("^/x", "/y")};
  const auto compiled = table({one});
  const std::vector<std::string> expected = {"host_header_rewrite \"^a$\" -> \"b\"", "url_rewrite \"^/x\" -> \"/y\""};
  EXPECT_EQ(compiled->rules()[0].transform_words(), expected);
  EXPECT_TRUE(compiled->rules()[0].has_transforms());
  EXPECT_FALSE(compiled->rules()[1].has_transforms());
}

}  // namespace
}  // namespace kanaria::rules
