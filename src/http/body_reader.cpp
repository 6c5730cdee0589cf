#include "body_reader.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include "desync_scan.hpp"
#include "head_grammar.hpp"

namespace kanaria::http {
namespace {

// Trailers are judged by the grammar of fields: they are read as a head that has this line before them.
constexpr std::string_view kTrailerStart = "HTTP/1.1 200 \r\n";

// All chunk extensions of a message: this much, and a byte more for each byte of data that it has brought so far. A
// bound of each line alone would let a client send a thousand bytes of them for each byte of its body.
constexpr std::uint64_t kExtensionsFree = std::uint64_t{16} * kKibibyte;

// What may not come after the body, because by then it has been acted on (RFC 9110 §6.5.1): framing, what ends at this
// hop, routing, controls and conditions, who the client is and what it may do, what an answer says of itself, how the
// content is to be read.
constexpr std::array<std::string_view, 33> kNeverTrailers{"content-length",
                                                          "transfer-encoding",
                                                          "close",
                                                          "connection",
                                                          "keep-alive",
                                                          "proxy-connection",
                                                          "te",
                                                          "trailer",
                                                          "upgrade",
                                                          "host",
                                                          "forwarded",
                                                          "max-forwards",
                                                          "cache-control",
                                                          "expect",
                                                          "pragma",
                                                          "range",
                                                          "authorization",
                                                          "proxy-authorization",
                                                          "proxy-authenticate",
                                                          "www-authenticate",
                                                          "cookie",
                                                          "set-cookie",
                                                          "age",
                                                          "date",
                                                          "expires",
                                                          "location",
                                                          "retry-after",
                                                          "vary",
                                                          "warning",
                                                          "content-encoding",
                                                          "content-range",
                                                          "content-type",
                                                          "x-amzn-trace-id"};
constexpr std::array<std::string_view, 2> kNeverTrailerFamilies{"if-", "x-forwarded-"};

/// Does `name` begin with what is in small letters in `start`? An underscore counts as the hyphen that it is told apart
/// from no more once it stands in a CGI variable.
bool begins_with(std::string_view name, std::string_view start) {
  const auto letter = [](char c) { return c == '_' ? '-' : to_lower(c); };
  return name.size() >= start.size() && std::ranges::equal(name.substr(0, start.size()), start, {}, letter);
}

bool may_be_trailer(const Field& field) {
  const auto is_it = [&](std::string_view name) {
    return name.size() == field.name.size() && begins_with(field.name, name);
  };
  const auto is_of = [&](std::string_view family) { return begins_with(field.name, family); };
  return !is_suspicious(field.name) && std::ranges::none_of(kNeverTrailers, is_it) &&
         std::ranges::none_of(kNeverTrailerFamilies, is_of);
}

int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  const int letter = byte | 0x20;
  return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

}  // namespace

void BodyReader::start(Framing framing, std::uint64_t length, const HeadLimits& limits) {
  limits_ = limits;
  left_ = length;
  trailers_.clear();
  switch (framing) {
    case Framing::None: state_ = State::Done; break;
    case Framing::Length: state_ = length > 0 ? State::Length : State::Done; break;
    case Framing::UntilClose: state_ = State::UntilClose; break;
    case Framing::Chunked:
      state_ = State::Size;
      left_ = 0;
      line_bytes_ = 0;
      extension_left_ = kExtensionsFree;
      has_digit_ = false;
      break;
  }
}

std::uint64_t BodyReader::left() const {
  if (state_ == State::Done) return 0;
  return state_ == State::Length ? left_ : std::numeric_limits<std::uint64_t>::max();
}

std::uint64_t BodyReader::plain_left() const {
  switch (state_) {
    case State::Length:
    case State::Data: return left_;
    case State::UntilClose: return std::numeric_limits<std::uint64_t>::max();
    default: return 0;
  }
}

void BodyReader::skip_plain(std::uint64_t bytes) {
  if (state_ == State::UntilClose) return;
  left_ -= bytes;
  extension_left_ += bytes;
  if (left_ == 0) state_ = state_ == State::Length ? State::Done : State::DataCr;
}

bool BodyReader::finish_at_eof() {
  if (state_ == State::UntilClose) state_ = State::Done;
  return done();
}

BodyReader::Taken BodyReader::take(std::span<char> bytes) {
  char* const begin = bytes.data();
  char* const end = begin + bytes.size();
  char* in = begin;
  char* out = begin;  // decoded data is moved here; never ahead of `in`
  bool valid = true;
  while (valid && in != end && state_ != State::Done) {
    if (state_ != State::Length && state_ != State::UntilClose && state_ != State::Data) {
      valid = take_line_byte(*in++);
      continue;
    }
    const auto size =
        static_cast<std::size_t>(std::min<std::uint64_t>(plain_left(), static_cast<std::size_t>(end - in)));
    skip_plain(size);
    out = out == in ? in + size : std::copy(in, in + size, out);
    in += size;
  }
  return {valid, static_cast<std::size_t>(in - begin), {begin, static_cast<std::size_t>(out - begin)}};
}

bool BodyReader::take_line_byte(char byte) {
  switch (state_) {
    case State::Size:
    case State::Extension: return (byte == '\r' || ++line_bytes_ <= limits_.chunk_line) && take_size_byte(byte);
    case State::SizeEnd:
      if (left_ == 0) {
        trailer_text_ = kTrailerStart;
        scan_ = {};
        state_ = State::Trailers;
      } else {
        state_ = State::Data;
      }
      return byte == '\n';
    case State::DataCr: state_ = State::DataLf; return byte == '\r';
    case State::DataLf:
      state_ = State::Size;
      line_bytes_ = 0;
      has_digit_ = false;
      return byte == '\n';
    default: return take_trailer_byte(byte);
  }
}

// chunk-size [chunk-ext] CR. White space around the size, which RFC 9112 §7.1.1 calls bad but parseable, is refused.
// Extensions are skipped: any visible bytes, but no line end and no control byte, not even inside quotes.
bool BodyReader::take_size_byte(char byte) {
  const bool in_size = state_ == State::Size;
  if (const int digit = hex_digit(byte); in_size && digit >= 0) {
    constexpr std::uint64_t kBeforeOverflow = std::numeric_limits<std::int64_t>::max() >> 4;
    if (left_ > kBeforeOverflow) return false;
    left_ = left_ << 4 | static_cast<unsigned>(digit);
    has_digit_ = true;
    return true;
  }
  if (!has_digit_) return false;
  if (byte == '\r') {
    state_ = State::SizeEnd;
    return true;
  }
  if (in_size && byte != ';') return false;
  state_ = State::Extension;
  if (extension_left_ == 0) return false;
  --extension_left_;
  return byte == '\t' || (static_cast<unsigned char>(byte) >= ' ' && byte != 0x7f);
}

bool BodyReader::take_trailer_byte(char byte) {
  trailer_text_.push_back(byte);
  const HeadLimits limits{.field = limits_.trailers, .head = limits_.trailers, .fields = limits_.fields};
  switch (scan_.scan(trailer_text_, limits)) {
    case HeadScan::Verdict::NeedMore: return true;
    case HeadScan::Verdict::Complete: return end_trailers();
    default: return false;
  }
}

bool BodyReader::end_trailers() {
  state_ = State::Done;
  StatusLine line;
  return read_response_head(trailer_text_, line, trailers_) && std::ranges::all_of(trailers_, may_be_trailer);
}

}  // namespace kanaria::http
