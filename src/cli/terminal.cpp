#include "terminal.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>

namespace kanaria::cli {
namespace {

std::string_view variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? std::string_view() : value;
}

/// By the first of these that is set, as setlocale(3) does.
bool locale_is_utf8() {
  for (const char* name : {"LC_ALL", "LC_CTYPE", "LANG"}) {
    const std::string_view value = variable(name);
    if (value.empty()) continue;
    return value.find("UTF-8") != std::string_view::npos || value.find("utf8") != std::string_view::npos;
  }
  return false;
}

bool begins_character(char c) {
  return (static_cast<unsigned char>(c) & 0xc0) != 0x80;
}

}  // namespace

Terminal Terminal::of_stdout() {
  constexpr int kNarrowest = 20;
  Terminal terminal;
  terminal.is_terminal = ::isatty(STDOUT_FILENO) == 1;
  terminal.has_colour = terminal.is_terminal && variable("NO_COLOR").empty() && variable("TERM") != "dumb";
  terminal.has_utf8 = locale_is_utf8();
  winsize size{};
  if (terminal.is_terminal && ::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
    terminal.columns = std::max<int>(size.ws_col, kNarrowest);
  return terminal;
}

std::string Terminal::coloured(Colour colour, std::string_view text) const {
  if (!has_colour) return std::string(text);
  return "\x1b[" + std::to_string(static_cast<int>(colour)) + "m" + std::string(text) + "\x1b[0m";
}

bool can_ask() {
  return ::isatty(STDIN_FILENO) == 1 && ::isatty(STDERR_FILENO) == 1;
}

bool ask_yes(const std::string& question) {
  std::cerr << question << " [y/N] " << std::flush;
  std::string answer;
  std::getline(std::cin, answer);
  return answer == "y" || answer == "Y" || answer == "yes";
}

std::size_t width_of(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, begins_character));
}

std::string fitted(std::string_view text, std::size_t width) {
  if (width_of(text) <= width) return std::string(text);
  constexpr std::string_view kMore = "...";
  std::size_t left = width > kMore.size() ? width - kMore.size() : 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    if (!begins_character(text[end])) continue;
    if (left == 0) break;
    --left;
  }
  return std::string(text.substr(0, end)) + std::string(kMore.substr(0, std::min(width, kMore.size())));
}

std::string shortened(std::string_view text, std::size_t width) {
  const std::size_t has = width_of(text);
  constexpr std::size_t kDots = 3;
  if (has <= width || width <= kDots + 2) return fitted(text, width);
  const std::size_t after = (width - kDots) / 2;
  std::size_t at = text.size();
  for (std::size_t left = after; left > 0;)
    if (begins_character(text[--at])) --left;
  return fitted(text, width - after) + std::string(text.substr(at));
}

std::string padded(std::string_view text, std::size_t width) {
  const std::size_t has = width_of(text);
  return std::string(text) + std::string(width > has ? width - has : 0, ' ');
}

std::string right(std::string_view text, std::size_t width) {
  const std::size_t has = width_of(text);
  return std::string(width > has ? width - has : 0, ' ') + std::string(text);
}

}  // namespace kanaria::cli
