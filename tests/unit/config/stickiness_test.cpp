// What a file says about users who stay where they are, and the faults of it.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kanaria/config/print.hpp"
#include "reports.hpp"

namespace kanaria::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

using Reports = std::vector<std::string>;

/// A file with these keys beside a forward action's groups (from line 3, column 6) and in its second group (from line
/// 7, column 6).
std::string file(std::string_view forward, std::string_view group = "port: 1", std::string_view top = "state_dir: /s",
                 std::string_view groups = "[{name: a, weight: 90}, {name: b, weight: 10}]") {
  return std::string(top) +
         "\nlisteners: [{port: 80, default_action: {forward: {target_groups: " + std::string(groups) + ",\n     " +
         std::string(forward) + "}}}]\ntarget_groups:\n  - {name: a}\n  - {name: b,\n     " + std::string(group) +
         "}\n";
}

Reports errors(const std::string& text) {
  Reports errors = reports(text);
  std::erase_if(errors, [](const std::string& one) { return one.find(" warning: ") != std::string::npos; });
  return errors;
}

Model model(const std::string& text) {
  const Loaded loaded = parse("test.yaml", text, no_environment);
  EXPECT_TRUE(loaded.model) << render(loaded);
  return loaded.model.value_or(Model{});
}

Forward forward(const std::string& text) {
  return std::get<Forward>(model(text).listeners.front().default_rule.action.of);
}

TEST(Stickiness, IsOffUnlessItIsEnabled) {
  EXPECT_FALSE(forward(file("failover: false")).stickiness.enabled);
  EXPECT_FALSE(forward(file("stickiness: {enabled: false}")).stickiness.enabled);
  EXPECT_FALSE(model(file("failover: false")).target_groups.back().stickiness.enabled);
  EXPECT_EQ(errors(file("stickiness: {duration: 1h}")), Reports{"3:18 stickiness needs enabled"});
  EXPECT_EQ(errors(file("failover: false", "stickiness: {type: lb_cookie}")), Reports{"7:18 stickiness needs enabled"});
}

TEST(Stickiness, OfGroupsHasAlbsDurations) {
  EXPECT_EQ(forward(file("stickiness: {enabled: true}")).stickiness.duration, 1h);
  EXPECT_EQ(forward(file("stickiness: {enabled: true, duration: 604800}")).stickiness.duration, 7 * 24h);
  EXPECT_EQ(errors(file("stickiness: {enabled: true, duration: 0}")), Reports{"3:44 duration must be 1s-7d, not 0"});
  EXPECT_EQ(errors(file("stickiness: {enabled: true, duration: 8d}")), Reports{"3:44 duration must be 1s-7d, not 8d"});
}

TEST(Stickiness, OfTargetsHasAlbsTypes) {
  const std::string with_groups = "stickiness: {enabled: true}";
  TargetStickiness found =
      model(file(with_groups, "stickiness: {enabled: true, cookie_duration: 60}")).target_groups.back().stickiness;
  EXPECT_TRUE(found.enabled);
  EXPECT_EQ(found.type, TargetStickiness::Type::LbCookie);
  EXPECT_EQ(found.cookie_duration, 1min);
  found = model(file("failover: false", "stickiness: {enabled: true, type: app_cookie, cookie_name: JSESSIONID}",
                     "state_dir: /s", "[{name: b}]"))
              .target_groups.back()
              .stickiness;
  EXPECT_EQ(found.type, TargetStickiness::Type::AppCookie);
  EXPECT_EQ(found.cookie_duration, 24h);
  EXPECT_EQ(found.cookie_name, "JSESSIONID");
}

TEST(Stickiness, RefusesWhatAlbRefuses) {
  const auto of_group = [](std::string_view stickiness) {
    return errors(file("failover: false", stickiness, "state_dir: /s", "[{name: b}]"));
  };
  const std::string ours = " must not begin with AWSALB: these cookies are the load balancer's own";
  for (const std::string name : {"AWSALB", "AWSALBAPP", "AWSALBTG", "AWSALBAPP-0", "AWSALBx"})
    EXPECT_EQ(of_group("stickiness: {enabled: true, type: app_cookie, cookie_name: " + name + "}"),
              (Reports{"7:65 cookie_name" + ours}))
        << name;
  EXPECT_EQ(of_group("stickiness: {enabled: true}, load_balancing_algorithm_type: weighted_random"),
            Reports{"7:18 stickiness doesn't work with load_balancing_algorithm_type: weighted_random"});
  EXPECT_EQ(errors(file("failover: false", "stickiness: {enabled: true}")),
            Reports{"2:97 the target group \"b\" has stickiness, so this action with several groups needs it too: "
                    "stickiness: {enabled: true}, or split: per_user"});
  EXPECT_EQ(
      errors(file("stickiness: {enabled: true}", "stickiness: {enabled: true, type: app_cookie, cookie_name: s}")),
      Reports{"2:97 stickiness of type app_cookie, which \"b\" has, doesn't work in a forward action with "
              "several target groups"});
  EXPECT_EQ(errors(file("split: per_user", "stickiness: {enabled: true}")), Reports{});
}

TEST(Stickiness, OfAnApplicationNeedsItsCookiesName) {
  const auto of_group = [](std::string_view stickiness) {
    return errors(file("failover: false", stickiness, "state_dir: /s", "[{name: b}]"));
  };
  EXPECT_EQ(of_group("stickiness: {enabled: true, type: app_cookie}"),
            Reports{"7:18 type app_cookie needs cookie_name, the cookie that the application sets"});
  EXPECT_EQ(of_group("stickiness: {enabled: false, type: app_cookie}"), Reports{});
  EXPECT_EQ(of_group("stickiness: {enabled: true, cookie_name: s}"),
            Reports{"7:47 cookie_name is the application's cookie: it needs type: app_cookie beside it"});
  EXPECT_EQ(of_group("stickiness: {enabled: true, type: app_cookie, cookie_name: \"a b\"}"),
            Reports{"7:65 cookie_name must be a name of up to 128 characters without ; = and blanks, not \"a b\""});
}

TEST(PerUser, KnowsUsersByTheirKey) {
  const Forward found = forward(file("split: per_user, user_key: [{cookie: uid}, {http_header: X-User}]"));
  EXPECT_EQ(found.split, SplitMode::PerUser);
  ASSERT_EQ(found.user_key.size(), 2U);
  EXPECT_EQ(found.user_key[0].kind, UserKey::Kind::Cookie);
  EXPECT_EQ(found.user_key[1].kind, UserKey::Kind::HttpHeader);
  EXPECT_EQ(found.user_key[1].name.value, "X-User");
}

TEST(PerUser, RefusesWhatContradictsIt) {
  EXPECT_EQ(errors(file("split: per_user, stickiness: {enabled: true}")),
            Reports{"3:35 stickiness must not be enabled with split: per_user, which keeps users where they are "
                    "itself"});
  EXPECT_EQ(errors(file("split: per_user, stickiness: {enabled: false}")), Reports{});
  EXPECT_EQ(errors(file("user_key: [{cookie: uid}]")),
            Reports{"3:26 user_key says who a user is, and only split: per_user asks"});
  EXPECT_EQ(errors(file("split: per_user, user_key: []")), Reports{"3:33 user_key needs at least one part"});
  EXPECT_EQ(errors(file("split: per_user, user_key: [{cookie: KANARIA_BUCKET}]")),
            Reports{"3:43 cookie must not begin with KANARIA_BUCKET: these cookies are the load balancer's own"});
  EXPECT_EQ(errors(file("split: per_user, user_key: [{http_header: \"a:b\"}]")),
            Reports{"3:48 http_header must be a name of up to 128 characters without ; = and blanks, not \"a:b\""});
  EXPECT_EQ(errors(file("split: per_user, user_key: [{http_header: Cookie}]")),
            Reports{"3:48 http_header must not be Cookie: write cookie: NAME"});
  EXPECT_EQ(errors(file("split: per_user, user_key: [{http_header: Host}]")),
            Reports{"3:48 Host says nothing of who a user is"});
  EXPECT_EQ(errors(file("split: per_user, user_key: [{http_header: X-A}, {cookie: X-A}, {http_header: X-A}]")),
            Reports{"3:83 http_header X-A is in this user_key already"});
  EXPECT_EQ(errors(file("split: per_user, user_key: [{cookie: a}, {cookie: b}, {cookie: c}, {cookie: d}, {cookie: e}, "
                        "{cookie: f}]")),
            Reports{"3:33 user_key has at most 5 parts, not 6"});
}

TEST(CookieKeys, AreNeededWhereCookiesAreSealed) {
  const std::string wanted =
      "cookies must be sealed: write state_dir, where keys are made and kept, or cookie_key_file";
  EXPECT_EQ(errors(file("stickiness: {enabled: true}", "port: 1", "workers: 1")), Reports{"3:18 " + wanted});
  EXPECT_EQ(errors(file("split: per_user", "port: 1", "workers: 1")), Reports{"2:40 " + wanted});
  EXPECT_EQ(errors(file("failover: false", "stickiness: {enabled: true}", "workers: 1", "[{name: b}]")),
            Reports{"7:18 " + wanted});
  EXPECT_EQ(errors(file("stickiness: {enabled: true}", "port: 1", "cookie_key_file: /k")), Reports{});
}

TEST(CookieKeys, ThatNobodyUsesAreAWarning) {
  const auto warnings = [](std::string_view top, std::string_view forward) {
    Reports found = reports(file(forward, "port: 1", top));
    std::erase_if(found, [](const std::string& one) { return !one.starts_with("1:"); });
    return found;
  };
  EXPECT_THAT(warnings("state_dir: /s", "failover: false"), ElementsAre()) << "it keeps what is set by hand";
  EXPECT_THAT(
      warnings("cookie_key_file: /s", "failover: false"),
      ElementsAre("1:18 warning: cookie_key_file means nothing here: no rule and no target group sets cookies"));
  EXPECT_THAT(warnings("state_dir: none", "failover: false"), ElementsAre());
  EXPECT_THAT(warnings("state_dir: /s", "split: per_user"), ElementsAre());
}

TEST(Stickiness, UnderANameThatANumberGaveIsAWarning) {
  const auto warnings = [](const std::string& listener, const std::string& rule, const std::string& sticky) {
    return reports(
        "state_dir: /s\nlisteners:\n  - {port: 80, " + listener +
        "default_action: {target_group: a}, rules: [\n      {priority: 7, " + rule +
        "conditions: [{path_pattern: [/]}], action: {forward: {target_groups: [{name: a}], stickiness: {enabled: " +
        sticky + "}}}}]}\ntarget_groups: [{name: a, stickiness: {enabled: true}}]\n");
  };
  EXPECT_THAT(warnings("name: web, ", "name: shop, ", "true"), ElementsAre());
  EXPECT_THAT(warnings("", "", "false"), ElementsAre());
  EXPECT_THAT(warnings("", "", "true"),
              ElementsAre("3:5 warning: users are kept under the listener's name, http-80: write name, or another port "
                          "moves them all",
                          "4:7 warning: users are kept under the rule's name, rule-7: write name, or another priority "
                          "moves them all"));
}

TEST(PerUser, WithASingleGroupIsAWarning) {
  EXPECT_THAT(reports(file("split: per_user", "port: 1", "state_dir: /s", "[{name: b}]")),
              testing::Contains("2:40 warning: split: per_user means nothing with a single target group"));
}

TEST(Stickiness, OfMoreRulesThanACookieHasRoomForIsAWarning) {
  const auto with = [](int rules) {
    std::string text = "state_dir: /s\nlisteners: [{port: 80, name: web, default_action: {target_group: a}, rules: [\n";
    for (int i = 1; i <= rules; ++i)
      text += "  {name: r" + std::to_string(i) + ", priority: " + std::to_string(i) +
              ", conditions: [{path_pattern: [/" + std::to_string(i) +
              "]}], action: {forward: {target_groups: [{name: a}], stickiness: {enabled: true}}}},\n";
    return reports(text + "]}]\ntarget_groups: [{name: a}]\n");
  };
  EXPECT_THAT(with(32), ElementsAre());
  EXPECT_THAT(with(33),
              ElementsAre("0:0 warning: 33 rules with stickiness: a browser's cookie has room for 32 of one host, "
                          "and who uses more of them is a new visitor again"));
}

TEST(Stickiness, ThatChangesIsToldInAReload) {
  const Model before = model(file("stickiness: {enabled: true}", "stickiness: {enabled: true}"));
  const Model after = model(file("split: per_user, user_key: [{cookie: uid}, {http_header: X-User}]",
                                 "stickiness: {enabled: true, cookie_duration: 2h}", "cookie_key_file: /k"));
  EXPECT_THAT(differences(before, after),
              ElementsAre("state_dir: /s -> none (needs a restart; a reload is refused)", "cookie_key_file: none -> /k",
                          "listener http-80: rule default: split: shuffled -> per_user",
                          "listener http-80: rule default: user_key: nothing -> cookie uid, http_header X-User",
                          "listener http-80: rule default: stickiness enabled: true -> false",
                          "target group b: stickiness cookie_duration: 1d -> 2h"));
}

}  // namespace
}  // namespace kanaria::config
