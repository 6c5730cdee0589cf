#include "log_text.hpp"

#include <algorithm>
#include <chrono>

namespace kanaria::observe {

void add_digits(std::string& out, std::uint64_t number, int width) {
  char digits[20];
  for (int i = width; i-- > 0; number /= 10) digits[i] = static_cast<char>('0' + number % 10);
  out.append(digits, static_cast<std::size_t>(width));
}

// ISO 8601 with microseconds.
void add_time(std::string& out, WallTime time) {
  using namespace std::chrono;
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto microsecond = static_cast<std::uint64_t>(floor<microseconds>(time - day).count());
  const std::uint64_t second = microsecond / 1'000'000;
  add_digits(out, static_cast<std::uint64_t>(static_cast<int>(date.year())), 4);
  add_digits(out += '-', static_cast<unsigned>(date.month()), 2);
  add_digits(out += '-', static_cast<unsigned>(date.day()), 2);
  add_digits(out += 'T', second / 3600, 2);
  add_digits(out += ':', second / 60 % 60, 2);
  add_digits(out += ':', second % 60, 2);
  add_digits(out += '.', microsecond % 1'000'000, 6);
  out += 'Z';
}

bool add_seconds_between(std::string& out, Time from, Time to) {
  if (from == kUnset || to == kUnset) return false;
  const auto took = std::max(Milliseconds::zero(), std::chrono::duration_cast<Milliseconds>(to - from));
  const auto milliseconds = static_cast<std::uint64_t>(took.count());
  out += std::to_string(milliseconds / 1000);
  add_digits(out += '.', milliseconds % 1000, 3);
  return true;
}

WallTime end_of(const ExchangeRecord& record) {
  if (record.end == kUnset) return record.wall;
  return record.wall + std::chrono::duration_cast<WallTime::duration>(record.end - record.created);
}

Time answer_of(const ExchangeRecord& record) {
  return record.target_status == 0 ? kUnset : record.target_head;
}

}  // namespace kanaria::observe
