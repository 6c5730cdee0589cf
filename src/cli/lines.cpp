#include "lines.hpp"

#include <algorithm>

namespace kanaria::cli {

void Lines::add(std::string_view text, Colour colour) {
  while (text.ends_with(' ')) text.remove_suffix(1);
  const std::string shown = terminal_.is_terminal ? fitted(text, columns_) : std::string(text);
  add_whole(colour ? terminal_.coloured(*colour, shown) : shown);
}

void Lines::wrap(const std::string& before, std::string_view text, Colour colour) {
  const std::size_t indent = width_of(before);
  std::string begin = before;
  while (!fits(indent + width_of(text))) {
    // The last space before which all has room; without one the first space that there is.
    std::size_t end = text.find(' ');
    for (std::size_t next = end; next != std::string_view::npos; next = text.find(' ', next + 1)) {
      if (!fits(indent + width_of(text.substr(0, next)))) break;
      end = next;
    }
    if (end == std::string_view::npos) break;
    add(begin + std::string(text.substr(0, end)), colour);
    text.remove_prefix(std::min(text.find_first_not_of(' ', end), text.size()));
    begin = std::string(indent, ' ');
  }
  add(begin + std::string(text), colour);
}

void Lines::flow(const std::vector<std::string>& parts, std::size_t between, const std::string& last,
                 std::size_t column) {
  std::string line;
  const auto put = [&](const std::string& part, std::size_t wanted) {
    if (part.empty()) return;
    const std::size_t width = width_of(part);
    if (!line.empty() && !fits(width_of(line) + between + width)) {
      add(line);
      line.clear();
    }
    if (!line.empty()) {
      const std::size_t at = std::min(wanted, columns_ - std::min(width, columns_));
      line = padded(line, std::max(width_of(line) + between, at));
    }
    line += part;
  };
  for (const std::string& part : parts) put(part, 0);
  put(last, column);
  add(line);
}

}  // namespace kanaria::cli
