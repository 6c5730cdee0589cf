#include <algorithm>
#include <charconv>
#include <limits>

#include "desync_scan.hpp"
#include "field_facts.hpp"
#include "head_grammar.hpp"
#include "judge.hpp"
#include "kanaria/http/parser.hpp"
#include "request_target.hpp"

namespace kanaria::http {
namespace {

using enum DesyncReason;

// Is the start line's last word a version that exists, or may exist one day, but is not ours? "PRI * HTTP/2.0" is.
bool names_other_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::string_view version = line.substr(line.rfind(' ') + 1);
  return is_version(version) && version != "HTTP/1.0" && version != "HTTP/1.1";
}

// RFC 9112 §3.2: exactly one Host, and a valid one; 1.0 may do without. That of an absolute-form target wins.
bool judge_host(const FieldFacts& facts, RequestHead& head) {
  const bool has_host = facts.hosts > 0;
  if (facts.hosts > 1 || (!has_host && head.minor == 1)) return false;
  if (has_host && !is_valid_authority(facts.host)) return false;
  if (head.scheme.empty()) head.authority = facts.host;
  return true;
}

// RFC 9112 §6.3, stricter where two fields contradict each other: what is wrong, None: what frames the body is clear.
DesyncReason contradiction(const FieldFacts& facts, int minor) {
  if (facts.bad_length) return BadContentLength;
  if (facts.lengths_differ) return MultipleContentLength;
  if (facts.coding == Coding::Absent) return None;
  if (facts.coding == Coding::Twice) return MultipleTransferEncodingChunked;
  if (facts.coding == Coding::Broken || minor == 0) return BadTransferEncoding;
  return facts.lengths > 0 ? BothTeClPresent : None;
}

// What is clear, but not to every reader.
DesyncReason oddity(const FieldFacts& facts, const RequestHead& head) {
  DesyncReason worst = facts.lengths > 1 ? DuplicateContentLength : None;
  if (facts.suspicious) worst = worse(worst, SuspiciousHeader);
  if (head.method != "GET" && head.method != "HEAD") return worst;
  if (facts.coding == Coding::Chunked) return worse(worst, UndefinedTransferEncodingSemantics);
  if (facts.lengths == 0) return worst;
  return worse(worst, facts.length > 0 ? UndefinedContentLengthSemantics : GetHeadZeroContentLength);
}

Fault judge_framing(const FieldFacts& facts, RequestHead& head) {
  if (facts.lengths == 0 && facts.coding == Coding::Absent && !facts.suspicious) return Fault::None;
  const DesyncReason wrong = contradiction(facts, head.minor);
  head.desync = worse(head.desync, wrong != None ? wrong : oddity(facts, head));
  if (wrong != None) return Fault::MalformedRequest;
  if (facts.coding == Coding::Unknown) return Fault::UnknownTransferCoding;
  if (facts.coding == Coding::Chunked) {
    head.framing = Framing::Chunked;
  } else if (facts.lengths > 0) {
    head.framing = Framing::Length;
  }
  head.content_length = facts.length;
  return Fault::None;
}

// RFC 9110 §7.6.2: 1*DIGIT, of which we know as many as fit.
bool judge_max_forwards(const FieldFacts& facts, RequestHead& head) {
  if (head.method != "OPTIONS") return true;
  const std::string_view text = facts.max_forwards;
  std::uint32_t number = 0;
  const auto [at, error] = std::from_chars(text.begin(), text.end(), number);
  if (facts.forward_limits > 1 || at != text.end() || error == std::errc::invalid_argument) return false;
  head.max_forwards = error == std::errc() ? number : std::numeric_limits<std::uint32_t>::max();
  return true;
}

// Beast refuses lengths and codings by itself, and without a word: our own reading of the same bytes names the reason.
DesyncReason reason_of_refusal(std::string_view text) {
  const DesyncReason seen = scan_head(text);
  std::vector<Field> fields = split_fields(text);
  const int minor = text.substr(0, text.find('\r')).ends_with("HTTP/1.0") ? 0 : 1;
  return worse(seen, contradiction(take_facts(fields), minor));
}

}  // namespace

void tell_request_line(std::string_view bytes, RequestHead& head) {
  if (bytes.starts_with("\r\n")) bytes.remove_prefix(2);  // RFC 9112 §2.2
  const std::string_view line = bytes.substr(0, bytes.find('\r'));
  const std::size_t method_end = line.find(' ');
  if (method_end == std::string_view::npos || !is_token(line.substr(0, method_end))) return;
  head.method = line.substr(0, method_end);
  const std::size_t target_end = line.rfind(' ');
  const std::string_view version = line.substr(target_end + 1);
  if (target_end == method_end || !is_version(version) || !version.starts_with("HTTP/1.")) return;
  head.target = line.substr(method_end + 1, target_end - method_end - 1);
  head.minor = version.ends_with('0') ? 0 : 1;
}

Fault judge_request(std::string_view text, RequestHead& head) {
  if (!is_ascii(text)) head.desync = worse(head.desync, scan_head(text));
  RequestLine line;
  if (!read_request_head(text, line, head.fields)) {
    head.desync = worse(head.desync, reason_of_refusal(text));
    tell_request_line(text, head);
    return names_other_version(text) ? Fault::UnsupportedVersion : Fault::MalformedRequest;
  }
  head.method = line.method;
  head.target = line.target;
  head.minor = static_cast<std::uint8_t>(line.minor);
  // TRACE echoes fields that only we and the target should know; CONNECT would make an open proxy.
  if (head.method == "TRACE" || head.method == "CONNECT") return Fault::MethodNotAllowed;
  // Framing first: it must be told of a request that is refused for its target or its host as well.
  const FieldFacts facts = take_facts(head.fields);
  const Fault framing = judge_framing(facts, head);
  if (!read_target(head)) {
    if (head.desync != AmbiguousUri) head.desync = worse(head.desync, BadUri);
    return Fault::MalformedRequest;
  }
  if (!judge_host(facts, head)) return Fault::MalformedRequest;
  if (framing != Fault::None) return framing;
  if (facts.options > kMaxOptions) return Fault::MalformedRequest;
  if (facts.forward_limits > 0 && !judge_max_forwards(facts, head)) return Fault::MalformedRequest;
  if (facts.other_expectation) return Fault::ExpectationFailed;

  head.keep_alive = !facts.close && (head.minor == 1 || facts.keep_alive);
  head.names_fields = facts.other_option;
  head.expect_continue = facts.expect_continue && head.minor == 1;  // RFC 9110 §10.1.1: 1.0 can't ask for it
  head.upgrade_websocket = facts.upgrade && facts.websocket && head.minor == 1 && head.method == "GET" &&
                           head.framing != Framing::Chunked && head.content_length == 0;
  return Fault::None;
}

}  // namespace kanaria::http
