// What a file's faults look like in tests: "LINE:COLUMN MESSAGE", warnings with "warning: " before the message.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "kanaria/config/parse.hpp"

namespace kanaria::config {

inline std::optional<std::string> no_environment(std::string_view) {
  return std::nullopt;
}

inline std::vector<std::string> reports(const Diagnostics& diagnostics) {
  std::vector<std::string> reports;
  for (const Diagnostic& one : diagnostics.sorted()) {
    reports.push_back(std::to_string(one.at.line) + ":" + std::to_string(one.at.column) + " " +
                      (one.severity == Severity::Warning ? "warning: " : "") + one.message);
  }
  return reports;
}

inline std::vector<std::string> reports(std::string text, const Environment& environment = no_environment) {
  return reports(parse("test.yaml", std::move(text), environment).diagnostics);
}

/// `text` with `{}` replaced by `part`.
inline std::string filled(std::string text, std::string_view part) {
  return text.replace(text.find("{}"), 2, part);
}

}  // namespace kanaria::config
