// What one worker counts, in rows by dense index. A worker alone writes its Counters, with a plain load and store each;
// control reads all workers' and adds them up. Rows are made by control (metrics.hpp), which posts an index to a worker
// only after its row exists, so that post is the only synchronisation a row needs.
#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "kanaria/base/clock.hpp"
#include "kanaria/base/error.hpp"
#include "kanaria/cookies/rejection.hpp"
#include "kanaria/observe/cell.hpp"
#include "kanaria/observe/exchange_record.hpp"
#include "kanaria/observe/histogram.hpp"

namespace kanaria::observe {

/// Final statuses that have a cell of their own: what IANA has registered, and ALB's 460, 463, 464, 561. The rest of
/// each class shares one ("2xx"), and what is no status at all another ("other").
inline constexpr std::size_t kCodes = 68;
/// The cell of a status, and the `code` label of a cell.
std::size_t code_slot(std::uint16_t status);
std::string_view code_label(std::size_t slot);

using FaultCells = std::array<Cell, kFaults>;
/// By AnsweredBy.
using Durations = std::array<Histogram, kAnswerers>;

struct RouteRow {
  using Name = std::array<std::string, 3>;
  static constexpr std::array<std::string_view, 3> kLabels{"listener", "rule", "target_group"};  // "" where none
  std::array<std::array<Cell, kCodes>, kAnswerers> answers;  // by AnsweredBy, then code_slot
  Cell split_requests;                                       // the split chose this group
  // As GroupRow::request_duration, for `kanaria status`; not exported, for that would be a histogram per rule. 144
  // bytes beside the 1,088 of `answers`.
  Histogram duration;

  void count(std::uint16_t status, AnsweredBy by) { answers[static_cast<std::size_t>(by)][code_slot(status)].add(); }
};

struct GroupRow {
  using Name = std::array<std::string, 1>;
  static constexpr std::array<std::string_view, 1> kLabels{"target_group"};
  // Not the sum of its routes' rows: a rule that goes takes its own row along, and a counter may not shrink.
  Durations request_duration;          // from the request's first byte to the end, or to the 101 that opens a tunnel
  Durations target_response;           // from the last try's head to the target's, or to its closing without one
  FaultCells errors;                   // exchanges that ended so
  FaultCells retries;                  // further attempts, by what ended the one before
  Cell fail_open;                      // requests that any target could get, because too few were healthy
  Cell failover;                       // requests that it got while another group of the rule had no healthy target
  Cell pending;                        // gauge: requests that wait for a target with room
  std::array<Cell, kStickies> sticky;  // requests, by Sticky
  std::array<Cell, cookies::kRejections> cookies_rejected;  // by Rejection

  void rejected(cookies::Rejection why) { cookies_rejected[static_cast<std::size_t>(why)].add(); }
};

struct TargetRow {
  using Name = std::array<std::string, 2>;
  static constexpr std::array<std::string_view, 2> kLabels{"target_group", "target"};
  Cell requests;  // attempts
  Cell failures;  // of these: failed connects, resets, time-outs, and answers of 5xx
  Cell connects;
  Cell connect_nanoseconds;
  Cell connections;  // gauge: open, idle ones too
  Cell in_flight;    // gauge

  void connected(Duration took) {
    connects.add();
    connect_nanoseconds.add(static_cast<std::uint64_t>(took.count()));
  }
};

/// The `result` label.
std::string_view sticky_label(Sticky sticky);

/// Why a client's connection was closed unheard.
enum class Refusal : std::uint8_t { Descriptors, MaxConnections, ProxyProtocol };
inline constexpr std::size_t kRefusals = 3;
/// The `reason` label.
std::string_view refusal_label(Refusal refusal);

struct ListenerRow {
  using Name = std::array<std::string, 1>;
  static constexpr std::array<std::string_view, 1> kLabels{"listener"};
  Cell client_connections;                               // gauge
  std::array<Cell, kRefusals> connections_refused;       // by Refusal
  FaultCells requests_refused;                           // before a rule was found
  std::array<Cell, http::kDesyncClasses> non_compliant;  // by DesyncClass; compliant ones are not counted
  Cell received_bytes;
  Cell sent_bytes;

  void refused(Refusal why) { connections_refused[static_cast<std::size_t>(why)].add(); }
};

/// Rows by index, in chunks that double and never move. Control adds, one worker reads and writes what it knows of.
template <class Row>
class Rows {
 public:
  Row& operator[](std::uint32_t index) const {
    const Place place = place_of(index);
    return chunks_[place.chunk][place.offset];
  }
  void make_room(std::uint32_t index) {
    const Place place = place_of(index);
    if (!chunks_[place.chunk]) chunks_[place.chunk] = std::make_unique<Row[]>(std::size_t{kFirst} << place.chunk);
  }

 private:
  static constexpr std::uint32_t kFirst = 16;  // rows in chunk 0; chunk n has kFirst << n
  struct Place {
    std::size_t chunk;
    std::size_t offset;
  };
  static Place place_of(std::uint32_t index) {
    const std::uint32_t from_one = index / kFirst + 1;
    return {static_cast<std::size_t>(std::bit_width(from_one)) - 1, index - kFirst * (std::bit_floor(from_one) - 1)};
  }
  std::array<std::unique_ptr<Row[]>, 28> chunks_;
};

/// One worker's counters. The index must be one that control gave out; kNoRow is the caller's to check.
class alignas(128) Counters {
 public:
  RouteRow& route(std::uint32_t row) { return routes_[row]; }
  GroupRow& group(std::uint32_t row) { return groups_[row]; }
  TargetRow& target(std::uint32_t row) { return targets_[row]; }
  ListenerRow& listener(std::uint32_t row) { return listeners_[row]; }

  /// All that follows from a finished exchange: its status, its times, its fault, its bytes. Once an exchange.
  void count(const ExchangeRecord& record);

 private:
  friend class Metrics;
  Rows<RouteRow> routes_;
  Rows<GroupRow> groups_;
  Rows<TargetRow> targets_;
  Rows<ListenerRow> listeners_;
};

}  // namespace kanaria::observe
