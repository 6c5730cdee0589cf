// Words for messages that quote what others wrote. Pure; any thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace kanaria::config {

/// `text` with everything that could disturb a terminal or a log written as \t, \n, \xNN: control characters, broken
/// UTF-8, marks that change the direction of writing.
std::string printable(std::string_view text);

/// The printable text in double quotes, cut when it is long.
std::string in_quotes(std::string_view text);

/// "1 rule", "2 rules", "no rules".
std::string counted(std::size_t count, std::string_view noun);

}  // namespace kanaria::config
