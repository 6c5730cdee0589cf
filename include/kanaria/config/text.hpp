// Words for messages that quote what others wrote. Pure; any thread.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "kanaria/base/clock.hpp"

namespace kanaria::config {

/// `text` with everything that could disturb a terminal or a log written as \t, \n, \xNN: control characters, broken
/// UTF-8, marks that change the direction of writing.
std::string printable(std::string_view text);

/// The printable text in double quotes, cut when it is long.
std::string in_quotes(std::string_view text);

/// "1 rule", "2 rules", "no rules".
std::string counted(std::size_t count, std::string_view noun);

/// May it be the name of something? 1-64 of A-Z a-z 0-9 _ . -
bool is_name(std::string_view text);

/// A duration as in a file, "30", "250ms", "5m", between `low` and `high`. None: `fault` says what is wrong with
/// `name`.
std::optional<Milliseconds> parse_duration(std::string_view name, std::string_view text, Milliseconds low,
                                           Milliseconds high, std::string& fault);

}  // namespace kanaria::config
