// Numbers and times as both formats of the access log write them. Pure; each appends to `out`.
#pragma once

#include <cstdint>
#include <string>

#include "kanaria/base/clock.hpp"
#include "kanaria/observe/exchange_record.hpp"

namespace kanaria::observe {

/// With leading zeros.
void add_digits(std::string& out, std::uint64_t number, int width);
/// "2026-11-24T03:15:52.123456Z"
void add_time(std::string& out, WallTime time);
/// "0.012", what lies between; false, and nothing added, when one of the two was never reached.
bool add_seconds_between(std::string& out, Time from, Time to);

/// When the exchange was complete.
WallTime end_of(const ExchangeRecord& record);
/// When the head of the target's answer came; unset: none did, though the target may have closed then.
Time answer_of(const ExchangeRecord& record);

}  // namespace kanaria::observe
