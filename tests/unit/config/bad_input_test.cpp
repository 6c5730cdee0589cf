#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "reports.hpp"

namespace kanaria::config {
namespace {

using Reports = std::vector<std::string>;

struct Case {
  const char* description;
  std::string text;
  Reports expected;
};

/// A file whose rule's action starts in line 5, column 18, and whose two groups are a and b.
std::string with_action(std::string_view action) {
  return filled(R"(listeners:
  - port: 8080
    rules:
      - {priority: 1, conditions: [{path_pattern: ["/"]}],
         action: {}}
    default_action: {fixed_response: {status_code: 404}}
target_groups: [{name: app-main, targets: ["127.0.0.1:1"]}, {name: app-canary, targets: ["127.0.0.1:2"]}]
)",
                action);
}

std::string with_weight(std::string_view weight) {
  return with_action(
      filled("{forward: {target_groups: [{name: app-main, weight: {}}, {name: app-canary, weight: 1}]}}", weight));
}

const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"an empty file", "", {"0:0 the file is empty: it needs at least listeners"}},
      {"only a comment", "# nothing\n", {"0:0 the file is empty: it needs at least listeners"}},
      {"a list", "- a\n", {"1:1 the file must be a mapping, not a list"}},
      {"one word", "listeners\n", {"1:1 the file must be a mapping, not a single value"}},
      {"no listeners", "target_groups: []\n", {"1:1 the file needs listeners"}},
      {"an empty list of listeners", "listeners: []\n", {"1:12 listeners needs at least one listener"}},
      {"listeners without a value", "listeners:\nworkers: 1\n", {"1:1 listeners must be a list, not empty"}},
      {"a syntax error", "listeners: [\n  {port: 80}\n", {"3:1 this is no valid YAML: end of sequence flow not found"}},
      {"a mapping in the wrong place",
       "workers: 1\nlog: level: info\n",
       {"2:11 this is no valid YAML: illegal map value"}},
      {"a tab", "listeners:\n\t- port: 80\n", {"2:1 a tab can't indent in YAML: use spaces"}},
      {"a tab further right", "log:\n  level: info\n \tformat: text\n", {"3:2 a tab can't indent in YAML: use spaces"}},
      {"a NUL byte",
       std::string("workers: \0", 10),
       {"1:10 a byte here is no UTF-8 text: a control character or another encoding"}},
      {"Latin-1",
       "workers: 1\nlog: {level: \xe9}\n",
       {"2:14 a byte here is no UTF-8 text: a control character or another encoding"}},
      {"UTF-16",
       std::string("\xff\xfew\0", 4),
       {"1:1 a byte here is no UTF-8 text: a control character or another encoding"}},
      {"an unknown key", with_weight("1") + "color: red\n", {"8:1 unknown key \"color\""}},
      {"a misspelt key", with_weight("1") + "wokers: 4\n", {"8:1 unknown key \"wokers\": did you mean \"workers\"?"}},
      {"a doubled key",
       with_weight("1") + "workers: 4\nlog: {}\nworkers: 5\n",
       {"10:1 \"workers\" is written twice: it already stands in line 8"}},
      {"an alias",
       "log: &quiet {level: error}\naccess_logs: *quiet\n" + with_weight("1"),
       {"1:6 anchors (&name) are refused: write the value out where it is needed",
        "2:14 aliases (*name) are refused: write the value out"}},
      {"an alias bomb",
       "a: &a [x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a]\n",
       {"1:1 unknown key \"a\"", "1:4 anchors (&name) are refused: write the value out where it is needed",
        "2:1 unknown key \"b\"", "2:4 anchors (&name) are refused: write the value out where it is needed",
        "2:8 aliases (*name) are refused: write the value out", "2:11 aliases (*name) are refused: write the value out",
        "2:14 aliases (*name) are refused: write the value out",
        "2:17 aliases (*name) are refused: write the value out",
        "2:20 aliases (*name) are refused: write the value out",
        "2:23 aliases (*name) are refused: write the value out",
        "2:26 aliases (*name) are refused: write the value out",
        "2:29 aliases (*name) are refused: write the value out"}},
      {"a tag", with_weight("1") + "workers: !!int 4\n", {"8:10 tags (!name) are refused: write the plain value"}},
      {"a second document",
       with_weight("1") + "---\nworkers: 1\n",
       {"8:1 this is no valid YAML: a second document starts here; one file is one document"}},
      {"a list as a key", with_weight("1") + "[a, b]: 1\n", {"8:1 a key must be a word"}},
      {"too deep",
       std::string(40, '[') + std::string(40, ']'),
       {"1:33 this is no valid YAML: this is nested too deeply"}},
      {"very deep", std::string(100000, '['), {"1:17 this is no valid YAML: this is nested too deeply"}},
      {"a weight of 1000", with_weight("1000"), {"5:70 weight must be 0-999, not 1000"}},
      {"a weight of -1", with_weight("-1"), {"5:70 weight must be 0-999, not -1"}},
      {"a weight of ten", with_weight("ten"), {"5:70 weight must be a number 0-999, not \"ten\""}},
      {"a weight of 010", with_weight("010"), {"5:70 weight must be written without leading zeros: 10, not 010"}},
      {"a weight in hexadecimal", with_weight("0x10"), {"5:70 weight must be a number 0-999, not \"0x10\""}},
      {"a weight with an underscore", with_weight("1_0"), {"5:70 weight must be a number 0-999, not \"1_0\""}},
      {"a weight with a sign", with_weight("+5"), {"5:70 weight must be a number 0-999, not \"+5\""}},
      {"a fraction", with_weight("1.5"), {"5:70 weight must be a number 0-999, not \"1.5\""}},
      {"an enormous weight",
       with_weight("99999999999999999999999"),
       {"5:70 weight must be 0-999, not 99999999999999999999999"}},
      {"a list as weight", with_weight("[1]"), {"5:70 weight must be a single value, not a list"}},
      {"no weight at all", with_weight("~"), {"5:70 weight must be a single value, not empty"}},
      {"several groups, one without weight",
       with_action("{forward: {target_groups: [{name: app-main}, {name: app-canary, weight: 1}]}}"),
       {"5:45 a target group of a forward action needs weight"}},
      {"six groups",
       with_action("{forward: {target_groups: [{name: app-main, weight: 1}, {name: app-canary, weight: 1}, {name: c, "
                   "weight: 1}, {name: d, weight: 1}, "
                   "{name: e, weight: 1}, {name: f, weight: 1}]}}"),
       {"5:18 a forward action has at most 5 target groups, not 6", "5:112 there is no target group \"c\"",
        "5:134 there is no target group \"d\"", "5:156 there is no target group \"e\"",
        "5:178 there is no target group \"f\""}},
      {"an unknown group",
       with_action("{target_group: app-mian}"),
       {"5:33 there is no target group \"app-mian\": did you mean \"app-main\"?"}},
      {"a group twice in one action",
       with_action("{forward: {target_groups: [{name: app-main, weight: 1}, {name: app-canary, weight: 1}, {name: "
                   "app-main, weight: 1}]}}"),
       {"5:112 the target group \"app-main\" is in this action already"}},
      {"all weights 0",
       with_action("{forward: {target_groups: [{name: app-main, weight: 0}, {name: app-canary, weight: 0}]}}"),
       {"5:18 warning: all weights are 0: every request of this rule is answered 503"}},
      {"two rules with one priority",
       R"(listeners:
  - port: 8080
    rules:
      - {priority: 7, name: a, conditions: [{path_pattern: ["/a"]}], action: {fixed_response: {status_code: 200}}}
      - {priority: 7, name: b, conditions: [{path_pattern: ["/b"]}], action: {fixed_response: {status_code: 200}}}
    default_action: {fixed_response: {status_code: 404}}
)",
       {"5:20 priority 7 is already used by rule \"a\" in line 4"}},
      {"all faults at once",
       "workers: 0\nlog: {level: loud}\nlisteners:\n  - {port: 70000, color: red}\n  - {protocol: HTTPS, port: 443, "
       "default_action: {}}\n",
       {"1:10 workers must be auto or 1-1024, not 0",
        "2:14 level must be trace, debug, info, warn or error, not \"loud\"", "4:12 port must be 1-65535, not 70000",
        "4:19 unknown key \"color\"", "5:16 \"protocol: HTTPS\" is not available yet",
        "5:50 default_action needs one of target_group, forward, redirect or fixed_response"}},
  };
  return all;
}

TEST(BadInput, EachFaultHasItsPlaceAndSaysWhatToWrite) {
  for (const Case& one : cases()) EXPECT_EQ(reports(one.text), one.expected) << one.description;
}

TEST(BadInput, AFileThatCannotBeReadIsOneFaultWithoutAPlace) {
  const auto only_message = [](const std::string& file) {
    const Loaded loaded = load(file, no_environment);
    EXPECT_FALSE(loaded.model);
    return render(loaded);
  };
  EXPECT_EQ(only_message("no/such/file.yaml"),
            "no/such/file.yaml: error: can't read the file: No such file or directory\n");
  const std::string directory = std::filesystem::temp_directory_path();
  EXPECT_EQ(only_message(directory), directory + ": error: this is a directory, not a file\n");
  const auto large = std::filesystem::temp_directory_path() / "kanaria_config_test_large.yaml";
  std::ofstream(large) << "a";
  std::filesystem::resize_file(large, 16UL * 1024 * 1024 + 1);
  EXPECT_EQ(only_message(large), large.string() + ": error: the file is larger than 16 MiB\n");
  std::filesystem::remove(large);
}

TEST(BadInput, AFaultLeavesNoModelAndAWarningLeavesOne) {
  EXPECT_FALSE(parse("x", with_weight("1000"), no_environment).model);
  EXPECT_TRUE(parse("x", with_action("{target_group: app-main}"), no_environment).model);
}

}  // namespace
}  // namespace kanaria::config
