// Numbers and times of the daemon's answers as people read them. Pure.
#pragma once

#include <cstdint>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

namespace kanaria::cli {

template <class... Values>
std::string format(const char* pattern, Values... values) {
  char text[64];
  std::snprintf(text, sizeof text, pattern, values...);
  return text;
}

/// "3d 4h", "4 min".
std::string length_of(std::int64_t seconds);
/// "0.25ms", "8ms", "8.2ms", "120ms", "2.5s"; "-" of null.
std::string seconds_text(const nlohmann::ordered_json& seconds);
/// "0.21%", "10.0%", "100%"; "-" of null.
std::string percent_text(const nlohmann::ordered_json& part, int digits);
/// What somebody wrote as a share: "10%", "0.5%", "12.34%".
std::string share_text(double part);
/// "1,908"
std::string count_text(std::uint64_t count);
/// Without zeros behind the point that say nothing.
std::string trimmed(std::string number);
/// Minutes of "2026-01-31T12:00:00Z": "2026-01-31 12:00Z". UTC, as everything here.
std::string clock_of(const nlohmann::ordered_json& when);

}  // namespace kanaria::cli
