// What is wrong or odd in a configuration file, with its place. Config faults are collected, all of them, and printed
// sorted by line. Values; any thread.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace kanaria::config {

/// A place in the file, counted from 1; 0:0 is "no place" (a missing file, a default).
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  friend auto operator<=>(const Position&, const Position&) = default;
};

enum class Severity : std::uint8_t { Error, Warning };

struct Diagnostic {
  Severity severity = Severity::Error;
  Position at;
  std::string message;  // one sentence without the place; says what to write instead where that is known
  std::string path;     // "listeners[0].rules[2].priority", empty for the file as a whole
};

class Diagnostics {
 public:
  /// Path and message may quote the file: what could disturb a terminal or a log is escaped here.
  void error(Position at, std::string_view path, std::string_view message);
  void warning(Position at, std::string_view path, std::string_view message);
  bool has_errors() const;
  bool empty() const { return list_.empty(); }
  /// Sorted by place, errors and warnings together.
  std::vector<Diagnostic> sorted() const;
  void append(const Diagnostics& other);

 private:
  std::vector<Diagnostic> list_;
};

/// "FILE:LINE:COLUMN: error: MESSAGE", the line itself and a caret under the column. `text` is the file's content. Tabs
/// and bytes that are not printable are shown so that they can't disturb a terminal or a log.
std::string render(const Diagnostic& diagnostic, std::string_view file, std::string_view text);

/// The candidate closest to `word`, or empty when none is close enough for "did you mean".
std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates);
/// For the end of a message: ": did you mean "canary"?", or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates);

}  // namespace kanaria::config
