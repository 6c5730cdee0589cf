// Which fields go through a proxy and which are made by it: hop-by-hop fields, Host, X-Forwarded-*, X-Amzn-Trace-Id.
// Pure functions from one head to another; new strings live in the exchange's Arena. Rules: RFC 9110 §7.6.1, alb.md
// §6.3 and §6.4.
#pragma once

#include <array>
#include <charconv>
#include <cstdint>
#include <string_view>

#include "kanaria/base/block.hpp"
#include "kanaria/base/clock.hpp"
#include "kanaria/base/random.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::http {

enum class ForwardedFor : std::uint8_t { Append, Preserve, Remove };

/// A port with its digits.
class Port {
 public:
  Port(std::uint16_t number) : number_(number) {  // NOLINT(google-explicit-constructor): it is the number
    size_ = static_cast<std::uint8_t>(std::to_chars(digits_.data(), digits_.data() + digits_.size(), number).ptr -
                                      digits_.data());
  }
  operator std::uint16_t() const { return number_; }  // NOLINT(google-explicit-constructor)
  std::string_view text() const { return {digits_.data(), size_}; }

 private:
  std::uint16_t number_;
  std::array<char, 5> digits_{};
  std::uint8_t size_ = 0;
};

/// What the operator set, once per listener.
struct ForwardingPolicy {
  ForwardedFor forwarded_for = ForwardedFor::Append;
  bool client_port = false;  // X-Forwarded-For entries with port; only with Append
  bool preserve_host = false;
  bool https = false;      // scheme of the listener, for -Proto
  Port listener_port = 0;  // for -Port, and appended to Host where it is not 80 or 443; 0: for neither
};

/// Who the client is, printed once per connection.
struct PeerText {
  std::string_view address;    // "203.0.113.7", "2001:db8::1", "unix:"
  std::string_view with_port;  // "203.0.113.7:4711", "[2001:db8::1]:4711"
  std::string_view
      local_host;  // our side's address as Host names it ("[2001:db8::1]"), for HTTP/1.0 requests without Host
};

/// What transforms made of the request; empty: unchanged.
struct Rewritten {
  std::string_view host;
  std::string_view target;  // path and query
};

/// Fills `out` with what the target is sent, with views into `in`, `peer`, `policy`, `rewritten` and `arena`: method,
/// path and query (of the origin-form target; "*" for OPTIONS *), framing and fields, of which one without a name goes
/// on with the list of the one before it. `trace_id` gets the whole X-Amzn-Trace-Id value for the log.
void make_request(const RequestHead& in, const PeerText& peer, const ForwardingPolicy& policy,
                  const Rewritten& rewritten, WallTime now, Random& random, Arena& arena, RequestHead& out,
                  std::string_view& trace_id);

/// Fills `out` with what the client is sent for a target's answer: hop-by-hop fields gone (Upgrade stays on a 101),
/// Date added when missing on a final answer. Framing follows the client: an UntilClose body becomes Chunked for an
/// HTTP/1.1 client.
void make_response(const ResponseHead& in, std::uint8_t client_minor, bool is_websocket_answer, std::string_view date,
                   ResponseHead& out);

/// "Mon, 23 Nov 2026 03:15:52 GMT" (RFC 9110 §5.6.7) into 29 bytes.
void write_date(WallTime now, char* out29);

/// Serialises a request head in HTTP/1.1: request line with path and query, fields, then Content-Length or
/// Transfer-Encoding as `framing` says, for a websocket upgrade Connection and Upgrade, and Connection: close where it
/// is isolated. The view lives in `arena`.
std::string_view write_head(const RequestHead& head, Arena& arena);
/// The same for a response. `close`: Connection: close is added (or keep-alive for an HTTP/1.0 client that asked for
/// it).
enum class ConnectionField : std::uint8_t { None, Close, KeepAlive };
std::string_view write_head(const ResponseHead& head, ConnectionField connection, Arena& arena);

}  // namespace kanaria::http
