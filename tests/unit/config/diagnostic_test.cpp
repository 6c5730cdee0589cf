#include "kanaria/config/diagnostic.hpp"

#include <gtest/gtest.h>

namespace kanaria::config {
namespace {

Diagnostic error_at(Position at, std::string message = "this is wrong") {
  return {Severity::Error, at, std::move(message), ""};
}

TEST(Render, ShowsThePlaceTheLineAndACaret) {
  const std::string text = "a: 1\n  - {name: app-main, weight: 1000}\n";
  EXPECT_EQ(render(error_at({2, 29}, "weight must be 0-999, not 1000"), "canary.yaml", text),
            "canary.yaml:2:29: error: weight must be 0-999, not 1000\n"
            "    2 |   - {name: app-main, weight: 1000}\n"
            "      |                             ^\n");
}

TEST(Render, AWarningSaysSo) {
  EXPECT_EQ(render({Severity::Warning, {}, "this is odd", ""}, "a.yaml", ""), "a.yaml: warning: this is odd\n");
}

TEST(Render, WithoutAPlaceThereIsNoLine) {
  EXPECT_EQ(render(error_at({}), "a.yaml", "x: 1\n"), "a.yaml: error: this is wrong\n");
}

TEST(Render, APlaceBehindTheEndShowsNoLine) {
  EXPECT_EQ(render(error_at({9, 1}), "a.yaml", "x: 1\n"), "a.yaml:9:1: error: this is wrong\n");
}

TEST(Render, BytesThatDisturbATerminalAreWrittenAsEscapes) {
  const std::string text = "\tx: \x1b[31m\xe2\x80\xae\xff y\r\n";
  EXPECT_EQ(render(error_at({1, 14}, "not \"\x1b[2J\""), "a\x1b.yaml", text),
            "a\\x1b.yaml:1:14: error: not \"\\x1b[2J\"\n"
            "    1 | \\tx: \\x1b[31m\\xe2\\x80\\xae\\xff y\n"
            "      |                              ^\n");
}

TEST(Render, TheCaretCountsCharactersNotBytes) {
  EXPECT_EQ(render(error_at({1, 8}), "a.yaml", "\xc3\xa4\xc3\xb6: x y\n"),
            "a.yaml:1:8: error: this is wrong\n"
            "    1 | \xc3\xa4\xc3\xb6: x y\n"
            "      |      ^\n");
}

TEST(Render, OfAVeryLongLineOnlyThePartAroundTheFaultIsShown) {
  const std::string text = std::string(5000, 'a') + "X" + std::string(5000, 'b');
  EXPECT_EQ(render(error_at({1, 5001}), "a.yaml", text), "a.yaml:1:5001: error: this is wrong\n    1 | ..." +
                                                             std::string(100, 'a') + "X" + std::string(59, 'b') +
                                                             "...\n      | " + std::string(103, ' ') + "^\n");
}

TEST(Diagnostics, AreSortedByPlace) {
  Diagnostics diagnostics;
  diagnostics.warning({3, 1}, "", "third");
  diagnostics.error({1, 9}, "", "second");
  diagnostics.error({1, 2}, "", "first");
  std::string order;
  for (const Diagnostic& one : diagnostics.sorted()) order += one.message + " ";
  EXPECT_EQ(order, "first second third ");
}

TEST(Diagnostics, AWarningIsNoError) {
  Diagnostics diagnostics;
  diagnostics.warning({1, 1}, "", "odd");
  EXPECT_FALSE(diagnostics.has_errors());
  EXPECT_FALSE(diagnostics.empty());
  diagnostics.error({1, 1}, "", "wrong");
  EXPECT_TRUE(diagnostics.has_errors());
}

TEST(Nearest, FindsWhatWasMeant) {
  struct Case {
    const char* description;
    const char* word;
    const char* expected;
  };
  const std::vector<std::string_view> known = {"listeners", "target_groups", "workers", "log", "weight"};
  for (const Case& one :
       {Case{"two letters swapped", "lisetners", "listeners"}, Case{"a letter missing", "wokers", "workers"},
        Case{"a letter too many", "listenners", "listeners"}, Case{"a minus", "target-groups", "target_groups"},
        Case{"capital letters", "Workers", "workers"}, Case{"a swap at the end", "weigth", "weight"},
        Case{"singular", "target_group", "target_groups"}, Case{"a short word", "lgo", "log"},
        Case{"nothing alike", "colour", ""}, Case{"short and different", "abc", ""}, Case{"empty", "", ""}}) {
    EXPECT_EQ(nearest(one.word, known), one.expected) << one.description;
  }
  EXPECT_EQ(nearest(std::string(100000, 'a'), known), "");
}

}  // namespace
}  // namespace kanaria::config
