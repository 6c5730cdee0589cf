// Small words for messages: gluing, quoting and making bytes fit for a terminal. Pure.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kanaria/config/text.hpp"

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

/// Where the first byte stands that no configuration file may hold: broken UTF-8 or a control character.
std::optional<std::size_t> first_bad_byte(std::string_view text);

/// How many characters a valid UTF-8 text has.
std::size_t characters(std::string_view text);

/// "12.5" of 1250 hundredths, which are 2 `decimals`: without zeros at the end.
std::string decimal_text(std::int64_t value, std::size_t decimals);

bool is_digits(std::string_view text);
std::string lower(std::string_view text);

}  // namespace kanaria::config
