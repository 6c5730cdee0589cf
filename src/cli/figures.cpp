#include "figures.hpp"

#include <algorithm>

#include "remote.hpp"

namespace kanaria::cli {

using Json = nlohmann::ordered_json;

std::string length_of(std::int64_t seconds) {
  const auto minutes = seconds / 60;
  const auto hours = minutes / 60;
  if (hours >= 24) return std::to_string(hours / 24) + "d " + std::to_string(hours % 24) + "h";
  if (hours > 0) return std::to_string(hours) + "h " + std::to_string(minutes % 60) + "m";
  return minutes > 0 ? std::to_string(minutes) + " min" : std::to_string(seconds) + " s";
}

std::string seconds_text(const Json& seconds) {
  if (seconds.is_null()) return "-";
  const double value = seconds.get<double>();
  const bool is_short = value < 0.9995;
  const double shown = is_short ? value * 1000 : value;
  return trimmed(format("%.*f", shown < 0.995 ? 2 : shown < 9.95 ? 1 : 0, shown)) + (is_short ? "ms" : "s");
}

std::string percent_text(const Json& part, int digits) {
  if (part.is_null()) return "-";
  const double shown = part.get<double>() * 100;
  return format("%.*f%%", shown >= 99.5 ? 0 : shown >= 9.95 ? std::min(digits, 1) : digits, shown);
}

std::string share_text(double part) {
  return trimmed(format("%.2f", part * 100)) + "%";
}

std::string count_text(std::uint64_t count) {
  std::string text = std::to_string(count);
  for (std::size_t at = text.size(); at > 3; at -= 3) text.insert(at - 3, ",");
  return text;
}

std::string trimmed(std::string number) {
  if (number.find('.') == std::string::npos) return number;
  number.resize(number.find_last_not_of('0') + 1);
  if (number.ends_with('.')) number.pop_back();
  return number;
}

std::string clock_of(const Json& when) {
  const std::string text = text_of(when);
  return text.size() < 17 ? text : text.substr(0, 10) + " " + text.substr(11, 5) + "Z";
}

}  // namespace kanaria::cli
