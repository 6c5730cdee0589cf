#include "log_text.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <chrono>

namespace kanaria::observe {
namespace {

constexpr std::uint64_t kOnes = 0x0101010101010101;
constexpr std::uint64_t kHighs = kOnes * 0x80;
// More than all that a line has besides a record's texts.
constexpr std::size_t kAroundTexts = 2048;

constexpr bool is_plain(unsigned char byte, Spaces spaces) {
  return byte > 0x20 - (spaces == Spaces::Plain ? 1 : 0) && byte < 0x7f && byte != '"' && byte != '\\';
}

/// Is there a byte below `least`, of eight that are ASCII?
constexpr std::uint64_t below(std::uint64_t eight, std::uint64_t least) {
  return (eight - kOnes * least) & ~eight & kHighs;
}

/// Does each of eight bytes stand for itself? Eight at once, because this looks at every byte of every line.
bool all_plain(const char* at, std::uint64_t least) {
  std::uint64_t eight = 0;
  std::memcpy(&eight, at, sizeof eight);
  const std::uint64_t odd = (eight & kHighs) | below(eight, least) | below(eight ^ kOnes * '"', 1) |
                            below(eight ^ kOnes * '\\', 1) | below(eight ^ kOnes * 0x7f, 1);
  return odd == 0;
}

void put_two(char* at, unsigned number) {
  constexpr auto kPairs = [] {
    std::array<char, 200> pairs{};
    for (std::size_t i = 0; i < 100; ++i) {
      pairs[2 * i] = static_cast<char>('0' + i / 10);
      pairs[2 * i + 1] = static_cast<char>('0' + i % 10);
    }
    return pairs;
  }();
  std::memcpy(at, kPairs.data() + std::size_t{2} * number, 2);
}

/// "2026-11-24T03:15:52", made once a second a thread.
constexpr std::size_t kSecondBytes = 19;
const char* second_text(std::int64_t second) {
  struct Made {
    std::int64_t second = INT64_MIN;
    std::array<char, kSecondBytes> text{};
  };
  thread_local Made made;
  if (made.second == second) return made.text.data();
  using namespace std::chrono;
  const sys_seconds time{seconds(second)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const auto of_day = static_cast<unsigned>((time - day).count());
  const auto year = static_cast<unsigned>(static_cast<int>(date.year()));
  char* const text = made.text.data();
  put_two(text, year / 100 % 100);
  put_two(text + 2, year % 100);
  put_two(text + 5, static_cast<unsigned>(date.month()));
  put_two(text + 8, static_cast<unsigned>(date.day()));
  put_two(text + 11, of_day / 3600);
  put_two(text + 14, of_day / 60 % 60);
  put_two(text + 17, of_day % 60);
  text[4] = text[7] = '-';
  text[10] = 'T';
  text[13] = text[16] = ':';
  made.second = second;
  return text;
}

}  // namespace

std::size_t plain_prefix(std::string_view text, Spaces spaces) {
  const std::uint64_t least = spaces == Spaces::Plain ? 0x20 : 0x21;
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8)
    if (!all_plain(text.data() + at, least)) break;
  // The last few, with some of those before them once more.
  if (at + 8 > text.size() && text.size() >= 8 && all_plain(text.data() + text.size() - 8, least)) return text.size();
  while (at < text.size() && is_plain(static_cast<unsigned char>(text[at]), spaces)) ++at;
  return at;
}

// ISO 8601 with microseconds.
void LogText::put_time(WallTime time) {
  const std::int64_t nanoseconds = std::chrono::nanoseconds(time.time_since_epoch()).count();
  const std::int64_t second = std::chrono::floor<std::chrono::seconds>(time).time_since_epoch().count();
  const auto microsecond = static_cast<unsigned>((nanoseconds - second * 1'000'000'000) / 1000);
  std::memcpy(at_, second_text(second), kSecondBytes);
  at_ += kSecondBytes;
  put('.');
  put_two(at_, microsecond / 10'000);
  put_two(at_ + 2, microsecond / 100 % 100);
  put_two(at_ + 4, microsecond % 100);
  at_ += 6;
  put('Z');
}

bool LogText::put_seconds(Time from, Time to) {
  if (from == kUnset || to == kUnset) return false;
  const auto took = std::max(Milliseconds::zero(), std::chrono::duration_cast<Milliseconds>(to - from));
  const auto milliseconds = static_cast<std::uint64_t>(took.count());
  put_number(milliseconds / 1000);
  put('.');
  const auto rest = static_cast<unsigned>(milliseconds % 1000);
  put(static_cast<char>('0' + rest / 100));
  put_two(at_, rest % 100);
  at_ += 2;
  return true;
}

std::size_t most_bytes(const ExchangeRecord& record, std::size_t longest) {
  // The target stands twice in ALB's line.
  const std::size_t texts =
      record.load_balancer.size() + record.client_address.size() + 2 * record.target.size() + record.method.size() +
      record.scheme.size() + record.authority.size() + record.request_target.size() + record.user_agent.size() +
      record.trace_id.size() + record.traceparent.size() + record.listener.size() + record.rule.size() +
      record.target_group.size() + record.error_reason.size() + record.action.size() + record.redirect_url.size() +
      record.transformed_host.size() + record.transformed_uri.size() + record.transform_status.size();
  return kAroundTexts + longest * texts;
}

WallTime end_of(const ExchangeRecord& record) {
  if (record.end == kUnset) return record.wall;
  return record.wall + std::chrono::duration_cast<WallTime::duration>(record.end - record.created);
}

Time answer_of(const ExchangeRecord& record) {
  return record.target_status == 0 ? kUnset : record.target_head;
}

}  // namespace kanaria::observe
