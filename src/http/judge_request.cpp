#include "field_facts.hpp"
#include "head_grammar.hpp"
#include "judge.hpp"
#include "kanaria/http/parser.hpp"
#include "request_target.hpp"

namespace kanaria::http {
namespace {

// Is the start line's last word a version that exists, or may exist one day, but is not ours? "PRI * HTTP/2.0" is.
bool names_other_version(std::string_view head) {
  const std::string_view line = head.substr(0, head.find('\r'));
  const std::string_view version = line.substr(line.rfind(' ') + 1);
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return version.size() == 8 && version.starts_with("HTTP/") && is_digit(version[5]) && version[6] == '.' &&
         is_digit(version[7]) && version != "HTTP/1.0" && version != "HTTP/1.1";
}

Fault judge_host(const FieldFacts& facts, RequestHead& head) {
  const bool has_host = facts.hosts > 0;
  if (facts.hosts > 1 || (!has_host && head.minor == 1)) return Fault::MalformedRequest;
  if (has_host && !is_valid_authority(facts.host)) return Fault::MalformedRequest;
  if (head.scheme.empty()) head.authority = facts.host;
  return Fault::None;
}

Fault judge_request_framing(const FieldFacts& facts, RequestHead& head) {
  if (facts.bad_length) return Fault::MalformedRequest;
  if (facts.coding != Coding::Absent) {
    if (facts.coding == Coding::Broken || facts.has_length || head.minor == 0) return Fault::MalformedRequest;
    if (facts.coding == Coding::Unknown) return Fault::UnknownTransferCoding;
    head.framing = Framing::Chunked;
  } else if (facts.has_length) {
    head.framing = Framing::Length;
  }
  head.content_length = facts.length;
  return Fault::None;
}

}  // namespace

Fault judge_request(std::string_view text, RequestHead& head) {
  RequestLine line;
  if (!read_request_head(text, line, head.fields))
    return names_other_version(text) ? Fault::UnsupportedVersion : Fault::MalformedRequest;
  head.method = line.method;
  head.target = line.target;
  head.minor = static_cast<std::uint8_t>(line.minor);
  // TRACE echoes fields that only we and the target should know; CONNECT would make an open proxy.
  if (head.method == "TRACE" || head.method == "CONNECT") return Fault::MethodNotAllowed;
  if (!read_target(head)) return Fault::MalformedRequest;

  const FieldFacts facts = take_facts(head.fields);
  if (const Fault fault = judge_host(facts, head); fault != Fault::None) return fault;
  if (const Fault fault = judge_request_framing(facts, head); fault != Fault::None) return fault;
  if (facts.other_expectation || facts.options > kMaxOptions) return Fault::MalformedRequest;

  head.keep_alive = !facts.close && (head.minor == 1 || facts.keep_alive);
  head.names_fields = facts.other_option;
  head.expect_continue = facts.expect_continue && head.minor == 1;  // RFC 9110 §10.1.1: 1.0 can't ask for it
  head.upgrade_websocket = facts.upgrade && facts.websocket && head.minor == 1 && head.method == "GET" &&
                           head.framing != Framing::Chunked && head.content_length == 0;
  return Fault::None;
}

}  // namespace kanaria::http
