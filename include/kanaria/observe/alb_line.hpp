// One request as a line of ALB's access log: ALB's 34 fields in ALB's order and quoting, then one of our
// own, the fault's word. A pure function; any thread.
#pragma once

#include <string>
#include <string_view>

#include "kanaria/observe/exchange_record.hpp"

namespace kanaria::observe {

/// The line with its newline, in `buffer`, whose memory only ever grows. Whatever a request holds, it stays one line
/// with the same number of fields: what could end a field, a quote or a line is written as \xHH.
std::string_view format_alb(const ExchangeRecord& record, std::string& buffer);

}  // namespace kanaria::observe
