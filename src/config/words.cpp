#include "words.hpp"

namespace kanaria::config {

std::string_view words(bool value) {
  return value ? "true" : "false";
}

std::string_view words(LogLevel level) {
  constexpr std::string_view kWords[] = {"trace", "debug", "info", "warn", "error"};
  return kWords[static_cast<std::size_t>(level)];
}

std::string_view words(LogFormat format) {
  return format == LogFormat::Text ? "text" : "json";
}

std::string_view words(XffMode mode) {
  constexpr std::string_view kWords[] = {"append", "preserve", "remove"};
  return kWords[static_cast<std::size_t>(mode)];
}

std::string_view words(http::DesyncMode mode) {
  constexpr std::string_view kWords[] = {"monitor", "defensive", "strictest"};
  return kWords[static_cast<std::size_t>(mode)];
}

std::string_view words(SplitMode mode) {
  return mode == SplitMode::Shuffled ? "shuffled" : "random";
}

std::string_view words(ProxyVersion version) {
  constexpr std::string_view kWords[] = {"off", "v1", "v2", "any"};
  return kWords[static_cast<std::size_t>(version)];
}

std::string auto_or(const std::optional<int>& number) {
  return number ? std::to_string(*number) : "auto";
}

int total_weight(const Forward& forward) {
  int total = 0;
  for (const WeightedGroup& group : forward.target_groups) total += group.weight;
  return total;
}

}  // namespace kanaria::config
