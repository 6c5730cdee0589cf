#include "kanaria/rules/check.hpp"

#include <gtest/gtest.h>

#include "build.hpp"
#include "kanaria/config/parse.hpp"

namespace kanaria::rules {
namespace {

std::vector<std::uint32_t> lines_of_faults(const char* text) {
  config::Loaded loaded = config::parse("test.yaml", text, [](std::string_view) { return std::nullopt; });
  EXPECT_FALSE(loaded.model);
  check_patterns(loaded.draft, loaded.diagnostics);
  std::vector<std::uint32_t> lines;
  for (const config::Diagnostic& one : loaded.diagnostics.sorted()) lines.push_back(one.at.line);
  return lines;
}

TEST(CheckPatterns, FindsBadRegularExpressionsInAFileWithOtherFaults) {
  const char* const text = R"YAML(listeners:
  - port: 80
    rules:
      - priority: 1
        conditions: [{path_pattern: {regex_values: ["("]}}]
        transforms:
          - url_rewrite:
              regex: "^/a"
              replace: "$1"
        action: {target_group: missing}
    default_action: {fixed_response: {status_code: 404}}
target_groups: [{name: app, targets: ["127.0.0.1:0"]}]
)YAML";
  EXPECT_EQ(lines_of_faults(text), (std::vector<std::uint32_t>{5, 9, 10, 12}));
}

TEST(CheckPatterns, FindsBadRegularExpressionsInTheMatchesOfRollouts) {
  config::Loaded loaded = config::parse("test.yaml", R"YAML(state_dir: /s
listeners:
  - port: 80
    default_action: {forward: {target_groups: [{name: a, weight: 1}, {name: b, weight: 0}]}}
target_groups: [{name: a}, {name: b}]
rollouts:
  - name: r
    rule: http-80/default
    stable: a
    canary: b
    steps: [{set_weight: 1%}, {pause: {}}, {set_weight: 100%}]
    match:
      - {path_pattern: [/fine], target_group: a}
      - path_pattern: {regex_values: ["("]}
        http_header: {http_header_name: X-A, regex_values: [fine, "["]}
        target_group: b
)YAML",
                                        [](std::string_view) { return std::nullopt; });
  ASSERT_TRUE(loaded.model) << config::render(loaded);
  check_matches(*loaded.model, loaded.diagnostics);
  const auto found = loaded.diagnostics.sorted();
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].at, (config::Position{14, 39}));
  EXPECT_EQ(found[0].path, "rollouts[r].match[1]");
  EXPECT_EQ(found[1].at, (config::Position{15, 67}));

  config::Diagnostics again;
  check_patterns(*loaded.model, again);
  EXPECT_EQ(again.sorted().size(), 2U) << "among those of rules";
}

TEST(CheckPatterns, SaysNothingOfWhatIsMissing) {
  const char* const text = R"YAML(listeners:
  - port: 80
    rules:
      - priority: 1
        conditions:
          - path_pattern: {regex_values: [""]}
          - http_header: {values: ["a"]}
          - query_string: [{key: ""}]
        transforms:
          - host_header_rewrite: {replace: "$1"}
          - url_rewrite: {regex: "(a)"}
)YAML";
  for (const std::uint32_t line : lines_of_faults(text)) EXPECT_NE(line, 0U);
  EXPECT_EQ(lines_of_faults(text).size(), 8U);
}

TEST(CheckPatterns, TakesAFileThatIsNoDocument) {
  EXPECT_EQ(lines_of_faults("a: [").size(), 1U);
}

}  // namespace
}  // namespace kanaria::rules
