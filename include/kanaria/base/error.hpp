// What can go wrong with one request, and the Result that carries it. No exceptions on the data path: a function that
// can fail returns Result<T>, and what follows from a Fault (status, blame, retry, log word) stands only in
// fault_table. Values; any thread.
#pragma once

#include <boost/system/result.hpp>
#include <cstdint>

namespace kanaria {

/// Phase and side of a failure. Each has exactly one row in fault_table.
enum class Fault : std::uint8_t {
  None = 0,

  // The client's request, before or while it is forwarded.
  MalformedRequest,       // RFC 9112 grammar, framing or Host broken
  RequestLineTooLong,     // ALB: 16K
  RequestHeadTooLarge,    // ALB: 16K a field, 64K all of them
  UnknownTransferCoding,  // Transfer-Encoding other than chunked
  UnsupportedVersion,     // neither HTTP/1.0 nor HTTP/1.1
  MethodNotAllowed,       // TRACE, CONNECT
  ExpectationFailed,      // Expect asks for something else than 100-continue
  NonCompliantRequest,    // odd, and desync_mitigation_mode refuses it
  RequestBodyTooLarge,    // over max_request_body
  TooManyForwardedFor,    // more than 30 addresses in X-Forwarded-For
  RequestHeadTimeout,     // request_header_timeout passed before the head was whole
  RequestBodyTimeout,     // the client fell silent inside its body
  MalformedRequestBody,   // a broken chunk, endless trailers
  RequestBodyCut,         // the client closed inside its body
  ClientGone,             // FIN or RST while we worked on the answer
  ClientStalled,          // the client does not take the answer
  ClientIdle,             // no request within the idle time-out; nothing is owed

  // Our own verdicts.
  Stopped,          // reading was given up because the answer is whole; nobody's fault
  NoTarget,         // the chosen group has no target
  TargetsFull,      // all targets of the group are at their bound, and so is max_pending
  PendingTimeout,   // pending_timeout passed before a target had room
  AllWeightsZero,   // no group of the rule has a positive weight
  TransformFailed,  // a transform matched and its result is no valid target or host, or is over 16K
  RedirectTooLong,  // Location over 8K
  ShuttingDown,     // drain_timeout passed
  OutOfResources,   // no descriptor, local port or memory for a connection to a target
  Internal,         // a bug of ours; logged

  // The target.
  ConnectRefused,          // RST to the SYN, or nobody listens on the Unix socket
  ConnectFailed,           // unreachable
  ConnectTimeout,          // target_connect_timeout
  ReusedConnectionClosed,  // a pooled connection ended before the first byte of an answer
  TargetClosed,            // FIN before the head of the answer was whole
  TargetReset,             // RST before the head of the answer was whole
  TargetTimeout,           // idle_timeout while the target owed the head
  TargetStalled,           // idle_timeout while the target did not take the request
  MalformedResponse,       // status line, field, framing or chunk broken; an unsolicited 101
  ResponseHeadTooLarge,    // ALB: 32K
  ResponseBodyCut,         // the connection ended inside the body
  ResponseBodyTimeout,     // the target fell silent inside the body
  TargetDeregistered,      // deregistration_delay passed before the answer was whole
};

inline constexpr std::size_t kFaults = static_cast<std::size_t>(Fault::TargetDeregistered) + 1;

/// A Fault and, where a system call told us, its errno (0: none).
struct Error {
  Fault fault = Fault::None;
  int number = 0;

  Error() = default;
  Error(Fault what, int errno_value = 0) : fault(what), number(errno_value) {}  // NOLINT(google-explicit-constructor)
};

/// boost::system::result needs this to throw from value(); we never call value() on an error.
[[noreturn]] void throw_exception_from_error(const Error& error, const boost::source_location& where);

template <class T>
using Result = boost::system::result<T, Error>;

}  // namespace kanaria
