// Desync mitigation: what can make two readers of one request disagree on where it ends or whom it is for, in ALB's
// words, and what each mode does about it (alb.md §6.6). The table in desync.cpp has them all; docs/http.md shows it.
// What it refuses in every mode RFC 9112 calls malformed, and the parser refuses it already (a test holds the two
// together); of the rest it decides. That is stricter than ALB, and what is merely odd is never passed on as it came,
// for every request is written anew. Values; any thread.
#pragma once

#include <cstdint>
#include <string_view>

namespace kanaria::http {

/// The operator's choice, desync_mitigation_mode.
enum class DesyncMode : std::uint8_t { Monitor, Defensive, Strictest };

/// How bad it is.
enum class DesyncClass : std::uint8_t { Compliant, Acceptable, Ambiguous, Severe };
inline constexpr std::size_t kDesyncClasses = 4;

/// What was seen. Each has exactly one row in the table.
enum class DesyncReason : std::uint8_t {
  None,
  AmbiguousUri,                       // a control byte or one from 0x80 in the target
  BadContentLength,                   // no number, a list, or over 2^63 - 1
  BadHeader,                          // a field line that RFC 9112 §5 calls invalid
  BadMethod,                          // no token
  BadTransferEncoding,                // a broken list, parameters, chunked not last, or on HTTP/1.0
  BadUri,                             // NUL or CR in the target, or none of its forms
  BadVersion,                         // none, or no "HTTP/" DIGIT "." DIGIT
  BothTeClPresent,                    // Transfer-Encoding and Content-Length
  DuplicateContentLength,             // several that agree
  EmptyHeader,                        // a field without a name, or a line of blanks
  GetHeadZeroContentLength,           // Content-Length: 0 on GET or HEAD
  MultipleContentLength,              // several that differ
  MultipleTransferEncodingChunked,    // chunked named twice
  NonCompliantHeader,                 // bytes from 0x80 in a field's value
  NonCompliantUri,                    // a % without two hex digits behind it; this word is ours, not ALB's
  NonCompliantVersion,                // HTTP/1.2 and above
  SpaceInUri,                         // spaces in the target
  SuspiciousHeader,                   // a name that some read as Content-Length or Transfer-Encoding
  UndefinedContentLengthSemantics,    // a body with a length on GET or HEAD
  UndefinedTransferEncodingSemantics  // a chunked body on GET or HEAD
};
inline constexpr std::size_t kDesyncReasons =
    static_cast<std::size_t>(DesyncReason::UndefinedTransferEncodingSemantics) + 1;

enum class Mitigation : std::uint8_t {
  Forward,          // written anew
  ForwardAndClose,  // the same, and neither connection carries another request
  Refuse,           // 400, and the client's connection is closed
};

struct DesyncRow {
  DesyncReason reason;
  DesyncClass severity;
  std::string_view name;  // for the access log
  Mitigation monitor;
  Mitigation defensive;
  Mitigation strictest;

  Mitigation in(DesyncMode mode) const;
};

const DesyncRow& row_of(DesyncReason reason);
/// ALB's name: "Ambiguous". The metrics' label is the same in lower case.
std::string_view name_of(DesyncClass severity);

/// The more severe of two; among equals the one whose row is first. What is reported when a request has several.
DesyncReason worse(DesyncReason first, DesyncReason second);

}  // namespace kanaria::http
