// Finds the end of a head in bytes that grow, and judges what is visible line by line: line ends, folding, sizes. It
// runs before the grammar so that a head is refused as soon as it can't become valid any more, and so that a refusal
// depends on the bytes alone, never on how they were cut into reads. Each byte is looked at once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kanaria/http/parser.hpp"

namespace kanaria::http {

class HeadScan {
 public:
  enum class Verdict : std::uint8_t { NeedMore, Complete, BadLine, StartLineTooLong, TooLarge };

  /// `bytes`: the same bytes as before, with more behind them.
  Verdict scan(std::string_view bytes, const HeadLimits& limits);
  /// After Complete: the head from its start line to its empty line, and how many bytes that and what stood before are.
  std::string_view head(std::string_view bytes) const { return bytes.substr(start_, scanned_ - start_); }
  std::size_t consumed() const { return scanned_; }
  /// After BadLine: all up to that line's end, or to the byte that no line starts with.
  std::string_view refused(std::string_view bytes) const { return bytes.substr(0, scanned_); }

 private:
  Verdict end_line(std::string_view line, const HeadLimits& limits);

  //  \r\n  GET / HTTP/1.1\r\n  Host: a\r\n  Acc...
  //        ^start_             ^fields_     ^line_ ^scanned_
  std::size_t start_ = 0;
  std::size_t fields_ = 0;
  std::size_t line_ = 0;
  std::size_t scanned_ = 0;
  std::size_t lines_ = 0;  // complete ones, with the start line
};

}  // namespace kanaria::http
