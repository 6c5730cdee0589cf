// One request as a JSON object in a line of its own (RFC 8259). Every key is always there, in the same order; null says
// that there is nothing. A pure function; any thread.
#pragma once

#include <string>
#include <string_view>

#include "kanaria/observe/exchange_record.hpp"

namespace kanaria::observe {

/// The line with its newline, in `buffer`, whose memory only ever grows. Whatever a request holds, it is one line of
/// plain ASCII: a byte beyond ASCII is written as \u00HH, so that no text has to be valid UTF-8.
std::string_view format_json(const ExchangeRecord& record, std::string& buffer);

}  // namespace kanaria::observe
