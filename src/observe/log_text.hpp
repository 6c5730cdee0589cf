// Numbers, times and texts as both formats of the access log write them. A line costs a request instructions as nothing
// else here does, so it is written by a bare pointer into memory that is large enough for whatever it will be.
#pragma once

#include <charconv>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

#include "kanaria/base/clock.hpp"
#include "kanaria/observe/exchange_record.hpp"

namespace kanaria::observe {

/// How many bytes from the start stand for themselves: visible ASCII but " and \; with `Spaces` spaces too.
enum class Spaces : bool { Odd, Plain };
std::size_t plain_prefix(std::string_view text, Spaces spaces);

class LogText {
 public:
  /// `buffer` only ever grows, to at least `most` bytes: that many may be put.
  LogText(std::string& buffer, std::size_t most) {
    if (buffer.size() < most) buffer.resize(most);
    begin_ = at_ = buffer.data();
  }

  void put(char c) { *at_++ = c; }
  void put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  void put_number(std::uint64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  /// "2026-11-24T03:15:52.123456Z"
  void put_time(WallTime time);
  /// "0.012", what lies between; false, and nothing put, when one of the two was never reached.
  bool put_seconds(Time from, Time to);
  /// Each byte that doesn't stand for itself becomes `write(byte)`'s.
  template <class Write>
  void put_escaped(std::string_view text, Spaces spaces, Write write) {
    for (;;) {
      const std::size_t plain = plain_prefix(text, spaces);
      put(text.substr(0, plain));
      if (plain == text.size()) return;
      write(static_cast<unsigned char>(text[plain]));
      text.remove_prefix(plain + 1);
    }
  }
  /// Two hex digits.
  void put_hex(unsigned char byte) {
    constexpr char kHex[] = "0123456789abcdef";
    put(kHex[byte >> 4]);
    put(kHex[byte & 15]);
  }
  /// Takes the last byte back.
  void drop() { --at_; }

  std::string_view text() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  char* begin_;
  char* at_;
};

/// How long a line of this record can be where a byte becomes at most `longest` ones.
std::size_t most_bytes(const ExchangeRecord& record, std::size_t longest);

/// When the exchange was complete.
WallTime end_of(const ExchangeRecord& record);
/// When the head of the target's answer came; unset: none did, though the target may have closed then.
Time answer_of(const ExchangeRecord& record);

}  // namespace kanaria::observe
