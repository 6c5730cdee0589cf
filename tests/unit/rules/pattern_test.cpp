#include "kanaria/rules/pattern.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>

#include "kanaria/base/random.hpp"

namespace kanaria::rules {
namespace {

TEST(Wildcard, StarIsAnyTextAndQuestionMarkOneByte) {
  struct Row {
    const char* pattern;
    const char* subject;
    bool expected;
  };
  const Row rows[] = {
      {"/", "/", true},
      {"/", "/a", false},
      {"", "", true},
      {"", "a", false},
      {"*", "", true},
      {"*", "/a/b", true},
      {"/api/*", "/api/", true},
      {"/api/*", "/api/a/b", true},
      {"/api/*", "/api", false},
      {"/api*", "/api", true},
      {"?", "", false},
      {"?", "a", true},
      {"?", "ab", false},
      {"/v?/x", "/v1/x", true},
      {"/v?/x", "/v10/x", false},
      {"a?", "a/", true},
      {"*.jpg", "/a/b.jpg", true},
      {"*.jpg", "/a/b.jpg.png", false},
      {"*a*b*", "xxaxxbxx", true},
      {"*a*b*", "xxbxxaxx", false},
      {"a*a", "a", false},
      {"a*a", "aa", true},
      {"*ab", "aab", true},
      {"*aab*", "aaaab", true},
      {"**", "", true},
      {"a**b", "ab", true},
      {"*?", "", false},
      {"?*", "a", true},
      {"/A", "/a", false},
  };
  for (const Row& row : rows)
    EXPECT_EQ(Wildcard(row.pattern, Case::Sensitive).matches(row.subject), row.expected)
        << row.pattern << " on " << row.subject;
}

TEST(Wildcard, InsensitiveComparesBothSidesInLowerCase) {
  const Wildcard pattern("*.Example.COM", Case::Insensitive);
  EXPECT_TRUE(pattern.matches("shop.eXAMPLE.com"));
  EXPECT_FALSE(pattern.matches("example.com"));
}

TEST(Wildcard, BackslashMakesALiteralOnlyWhereEscapesAreOn) {
  const auto escaped = [](const char* text) { return Wildcard(text, Case::Insensitive, Wildcard::Escapes::Backslash); };
  EXPECT_TRUE(escaped("a\\*").matches("a*"));
  EXPECT_FALSE(escaped("a\\*").matches("ab"));
  EXPECT_TRUE(escaped("a\\?*").matches("a?b"));
  EXPECT_FALSE(escaped("a\\?*").matches("abb"));
  EXPECT_TRUE(escaped("a\\\\*").matches("a\\b"));
  EXPECT_TRUE(escaped("a\\b").matches("a\\b"));
  EXPECT_TRUE(Wildcard("a\\*", Case::Sensitive).matches("a\\b"));
}

/// The definition of a match, exponential and plain.
bool naive(std::string_view pattern, std::string_view subject) {
  if (pattern.empty()) return subject.empty();
  if (pattern[0] == '*')
    return naive(pattern.substr(1), subject) || (!subject.empty() && naive(pattern, subject.substr(1)));
  return !subject.empty() && (pattern[0] == '?' || pattern[0] == subject[0]) &&
         naive(pattern.substr(1), subject.substr(1));
}

std::string random_text(Random& random, std::string_view alphabet, std::size_t longest) {
  std::string text(random.below(longest + 1), ' ');
  for (char& c : text) c = alphabet[random.below(alphabet.size())];
  return text;
}

TEST(Wildcard, AgreesWithTheDefinitionOnRandomTexts) {
  Random random(17);
  int matched = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string pattern = random_text(random, "ab*?", 8);
    const std::string subject = random_text(random, "ab", 10);
    const bool expected = naive(pattern, subject);
    matched += expected ? 1 : 0;
    ASSERT_EQ(Wildcard(pattern, Case::Sensitive).matches(subject), expected) << pattern << " on " << subject;
  }
  EXPECT_GT(matched, 5'000);
}

TEST(Wildcard, ManyStarsOnALongSubjectEnd) {
  std::string pattern;
  for (int i = 0; i < 60; ++i) pattern += "*a";
  pattern += "*b";
  EXPECT_FALSE(Wildcard(pattern, Case::Sensitive).matches(std::string(16'000, 'a')));
}

TEST(Wildcard, PrefixAndSuffixAreWhatEveryMatchStartsAndEndsWith) {
  const Wildcard pattern("/api/*.J?G", Case::Insensitive);
  EXPECT_EQ(pattern.prefix(), "/api/");
  EXPECT_EQ(pattern.suffix(), "g");
  EXPECT_FALSE(pattern.is_literal());
  EXPECT_TRUE(Wildcard("a.b", Case::Sensitive).is_literal());
}

struct Compiled {
  config::Diagnostics found;
  std::optional<Regex> regex;
  explicit Compiled(const std::string& text, Case sensitivity = Case::Sensitive)
      : regex(Regex::compile({text, {7, 3}}, sensitivity, 2, "listeners[http]", found)) {}
};

TEST(Regex, SearchesUnanchoredInEveryWorkersCopy) {
  const Compiled compiled("b+/");
  ASSERT_TRUE(compiled.regex);
  EXPECT_TRUE(compiled.regex->found_in("/abb/c", 0));
  EXPECT_TRUE(compiled.regex->found_in("/abb/c", 1));
  EXPECT_FALSE(compiled.regex->found_in("/aBB/c", 0));
  EXPECT_TRUE(Compiled("b+/", Case::Insensitive).regex->found_in("/aBB/c", 0));
}

TEST(Regex, RefusesWhatAlbRefusesAtItsPlace) {
  const char* const refused[] = {
      "(",   "a**",  "\\pL",    "\\p{Greek}",        "[\\PN]", "\\C", "(?=a)", "(?!a)", "(?<=a)b", "(a)\\1", "(?>a)",
      "a++", "(?R)", "a{1001}", "((a{90}){90}){90}",
  };
  for (const char* text : refused) {
    const Compiled compiled(text);
    EXPECT_FALSE(compiled.regex) << text;
    const auto list = compiled.found.sorted();
    ASSERT_EQ(list.size(), 1U) << text;
    EXPECT_EQ(list[0].at, (config::Position{7, 3})) << text;
    EXPECT_EQ(list[0].severity, config::Severity::Error) << text;
  }
}

TEST(Regex, TakesEscapesThatOnlyLookUnsupported) {
  EXPECT_TRUE(Compiled("\\\\p").regex->found_in("a\\p", 0));
  EXPECT_TRUE(Compiled("\\Q\\p\\E+").regex->found_in("\\ppp", 0));
  EXPECT_TRUE(Compiled("\\Qa\\\\E[[:alpha:]]").regex->found_in("a\\x", 0));
  EXPECT_FALSE(Compiled("\\Qa\\E\\pL").regex);
}

TEST(Regex, TakesBytesThatAreNoUtf8) {
  EXPECT_TRUE(
      Compiled("^a.b$").regex->found_in("a\xff"
                                        "b",
                                        0));
}

TEST(Regex, FirstMatchGivesTheGroups) {
  const Compiled compiled("/(a)(x)?(b+)");
  std::array<std::string_view, 4> groups;
  const std::string subject = "//abbb/ab";
  ASSERT_TRUE(compiled.regex->first_match(subject, 0, groups));
  EXPECT_EQ(groups[0], "/abbb");
  EXPECT_EQ(groups[0].data(), subject.data() + 1);
  EXPECT_EQ(groups[1], "a");
  EXPECT_EQ(groups[2], "");
  EXPECT_EQ(groups[3], "bbb");
  EXPECT_EQ(compiled.regex->groups(), 3);
}

}  // namespace
}  // namespace kanaria::rules
