// Quoting for shells. Pure.
#pragma once

#include <string>
#include <string_view>

namespace kanaria::cli {

/// `text` with `\` before each of `special`.
inline std::string with_backslashes(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

/// A word of bash and zsh that is `text`, whatever it holds.
inline std::string in_single_quotes(std::string_view text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + '\'';
}

}  // namespace kanaria::cli
