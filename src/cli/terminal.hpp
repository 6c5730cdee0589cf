// What standard output can show: a terminal, a file or a pipe, how wide, in which characters.
#pragma once

#include <string>
#include <string_view>

namespace kanaria::cli {

struct Terminal {
  bool is_terminal = false;
  bool has_colour = false;  // a terminal, and NO_COLOR is not set
  bool has_utf8 = false;    // by the locale's name
  int columns = 80;         // of a terminal; 80 elsewhere

  static Terminal of_stdout();

  enum class Colour : unsigned char { Red = 31, Green = 32, Yellow = 33, Bold = 1, Dim = 2 };
  std::string coloured(Colour colour, std::string_view text) const;
};

/// Can somebody be asked? Standard input and standard error are a terminal.
bool can_ask();
/// The question on standard error, and a yes or anything else from standard input.
bool ask_yes(const std::string& question);

/// How many columns a text takes: its characters, of UTF-8.
std::size_t width_of(std::string_view text);
/// Cut to a width, with "..." at its end where something is missing.
std::string fitted(std::string_view text, std::size_t width);
/// The same with the dots in its middle: names often differ at their ends.
std::string shortened(std::string_view text, std::size_t width);
/// Filled with spaces, at its end or at its beginning.
std::string padded(std::string_view text, std::size_t width);
std::string right(std::string_view text, std::size_t width);

}  // namespace kanaria::cli
