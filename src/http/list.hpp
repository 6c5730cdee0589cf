// Lists in field values (RFC 9110 §5.6.1), item by item.
#pragma once

#include <string_view>

namespace kanaria::http {

constexpr std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Calls `visit` with each item that is not empty, without surrounding white space.
template <char separator = ',', class Visit>
void for_each_item(std::string_view list, Visit&& visit) {
  while (!list.empty()) {
    const std::size_t end = list.find(separator);
    if (const std::string_view item = trimmed(list.substr(0, end)); !item.empty()) visit(item);
    if (end == std::string_view::npos) return;
    list.remove_prefix(end + 1);
  }
}

}  // namespace kanaria::http
