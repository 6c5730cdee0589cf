// Everything that is told about one request: the handler fills it while the exchange goes on, metrics and the access
// log read it once, at its end. Owned by the exchange's coroutine, on its worker. All views lie in memory that the
// exchange pins (its read block, its arena, its snapshot, its connection) and are valid until the record was written.
#pragma once

#include <cstdint>
#include <string_view>

#include "kanaria/base/clock.hpp"
#include "kanaria/base/error.hpp"
#include "kanaria/http/desync.hpp"

namespace kanaria::observe {

/// A time point that was never reached.
inline constexpr Time kUnset{};
/// A metric row that this exchange does not have.
inline constexpr std::uint32_t kNoRow = UINT32_MAX;

/// What became of the place where a user was. The greater counts, where a rule and a group say different things.
enum class Sticky : std::uint8_t {
  None,   // nothing keeps users anywhere
  Kept,   // it was there again
  New,    // there was none, or its cookie was rejected
  Moved,  // it can't be there any more, and has a new one
};
inline constexpr std::size_t kStickies = 4;

enum class AnsweredBy : std::uint8_t { Kanaria, Target };
inline constexpr std::size_t kAnswerers = 2;

struct ExchangeRecord {
  // When. `wall` and `created` are the same moment: the first byte of the request.
  WallTime wall{};
  Time created = kUnset;
  Time sent_to_target = kUnset;  // the last attempt's head was handed to the kernel
  Time target_head = kUnset;     // its answer's final head came; with target_status 0: it closed instead
  Time answer_start = kUnset;    // the first byte of the final head went to the client
  Time end = kUnset;             // for WebSocket: the close

  // Who. Empty: none.
  std::string_view load_balancer;   // its name in the configuration
  std::string_view client_address;  // without brackets
  std::uint16_t client_port = 0;
  std::string_view target;  // of the last attempt, as metrics name it: "127.0.0.1:9001"

  // What was asked. `method` is empty when the request line could not be read.
  std::string_view method;
  std::string_view scheme = "http";  // of the connection
  std::string_view authority;        // Host
  std::string_view request_target;   // as sent
  std::uint16_t listener_port = 0;   // for an authority without a port
  std::uint8_t minor = 1;            // HTTP/1.minor
  std::string_view user_agent;
  std::string_view trace_id;     // X-Amzn-Trace-Id as sent to the target
  std::string_view traceparent;  // of W3C's Trace Context, as it came

  http::DesyncReason desync = http::DesyncReason::None;

  // What was decided. Empty: not reached.
  std::string_view listener;
  std::string_view rule;
  int rule_priority = -1;  // 0: the default action; -1: no rule was found
  std::string_view target_group;
  Sticky sticky = Sticky::None;
  std::string_view error_reason;  // ALB's word
  std::string_view action;        // "forward", "redirect", "fixed-response"
  std::string_view redirect_url;  // the Location
  std::string_view transformed_host;
  std::string_view transformed_uri;
  std::string_view transform_status;

  // What came of it.
  Fault fault = Fault::None;
  AnsweredBy answered_by = AnsweredBy::Kanaria;
  std::uint16_t elb_status = 0;      // what the client got, or would have; 0: nothing
  std::uint16_t target_status = 0;   // 0: no final head came
  std::uint64_t received_bytes = 0;  // from the client, heads included
  std::uint64_t sent_bytes = 0;      // to the client, heads included
  bool is_websocket = false;         // the upgrade happened

  // Where it is counted: rows of this worker's Counters.
  std::uint32_t listener_row = kNoRow;
  std::uint32_t route_row = kNoRow;  // (listener, rule, target_group); kNoRow: refused before a rule was found
  std::uint32_t group_row = kNoRow;
  std::uint32_t target_row = kNoRow;
};

}  // namespace kanaria::observe
