// Heads as values: what a client asked and what a target answered, free of any protocol version's wire format.
// Everything is a view: into the read block of the connection that the head came from, or into the exchange's Arena. A
// head is valid until its exchange ends. The vectors keep their capacity from one message to the next.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "kanaria/http/desync.hpp"
#include "kanaria/http/field_name.hpp"

namespace kanaria::net {
class Pipe;
}

namespace kanaria::http {

struct Field {
  constexpr Field(std::string_view of, std::string_view is) : Field(of, is, field_name(of)) {}
  constexpr Field(std::string_view of, std::string_view is, FieldName number) : name(of), value(is), known(number) {}

  std::string_view name;   // as it was sent; compare with iequals()
  std::string_view value;  // without surrounding white space
  FieldName known;         // by number, where it has one
};

/// How a body is delimited. Decided by our parser alone, never by passing fields on (RFC 9112 §6).
enum class Framing : std::uint8_t {
  None,        // no body
  Length,      // content_length bytes
  Chunked,     // chunks, then trailers
  UntilClose,  // responses only
};

/// What the operator wants of trailers, which come when his word on the head is spoken (admit()).
struct TrailerRules {
  bool ascii_values = false;        // others refuse the request
  bool drop_invalid_names = false;  // names that are not [-A-Za-z0-9]+
};

struct RequestHead {
  std::string_view method;
  std::string_view target;  // as sent, any of the four forms (RFC 9112 §3.2)
  std::string_view scheme;  // of an absolute-form target, else empty
  std::string_view
      authority;           // Host's value, or that of an absolute-form target, which wins; empty: HTTP/1.0 without Host
  std::string_view path;   // "/..." without the query; "*" for OPTIONS *
  std::string_view query;  // without '?'
  bool has_query = false;  // "/p?" has an empty query, "/p" none
  std::uint8_t minor = 1;  // HTTP/1.minor
  std::vector<Field> fields;  // without Content-Length and Transfer-Encoding, which became `framing`
  Framing framing = Framing::None;
  std::uint64_t content_length = 0;           // with Framing::Length
  std::optional<std::uint32_t> max_forwards;  // of OPTIONS alone; 0: whoever reads it answers (RFC 9110 §7.6.2)
  DesyncReason desync = DesyncReason::None;   // the worst that was seen in it
  TrailerRules trailer_rules;
  bool keep_alive = true;          // this connection may carry another request
  bool isolated = false;           // nor may the one to the target: desync mitigation closes both
  bool names_fields = true;        // Connection may name further fields that end here
  bool expect_continue = false;    // Expect: 100-continue
  bool upgrade_websocket = false;  // Connection: upgrade with Upgrade: websocket

  /// Empties it and keeps the vector's memory.
  void clear();
};

struct ResponseHead {
  std::uint16_t status = 0;
  std::string_view reason;  // may be empty
  std::uint8_t minor = 1;
  std::vector<Field> fields;  // without Content-Length and Transfer-Encoding
  Framing framing = Framing::None;
  std::uint64_t content_length = 0;  // with Framing::Length, or where describes_length
  bool describes_length = false;     // HEAD or 304: a Content-Length that frames nothing and is passed on
  bool keep_alive = true;
  bool names_fields = true;        // Connection may name further fields that end here
  bool upgrade_websocket = false;  // 101 to websocket, and to nothing else

  void clear();
};

/// How bytes of a body are handed over: in memory, or in a kernel pipe that a socket can be written from.
enum class Carry : std::uint8_t { Memory, Pipe };

/// Bytes lent by one side: valid until the next call on that side.
struct Piece {
  std::string_view data;
  bool last = false;                             // nothing follows
  const std::vector<Field>* trailers = nullptr;  // with `last` only; null: none
  net::Pipe* pipe = nullptr;                     // set: all bytes in there are the piece, and `data` is empty
};

/// They are needed no more: gives back the memory of a large head's. True: they are gone; false: they were few, and
/// stay for what may still want them, as their memory does for the next message.
inline bool forget(std::vector<Field>& fields) {
  constexpr std::size_t kUsual = 64;
  if (fields.capacity() <= kUsual) return false;
  std::vector<Field>().swap(fields);
  return true;
}

/// The first field of that name, or null.
const Field* find(const std::vector<Field>& fields, std::string_view name);
const Field* find(const std::vector<Field>& fields, FieldName name);

/// RFC 9110 §5.6.2.
bool is_token(std::string_view text);
/// The standard reason phrase, or "Unknown".
std::string_view reason_of(std::uint16_t status);
/// Safe to send twice (RFC 9110 §9.2.2).
bool is_idempotent(std::string_view method);

}  // namespace kanaria::http
