#include "field_facts.hpp"
#include "head_grammar.hpp"
#include "judge.hpp"

namespace kanaria::http {
namespace {

// RFC 9112 §6.3, in its order; stricter where two fields contradict each other.
bool judge_response_framing(const FieldFacts& facts, bool to_head, ResponseHead& head) {
  const bool has_coding = facts.coding != Coding::Absent;
  if (facts.bad_length || facts.lengths_differ || (has_coding && facts.lengths > 0)) return false;
  if (has_coding && (facts.coding != Coding::Chunked || head.minor == 0)) return false;

  const bool never_has_body = head.status < 200 || head.status == 204;
  head.content_length = facts.length;
  if (to_head || head.status == 304) {
    head.describes_length = facts.lengths > 0 && !never_has_body;
  } else if (never_has_body) {
    // A target that announces a body here may send one: what follows on this connection is not to be trusted.
    if (has_coding || facts.length > 0) head.keep_alive = false;
  } else if (has_coding) {
    head.framing = Framing::Chunked;
  } else if (facts.lengths > 0) {
    head.framing = Framing::Length;
  } else {
    head.framing = Framing::UntilClose;
    head.keep_alive = false;
  }
  return true;
}

}  // namespace

bool judge_response(std::string_view text, bool to_head, ResponseHead& head) {
  StatusLine line;
  if (!read_response_head(text, line, head.fields) || line.status < 100 || line.status > 599) return false;
  head.status = static_cast<std::uint16_t>(line.status);
  head.reason = line.reason;
  head.minor = static_cast<std::uint8_t>(line.minor);
  const FieldFacts facts = take_facts(head.fields);
  if (facts.options > kMaxOptions) return false;
  head.keep_alive = !facts.close && (head.minor == 1 || facts.keep_alive);
  head.names_fields = facts.other_option;
  // RFC 9110 §15.2.2 and §7.8, RFC 9112 §6.1: it says what it switches to, as a matter of this hop, and has no body.
  head.upgrade_websocket = head.status == 101 && facts.upgrade && facts.websocket && !facts.other_protocol &&
                           facts.lengths == 0 && facts.coding == Coding::Absent;
  return judge_response_framing(facts, to_head, head);
}

}  // namespace kanaria::http
