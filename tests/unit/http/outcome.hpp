// Feeds a parser in pieces of one size and writes down all that it said, so that two ways of feeding can be compared.
// Shared by the parser tests and the fuzz programs.
#pragma once

#include <algorithm>
#include <ostream>
#include <string>
#include <string_view>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/http/parser.hpp"

namespace kanaria::http {

struct Outcome {
  Fault fault = Fault::None;
  bool complete = false;
  std::string head;    // everything in it, as text
  std::string desync;  // the reason, of requests
  std::string framing;
  std::string body;
  std::string trailers;
  std::size_t consumed = 0;

  bool operator==(const Outcome&) const = default;
};

inline std::ostream& operator<<(std::ostream& out, const Outcome& outcome) {
  return out << row_of(outcome.fault).word << (outcome.complete ? " complete " : " incomplete ") << outcome.framing
             << " consumed " << outcome.consumed << ' ' << outcome.desync << "\nhead " << outcome.head << "\nbody "
             << outcome.body << "\ntrailers " << outcome.trailers;
}

inline std::string describe(const std::vector<Field>& fields) {
  std::string text;
  for (const Field& field : fields) {
    if (field.name.empty()) {  // goes on with the list of the field before it
      text.back() = ',';
      text.append(" ");
    } else {
      text.append(field.name).append("=");
    }
    text.append(field.value).append(";");
  }
  return text;
}

inline std::string describe(Framing framing, std::uint64_t length) {
  switch (framing) {
    case Framing::None: return "none";
    case Framing::Length: return "length " + std::to_string(length);
    case Framing::Chunked: return "chunked";
    case Framing::UntilClose: return "until close";
  }
  return "?";
}

inline std::string describe(const RequestHead& head) {
  std::string text(head.method);
  text.append(" ").append(head.target).append(" [").append(head.scheme).append("|").append(head.authority);
  text.append("|").append(head.path).append(head.has_query ? "?" : "|").append(head.query);
  text.append("] 1.").append(std::to_string(head.minor)).append(head.keep_alive ? " keep" : " close");
  text.append(head.expect_continue ? " expect" : "").append(head.upgrade_websocket ? " websocket" : "");
  return text.append(" ").append(describe(head.fields));
}

inline std::string describe(const ResponseHead& head) {
  std::string text = std::to_string(head.status);
  text.append(" ").append(head.reason).append(" 1.").append(std::to_string(head.minor));
  text.append(head.keep_alive ? " keep" : " close").append(head.describes_length ? " describes " : " ");
  return text.append(describe(head.fields));
}

/// `parser` was reset. `piece`: how many bytes come at a time; 0: all at once.
template <class Parser>
Outcome feed(Parser& parser, std::string_view bytes, std::size_t piece = 0) {
  if (piece == 0) piece = bytes.size();
  Outcome outcome;
  HeadProgress head;
  std::size_t have = 0;
  while (head.step == Step::NeedMore && have < bytes.size()) {
    have = std::min(have + piece, bytes.size());
    head = parser.parse_head(bytes.substr(0, have));
  }
  outcome.fault = head.fault;
  outcome.consumed = head.consumed;
  if constexpr (requires { parser.head().desync; }) outcome.desync = row_of(parser.head().desync).name;
  if (head.step != Step::Done) return outcome;
  outcome.head = describe(parser.head());
  outcome.framing = describe(parser.head().framing, parser.head().content_length);

  while (!parser.body_done()) {
    std::string window(bytes.substr(outcome.consumed, have - outcome.consumed));
    const BodyProgress body = parser.parse_body(window);
    outcome.body.append(body.data);
    outcome.consumed += body.consumed;
    outcome.fault = body.fault;
    if (body.step == Step::Refused || have == bytes.size()) break;
    have = std::min(have + piece, bytes.size());
  }
  outcome.complete = parser.body_done();
  outcome.trailers = describe(parser.trailers());
  return outcome;
}

}  // namespace kanaria::http
