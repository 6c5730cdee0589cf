// Small words for messages: gluing, quoting and making bytes fit for a terminal. Pure.
#pragma once

#include <concepts>
#include <optional>
#include <string>
#include <string_view>

namespace kanaria::config {

inline void append(std::string& out, std::string_view part) {
  out += part;
}
inline void append(std::string& out, char part) {
  out += part;
}
template <std::integral T>
void append(std::string& out, T number) {
  out += std::to_string(number);
}

/// The parts one after another; numbers in decimal.
template <class... Parts>
std::string concat(const Parts&... parts) {
  std::string out;
  (append(out, parts), ...);
  return out;
}

/// `text` with everything that could disturb a terminal or a log written as \t, \n, \xNN: control characters, broken
/// UTF-8, marks that change the direction of writing.
std::string printable(std::string_view text);

/// The text in double quotes, cut when it is long.
std::string in_quotes(std::string_view text);

/// Where the first byte stands that no configuration file may hold: broken UTF-8 or a control character.
std::optional<std::size_t> first_bad_byte(std::string_view text);

/// How many characters a valid UTF-8 text has.
std::size_t characters(std::string_view text);

bool is_digits(std::string_view text);
std::string lower(std::string_view text);

}  // namespace kanaria::config
