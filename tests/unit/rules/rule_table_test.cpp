#include "kanaria/rules/rule_table.hpp"

#include <gtest/gtest.h>

#include "build.hpp"
#include "kanaria/base/random.hpp"

namespace kanaria::rules {
namespace {

using namespace build;

TEST(RuleTable, TheLowestPriorityNumberThatMatchesWins) {
  const auto compiled = table({rule(30, {path({"/*"})}), rule(10, {path({"/a"})}), rule(20, {path({"/a*"})})});
  EXPECT_EQ(compiled->find(Request("/a").subject()).name(), "r10");
  EXPECT_EQ(compiled->find(Request("/ab").subject()).name(), "r20");
  EXPECT_EQ(compiled->find(Request("/b").subject()).name(), "r30");
}

TEST(RuleTable, TheDefaultRuleIsLastAndTakesTheRest) {
  const auto compiled = table({rule(10, {path({"/a"})})});
  const Rule& found = compiled->find(Request("/b").subject());
  EXPECT_EQ(found.name(), "default");
  EXPECT_EQ(found.priority(), 0);
  EXPECT_EQ(found.index(), 1U);
  EXPECT_EQ(&found, &compiled->rules().back());
}

TEST(RuleTable, AllConditionsMustHold) {
  const auto compiled = table({rule(1, {path({"/a"}), host({"shop.test"}), method({"GET"})})});
  EXPECT_EQ(compiled->find(Request("/a").subject()).priority(), 1);
  EXPECT_EQ(compiled->find(Request("/b").subject()).priority(), 0);
  EXPECT_EQ(compiled->find(Request("/a", "other.test").subject()).priority(), 0);
  EXPECT_EQ(compiled->find(Request("/a", "shop.test", "PUT").subject()).priority(), 0);
}

TEST(RuleTable, NumbersForwardActionsDensely) {
  config::Listener made = listener({rule(1, {path({"/a"})}), rule(2, {path({"/b"})}), rule(3, {path({"/c"})})});
  made.rules[0].action.of = config::Forward{{{{"g", {}}, 1}}};
  made.rules[2].action.of = config::Forward{{{{"g", {}}, 1}}};
  made.default_rule.action.of = config::Forward{{{{"g", {}}, 1}}};
  config::Diagnostics found;
  const auto compiled = RuleTable::compile(made, 1, found);
  ASSERT_EQ(compiled->forwards(), 3U);
  EXPECT_EQ(std::get<Forward>(compiled->rules()[0].action()).index, 0U);
  EXPECT_EQ(std::get<Forward>(compiled->rules()[2].action()).index, 1U);
  EXPECT_EQ(std::get<Forward>(compiled->rules()[3].action()).index, 2U);
}

TEST(RuleTable, FindsPatternsAroundTheLongestIndexedKey) {
  for (std::size_t size = 120; size < 140; ++size) {
    const std::string text = '/' + std::string(size - 1, 'x');
    EXPECT_TRUE(holds(path({text}), Request(text))) << size;
    EXPECT_TRUE(holds(path({text + '*'}), Request(text))) << size;
    EXPECT_FALSE(holds(path({text}), Request(text + 'x'))) << size;
    EXPECT_FALSE(holds(path({text + '?'}), Request(text))) << size;
    EXPECT_TRUE(holds(host({"*" + text}), Request("/", "a" + text + ":80"))) << size;
    EXPECT_TRUE(holds(host({text}), Request("/", text))) << size;
  }
}

TEST(RuleTable, EveryRegularExpressionFaultIsReported) {
  config::Diagnostics found;
  config::Condition bad = path_regex({"(", "ok", "\\pL"});
  std::get<config::PathPattern>(bad.of).regex_values[0].at = {5, 9};
  std::get<config::PathPattern>(bad.of).regex_values[2].at = {6, 9};
  EXPECT_EQ(table({rule(1, {bad})}, found), nullptr);
  const auto list = found.sorted();
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list[0].at.line, 5U);
  EXPECT_EQ(list[1].at.line, 6U);
  EXPECT_EQ(list[0].path, "listeners[http].rules[r1].conditions[0]");
}

TEST(RuleTable, WarnsOfAPathThatNoRequestHas) {
  config::Diagnostics found;
  EXPECT_NE(table({rule(1, {path({"/a/../b", "/ok/..*", "/%2F"})})}, found), nullptr);
  const auto list = found.sorted();
  ASSERT_EQ(list.size(), 1U);
  EXPECT_EQ(list[0].severity, config::Severity::Warning);
  EXPECT_NE(list[0].message.find("write \"/b\""), std::string::npos) << list[0].message;
}

TEST(RuleTable, AnEarlierFaultOfAnotherListenerIsNotOurs) {
  config::Diagnostics found;
  found.error({1, 1}, "", "elsewhere");
  EXPECT_NE(table({rule(1, {path({"/"})})}, found), nullptr);
}

TEST(RuleTable, ExplainGoesDownToTheMatchWithReasons) {
  const auto compiled = table({rule(5, {source({"10.0.0.0/8"})}), rule(8, {path({"/api/*"}), query("beta", "2")}),
                               rule(10, {path({"/", "/api/*"})}), rule(20, {path({"/*"})})});
  const Request request("/api/cart?beta=1", "shop.test:8080");
  const auto verdicts = compiled->explain(request.subject());
  ASSERT_EQ(verdicts.size(), 3U);
  using Reasons = std::vector<std::string>;
  EXPECT_EQ(verdicts[0].reasons, (Reasons{"source_ip 10.0.0.0/8: the peer is 203.0.113.7"}));
  EXPECT_EQ(verdicts[1].reasons, (Reasons{"path_pattern yes", "query_string beta=2: found beta=1"}));
  EXPECT_EQ(verdicts[2].reasons, (Reasons{"path_pattern \"/api/*\" matches /api/cart"}));
  EXPECT_FALSE(verdicts[1].matches);
  EXPECT_TRUE(verdicts[2].matches);
  EXPECT_EQ(verdicts[2].rule, &compiled->find(request.subject()));
}

TEST(RuleTable, ExplainOfTheDefaultRuleGivesNoReasons) {
  const auto compiled = table({rule(1, {path({"/a"})})});
  const auto verdicts = compiled->explain(Request("/b").subject());
  ASSERT_EQ(verdicts.size(), 2U);
  EXPECT_TRUE(verdicts[1].matches);
  EXPECT_TRUE(verdicts[1].reasons.empty());
}

// ---- find() against a plain walk down the rules

/// Draws rules and requests from few short words, so that keys nest, collide and match often.
class Generator {
 public:
  explicit Generator(std::uint64_t seed) : random_(seed) {}

  std::vector<config::Rule> rules() {
    std::vector<config::Rule> made;
    const auto count = random_.below(40);
    for (int priority = 1; priority <= static_cast<int>(count); ++priority)
      made.push_back(build::rule(priority, conditions()));
    return made;
  }
  std::string path_text() { return '/' + words("/", {"a", "ab", "b", "", ".", "..", "%61", "%2e%2e"}); }
  std::string host_text() {
    const std::string port = pick({"", "", ":80", ":8080", ":"});
    return random_.below(20) == 0 ? "" : words(".", {"a", "B", "ab", "example", "com"}) + port;
  }
  std::string method_text() { return pick({"GET", "POST"}); }

 private:
  std::vector<config::Condition> conditions() {
    std::vector<config::Condition> made;
    if (random_.below(4) != 0)
      made.push_back(random_.below(10) == 0 ? path_regex({pick({"^/a", "b$", "/ab/"})})
                                            : path(some(&Generator::path_pattern)));
    if (random_.below(3) != 0)
      made.push_back(random_.below(10) == 0 ? host_regex({pick({"^a", "com$", "80$"})})
                                            : host(some(&Generator::host_pattern)));
    if (made.empty() || random_.below(5) == 0) made.push_back(method({method_text()}));
    if (made.size() > 1 && random_.below(2) == 0) std::swap(made[0], made[1]);
    return made;
  }
  std::string path_pattern() { return '/' + with_wildcards(words("/", {"a", "ab", "b", ""})); }
  std::string host_pattern() {
    return with_wildcards(words(".", {"a", "b", "AB", "example", "com"}) + pick({"", "", ":80"}));
  }

  std::string with_wildcards(std::string text) {
    for (auto left = random_.below(3); left > 0; --left) {
      const auto at = random_.below(text.size() + 1);
      switch (random_.below(4)) {
        case 0: text = text.substr(0, at) + '*'; break;
        case 1: text = '*' + text.substr(at); break;
        case 2: text.insert(at, "*"); break;
        default:
          if (at < text.size()) text[at] = '?';
      }
    }
    return text;
  }
  std::string words(const std::string& separator, std::initializer_list<const char*> from) {
    std::string text = pick(from);
    for (auto more = random_.below(4); more > 0; --more) text += separator + pick(from);
    return text;
  }
  std::string pick(std::initializer_list<const char*> from) { return from.begin()[random_.below(from.size())]; }

  config::Condition path(const std::vector<std::string>& values) { return of<config::PathPattern>(values); }
  config::Condition host(const std::vector<std::string>& values) { return of<config::HostHeader>(values); }
  template <class Kind>
  static config::Condition of(const std::vector<std::string>& values) {
    Kind kind;
    for (const std::string& value : values) kind.values.push_back({value, {}});
    return condition(kind);
  }
  std::vector<std::string> some(std::string (Generator::*make)()) {
    std::vector<std::string> made((random_.below(3)) + 1);
    for (std::string& value : made) value = (this->*make)();
    return made;
  }

  Random random_;
};

TEST(RuleTable, FindAgreesWithAPlainWalkOnRandomRules) {
  Generator generator(20261123);
  int not_default = 0;
  int total = 0;
  for (int set = 0; set < 3'000; ++set) {
    const auto compiled = table(generator.rules());
    ASSERT_NE(compiled, nullptr);
    for (int i = 0; i < 20; ++i, ++total) {
      const Request request(generator.path_text(), generator.host_text(), generator.method_text());
      const Subject subject = request.subject();
      const Facts facts(subject);
      std::size_t expected = 0;
      while (!compiled->rules()[expected].matches(facts)) ++expected;
      ASSERT_EQ(compiled->find(subject).index(), expected)
          << "set " << set << ": " << request.head.authority << ' ' << request.head.path;
      not_default += expected + 1 < compiled->rules().size() ? 1 : 0;
    }
  }
  EXPECT_GT(not_default, total / 4) << "the generator matches too seldom to prove anything";
}

}  // namespace
}  // namespace kanaria::rules
