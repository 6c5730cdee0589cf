// Bytes to heads and bodies, stricter than RFC 9112 asks: whatever two readers could frame differently is refused.
// Beast's basic_parser reads the grammar of a head (hidden in the source, Beast is slow to compile); framing the
// parsers judge themselves: Beast 1.81 alone lets smuggled requests through, see tests/unit/http/parser_table_test.cpp
// for the list. One parser serves one connection side, message after message; it copies nothing: heads and body pieces
// are views into the bytes that were passed in, which must not move or change until the exchange ends (heads) or the
// next call (bodies).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "kanaria/base/error.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::http {

inline constexpr std::uint32_t kKibibyte = 1024;

struct HeadLimits {
  std::uint32_t start_line = 16 * kKibibyte;  // ALB: 16K
  std::uint32_t field = 16 * kKibibyte;       // ALB: 16K, name and value
  std::uint32_t head = 64 * kKibibyte;        // ALB: 64K of request fields
  std::uint32_t fields = 256;                 // a count, ours
  std::uint32_t trailers = 8 * kKibibyte;     // all of a trailer section
  std::uint32_t chunk_line = kKibibyte;       // a chunk-size line with its extensions, without its line end
};
inline constexpr HeadLimits kResponseLimits{.head = 32 * kKibibyte};

enum class Step : std::uint8_t {
  NeedMore,  // valid so far
  Done,
  Refused,  // `fault` says why; the connection can't be used any more
};

struct HeadProgress {
  Step step = Step::NeedMore;
  std::size_t consumed = 0;  // with Done: bytes of the head
  Fault fault = Fault::None;
};

struct BodyProgress {
  Step step = Step::NeedMore;
  std::size_t consumed = 0;  // of the bytes passed in; the rest is to be passed again, with more behind it
  std::string_view data;     // decoded bytes, moved together inside the span passed in; may be empty
  Fault fault = Fault::None;
};

class RequestParser {
 public:
  explicit RequestParser(const HeadLimits& limits = {});
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  /// Starts the next message; forgets the one before.
  void reset();
  /// The message is over: nothing but reset() may be called until the next. Gives the memory back that it took.
  void release();
  /// `bytes` start with the head and hold what has come so far, at the same address and in growing length. One empty
  /// line before the request line is skipped (RFC 9112 §2.2) and counts as consumed.
  HeadProgress parse_head(std::string_view bytes);
  /// No request begins with that empty line, nor with a part of it.
  static bool has_begun(std::string_view bytes) {
    return bytes.size() > 2 || !std::string_view("\r\n").starts_with(bytes);
  }
  /// No more will come of a head that is not whole: head() gets what is there of its request line.
  void give_up(std::string_view bytes);
  /// After Done. For a request without a body `body_done()` holds at once.
  const RequestHead& head() const;
  RequestHead& head();
  /// `bytes` are the body's bytes not yet consumed. With Length framing it never consumes past the body's end.
  BodyProgress parse_body(std::span<char> bytes);
  bool body_done() const;
  /// Bytes of the body that must still come where the length is known, else UINT64_MAX: how much to read at the most.
  std::uint64_t body_left() const;
  /// How many of the next bytes are surely plain body, as they are; they may be passed by without being parsed.
  std::uint64_t plain_left() const;
  void skip_plain(std::uint64_t bytes);
  /// Trailer fields after a chunked body, without those that Connection names. What frames, routes or authenticates is
  /// never one (RFC 9110 §6.5.1): it refuses the message, as does what head().trailer_rules refuse.
  const std::vector<Field>& trailers() const;

 private:
  struct Impl;
  HeadLimits limits_;
  std::unique_ptr<Impl> impl_;
};

class ResponseParser {
 public:
  explicit ResponseParser(const HeadLimits& limits = kResponseLimits);
  ~ResponseParser();
  ResponseParser(const ResponseParser&) = delete;
  ResponseParser& operator=(const ResponseParser&) = delete;

  /// Starts the next head. `request_method` decides whether a body may follow (HEAD). Called again after each 1xx.
  void reset(std::string_view request_method);
  void release();
  HeadProgress parse_head(std::string_view bytes);
  static bool has_begun(std::string_view bytes) { return !bytes.empty(); }
  const ResponseHead& head() const;
  ResponseHead& head();
  BodyProgress parse_body(std::span<char> bytes);
  bool body_done() const;
  std::uint64_t body_left() const;
  std::uint64_t plain_left() const;
  void skip_plain(std::uint64_t bytes);
  /// The connection ended. True: the message is complete (UntilClose); false: it was cut.
  bool finish_at_eof();
  const std::vector<Field>& trailers() const;

 private:
  struct Impl;
  HeadLimits limits_;
  std::unique_ptr<Impl> impl_;
};

/// The value of a Host field or authority: uri-host [":" port] (RFC 3986 §3.2.2), no userinfo, port 0-65535 or empty.
bool is_valid_authority(std::string_view authority);

}  // namespace kanaria::http
