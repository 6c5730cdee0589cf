#include "kanaria/observe/counters.hpp"

#include "kanaria/base/fault_table.hpp"

namespace kanaria::observe {
namespace {

// 1xx are not final, except 101.
constexpr std::uint16_t kOwnCell[] = {101, 200, 201, 202, 203, 204, 205, 206, 207, 208, 226, 300, 301, 302, 303, 304,
                                      305, 307, 308, 400, 401, 402, 403, 404, 405, 406, 407, 408, 409, 410, 411, 412,
                                      413, 414, 415, 416, 417, 418, 421, 422, 423, 424, 425, 426, 428, 429, 431, 451,
                                      460, 463, 464, 500, 501, 502, 503, 504, 505, 506, 507, 508, 510, 511, 561};
constexpr std::size_t kOwnCells = std::size(kOwnCell);
constexpr std::string_view kShared[] = {"2xx", "3xx", "4xx", "5xx", "other"};
constexpr std::size_t kOther = kOwnCells + 4;
static_assert(kCodes == kOwnCells + std::size(kShared));

constexpr std::uint16_t kEnd = 600;

constexpr auto kSlots = [] {
  std::array<std::uint8_t, kEnd> slots{};
  for (std::size_t status = 0; status < kEnd; ++status)
    slots[status] = static_cast<std::uint8_t>(status < 200 ? kOther : kOwnCells + status / 100 - 2);
  for (std::size_t slot = 0; slot < kOwnCells; ++slot) slots[kOwnCell[slot]] = static_cast<std::uint8_t>(slot);
  return slots;
}();

constexpr auto kDigits = [] {
  std::array<char, kOwnCells * 3> digits{};
  for (std::size_t slot = 0; slot < kOwnCells; ++slot) {
    digits[slot * 3] = static_cast<char>('0' + kOwnCell[slot] / 100);
    digits[slot * 3 + 1] = static_cast<char>('0' + kOwnCell[slot] / 10 % 10);
    digits[slot * 3 + 2] = static_cast<char>('0' + kOwnCell[slot] % 10);
  }
  return digits;
}();

}  // namespace

std::size_t code_slot(std::uint16_t status) {
  return status < kEnd ? kSlots[status] : kOther;
}

std::string_view code_label(std::size_t slot) {
  return slot < kOwnCells ? std::string_view(kDigits.data() + slot * 3, 3) : kShared[slot - kOwnCells];
}

std::string_view refusal_label(Refusal refusal) {
  constexpr std::array<std::string_view, kRefusals> kLabels{"descriptors", "max_connections", "proxy_protocol"};
  return kLabels[static_cast<std::size_t>(refusal)];
}

std::string_view sticky_label(Sticky sticky) {
  constexpr std::array<std::string_view, kStickies> kLabels{"", "kept", "new", "moved"};
  return kLabels[static_cast<std::size_t>(sticky)];
}

namespace {

void count_group(GroupRow& at, const ExchangeRecord& record, Duration took, bool failed) {
  const auto by = static_cast<std::size_t>(record.answered_by);
  at.request_duration[by].add(took);
  if (record.sent_to_target != kUnset && record.target_head != kUnset)
    at.target_response[by].add(record.target_head - record.sent_to_target);
  if (failed) at.errors[static_cast<std::size_t>(record.fault)].add();
  if (record.sticky != Sticky::None) at.sticky[static_cast<std::size_t>(record.sticky)].add();
}

}  // namespace

void Counters::count(const ExchangeRecord& record) {
  const bool failed = row_of(record.fault).side != Side::Nobody;
  const bool is_tunnel = record.is_websocket && record.answer_start != kUnset;
  const Duration took = (is_tunnel ? record.answer_start : record.end) - record.created;
  if (record.route_row != kNoRow) {
    RouteRow& at = route(record.route_row);
    at.count(record.elb_status, record.answered_by);
    at.duration.add(took);
  }
  if (record.group_row != kNoRow) count_group(group(record.group_row), record, took, failed);
  if (record.listener_row == kNoRow) return;
  ListenerRow& at = listener(record.listener_row);
  at.received_bytes.add(record.received_bytes);
  at.sent_bytes.add(record.sent_bytes);
  if (record.desync != http::DesyncReason::None)
    at.non_compliant[static_cast<std::size_t>(row_of(record.desync).severity)].add();
  if (record.group_row == kNoRow && failed) at.requests_refused[static_cast<std::size_t>(record.fault)].add();
}

}  // namespace kanaria::observe
