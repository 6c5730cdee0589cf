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
