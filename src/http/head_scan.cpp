#include "head_scan.hpp"

namespace kanaria::http {

HeadScan::Verdict HeadScan::scan(std::string_view bytes, const HeadLimits& limits) {
  while (scanned_ < bytes.size()) {
    // Something else than HTTP (TLS on a plain port) is told at its first byte and not by a time-out.
    if (scanned_ == start_ && bytes[start_] != '\r' && !is_token(bytes.substr(start_, 1))) {
      ++scanned_;
      return Verdict::BadLine;
    }

    const std::size_t end = bytes.find('\n', scanned_);
    const bool whole = end != std::string_view::npos;
    scanned_ = whole ? end : bytes.size();

    // One more than the limit, because a '\r' may be the last byte.
    const std::size_t length = scanned_ - line_;
    if (lines_ == 0 && length > limits.start_line + 1) return Verdict::StartLineTooLong;
    if (lines_ > 0 && (length > limits.field + 1 || scanned_ - fields_ > limits.head)) return Verdict::TooLarge;
    if (!whole) return Verdict::NeedMore;

    if (const Verdict verdict = end_line(bytes.substr(line_, length), limits); verdict != Verdict::NeedMore)
      return verdict;
  }
  return Verdict::NeedMore;
}

// `line` ends before its '\n', which is at scanned_.
HeadScan::Verdict HeadScan::end_line(std::string_view line, const HeadLimits& limits) {
  ++scanned_;
  if (!line.ends_with('\r')) return Verdict::BadLine;
  const bool empty = line.size() == 1;
  if (lines_ == 0) {
    if (empty && start_ > 0) return Verdict::BadLine;
    if (empty) {  // the one empty line before a request line, RFC 9112 §2.2
      start_ = line_ = scanned_;
      return Verdict::NeedMore;
    }
    fields_ = scanned_;
  } else {
    if (empty) return Verdict::Complete;
    if (line.front() == ' ' || line.front() == '\t') return Verdict::BadLine;  // obs-fold, RFC 9112 §5.2
    if (lines_ > limits.fields) return Verdict::TooLarge;
  }
  ++lines_;
  line_ = scanned_;
  return Verdict::NeedMore;
}

}  // namespace kanaria::http
