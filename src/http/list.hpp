// Comma-separated lists (RFC 9110 §5.6.1), item by item.
#pragma once

#include <string_view>

namespace kanaria::http {

constexpr std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Calls `visit` with each item that is not empty, without surrounding white space.
template <class Visit>
void for_each_item(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const std::size_t comma = list.find(',');
    if (const std::string_view item = trimmed(list.substr(0, comma)); !item.empty()) visit(item);
    if (comma == std::string_view::npos) return;
    list.remove_prefix(comma + 1);
  }
}

}  // namespace kanaria::http
