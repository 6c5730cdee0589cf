#include "kanaria/http/headers.hpp"

#include <algorithm>
#include <array>
#include <charconv>

#include "list.hpp"
#include "trace_id.hpp"

namespace kanaria::http {
namespace {

constexpr std::size_t kMaxForwardedFor = 30;  // ALB answers 463 above

// The fields that we make ourselves. They are decided before Connection is looked at, so "Connection: x-forwarded-for"
// can't strip what tells a target who asks.
constexpr std::string_view kForwardedFor = "X-Forwarded-For";
constexpr std::string_view kForwardedProto = "X-Forwarded-Proto";
constexpr std::string_view kForwardedPort = "X-Forwarded-Port";
constexpr std::string_view kTraceId = "X-Amzn-Trace-Id";

bool is_named_by_connection(const std::vector<Field>& fields, std::string_view name) {
  bool named = false;
  for (const Field& field : fields) {
    if (!iequals(field.name, "connection")) continue;
    for_each_item(field.value, [&](std::string_view option) { named = named || iequals(option, name); });
  }
  return named;
}

// Ends `name` at this hop?
bool stays_here(const std::vector<Field>& fields, std::string_view name) {
  return is_hop_by_hop(name) || is_named_by_connection(fields, name);
}

std::string_view print(std::uint64_t number, Arena& arena) {
  std::array<char, 20> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return arena.keep({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

std::string_view origin_form(const RequestHead& in, Arena& arena) {
  if (in.scheme.empty()) return in.target;
  return in.has_query ? arena.join({in.path, "?", in.query}) : in.path;
}

// alb.md §6.3: the name in lower case; the listener's port belongs to it, unless it is a scheme's own.
std::string_view normal_host(std::string_view authority, std::uint16_t listener_port, Arena& arena) {
  const std::size_t bracket = authority.rfind(']');
  const std::size_t colon = authority.find(':', bracket == std::string_view::npos ? 0 : bracket);
  const std::string_view name = authority.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? "" : authority.substr(colon + 1);

  char* const lower_name = arena.room(name.size());
  std::ranges::transform(name, lower_name,
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; });
  const std::string_view host(lower_name, name.size());

  const std::string_view own_port = print(listener_port, arena);
  const bool implied = listener_port == 80 || listener_port == 443 || listener_port == 0;
  if (port.empty()) return implied ? host : arena.join({host, ":", own_port});
  return implied && port == own_port ? host : arena.join({host, ":", port});
}

std::string_view host_of(const RequestHead& in, const PeerText& peer, const ForwardingPolicy& policy,
                         const Rewritten& rewritten, Arena& arena) {
  if (policy.preserve_host) {
    if (!rewritten.host.empty()) return rewritten.host;
    if (const Field* const field = find(in.fields, "host")) return field->value;
  }
  if (!rewritten.host.empty()) return normal_host(rewritten.host, policy.listener_port, arena);
  const std::string_view authority = in.authority.empty() ? peer.local_host : in.authority;
  if (authority.empty()) return {};  // HTTP/1.0 over a Unix socket: an empty Host is what RFC 9110 §7.2 wants then
  return normal_host(authority, policy.listener_port, arena);
}

// All X-Forwarded-For fields of the client as one list, with its own address at the end.
std::string_view forwarded_for(const std::vector<Field>& fields, std::string_view address, Arena& arena) {
  std::size_t size = address.size();
  for (const Field& field : fields)
    if (iequals(field.name, kForwardedFor)) size += field.value.size() + 2;
  char* const begin = arena.room(size);
  char* at = begin;
  for (const Field& field : fields) {
    if (field.value.empty() || !iequals(field.name, kForwardedFor)) continue;
    at = std::ranges::copy(field.value, at).out;
    at = std::ranges::copy(std::string_view(", "), at).out;
  }
  at = std::ranges::copy(address, at).out;
  return {begin, static_cast<std::size_t>(at - begin)};
}

bool has_too_many_addresses(const std::vector<Field>& fields) {
  std::size_t addresses = 0;
  for (const Field& field : fields)
    if (iequals(field.name, kForwardedFor)) for_each_item(field.value, [&](std::string_view) { ++addresses; });
  return addresses > kMaxForwardedFor;
}

bool is_passed_on(const RequestHead& in, const Field& field, const ForwardingPolicy& policy) {
  if (iequals(field.name, "host") || iequals(field.name, kForwardedProto) || iequals(field.name, kForwardedPort) ||
      iequals(field.name, kTraceId))
    return false;
  if (iequals(field.name, kForwardedFor)) return policy.forwarded_for == ForwardedFor::Preserve;
  if (iequals(field.name, "expect")) return in.expect_continue;
  return !stays_here(in.fields, field.name);
}

// Heads are written in two passes over the same description: one counts, one copies.
template <class Describe>
std::string_view write(Arena& arena, Describe&& describe) {
  std::size_t size = 0;
  describe([&](std::string_view text) { size += text.size(); });
  char* const begin = arena.room(size);
  char* at = begin;
  describe([&](std::string_view text) { at = std::ranges::copy(text, at).out; });
  return {begin, size};
}

template <class Add>
void add_fields(const std::vector<Field>& fields, Add&& add) {
  for (const Field& field : fields) {
    add(field.name);
    add(": ");
    add(field.value);
    add("\r\n");
  }
}

// `length` is set where a Content-Length is due.
template <class Add>
void add_framing(Framing framing, std::string_view length, Add&& add) {
  if (framing == Framing::Chunked) add("Transfer-Encoding: chunked\r\n");
  if (length.empty()) return;
  add("Content-Length: ");
  add(length);
  add("\r\n");
}

}  // namespace

bool is_hop_by_hop(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{"connection", "keep-alive",        "proxy-connection", "te",
                                                   "trailer",    "transfer-encoding", "upgrade"};
  return std::ranges::any_of(kNames, [&](std::string_view hop) { return iequals(hop, name); });
}

Result<void> make_request(const RequestHead& in, const PeerText& peer, const ForwardingPolicy& policy,
                          const Rewritten& rewritten, WallTime now, Random& random, Arena& arena, RequestHead& out,
                          std::string_view& trace_id) {
  if (has_too_many_addresses(in.fields)) return Error(Fault::TooManyForwardedFor);
  out.clear();
  out.method = in.method;
  out.target = rewritten.target.empty() ? origin_form(in, arena) : rewritten.target;
  out.authority = host_of(in, peer, policy, rewritten, arena);
  out.framing = in.framing;
  out.content_length = in.content_length;
  out.expect_continue = in.expect_continue;
  out.upgrade_websocket = in.upgrade_websocket;

  const Field* const received_id = find(in.fields, kTraceId);
  trace_id = next_trace_id(received_id == nullptr ? "" : received_id->value, now, random, arena);

  out.fields.push_back({"Host", out.authority});
  for (const Field& field : in.fields)
    if (is_passed_on(in, field, policy)) out.fields.push_back(field);
  if (policy.forwarded_for == ForwardedFor::Append) {
    const std::string_view address = policy.client_port ? peer.with_port : peer.address;
    out.fields.push_back({kForwardedFor, forwarded_for(in.fields, address, arena)});
  }
  out.fields.push_back({kForwardedProto, policy.https ? "https" : "http"});
  if (policy.listener_port != 0) out.fields.push_back({kForwardedPort, print(policy.listener_port, arena)});
  out.fields.push_back({kTraceId, trace_id});
  return {};
}

void make_response(const ResponseHead& in, std::uint8_t client_minor, bool is_websocket_answer, std::string_view date,
                   ResponseHead& out) {
  out.clear();
  out.status = in.status;
  out.reason = in.reason;
  out.content_length = in.content_length;
  out.describes_length = in.describes_length;
  out.framing = in.framing;
  if (in.framing == Framing::Chunked || in.framing == Framing::UntilClose) {
    out.framing = client_minor == 0 ? Framing::UntilClose : Framing::Chunked;
    out.keep_alive = client_minor != 0;
  }
  const bool switches = in.status == 101 && is_websocket_answer;
  for (const Field& field : in.fields)
    if ((switches && iequals(field.name, "upgrade")) || !stays_here(in.fields, field.name)) out.fields.push_back(field);
  if (in.status >= 200 && find(out.fields, "date") == nullptr) out.fields.push_back({"Date", date});
}

void write_date(WallTime now, char* out29) {
  constexpr std::string_view kDays = "SunMonTueWedThuFriSat";
  constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto day = std::chrono::floor<std::chrono::days>(now);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(std::chrono::floor<std::chrono::seconds>(now - day));

  const auto text = [&](std::string_view part) { out29 = std::ranges::copy(part, out29).out; };
  const auto number = [&](unsigned value, unsigned unit) {
    for (; unit > 0; unit /= 10) *out29++ = static_cast<char>('0' + value / unit % 10);
  };
  text(kDays.substr(std::size_t{3} * std::chrono::weekday(day).c_encoding(), 3));
  text(", ");
  number(static_cast<unsigned>(date.day()), 10);
  text(" ");
  text(kMonths.substr(std::size_t{3} * (static_cast<unsigned>(date.month()) - 1), 3));
  text(" ");
  number(static_cast<unsigned>(static_cast<int>(date.year())), 1000);
  text(" ");
  number(static_cast<unsigned>(time.hours().count()), 10);
  text(":");
  number(static_cast<unsigned>(time.minutes().count()), 10);
  text(":");
  number(static_cast<unsigned>(time.seconds().count()), 10);
  text(" GMT");
}

std::string_view write_head(const RequestHead& head, Arena& arena) {
  const std::string_view length = head.framing == Framing::Length ? print(head.content_length, arena) : "";
  return write(arena, [&](auto&& add) {
    add(head.method);
    add(" ");
    add(head.target);
    add(" HTTP/1.1\r\n");
    add_fields(head.fields, add);
    add_framing(head.framing, length, add);
    if (head.upgrade_websocket) add("Connection: Upgrade\r\nUpgrade: websocket\r\n");
    add("\r\n");
  });
}

std::string_view write_head(const ResponseHead& head, ConnectionField connection, Arena& arena) {
  const bool has_length = head.framing == Framing::Length || head.describes_length;
  const std::string_view length = has_length ? print(head.content_length, arena) : "";
  const std::string_view status = print(head.status, arena);
  return write(arena, [&](auto&& add) {
    add("HTTP/1.1 ");
    add(status);
    add(" ");
    add(head.reason);
    add("\r\n");
    add_fields(head.fields, add);
    add_framing(head.framing, length, add);
    if (head.status == 101) add("Connection: Upgrade\r\n");
    if (connection == ConnectionField::Close) add("Connection: close\r\n");
    if (connection == ConnectionField::KeepAlive) add("Connection: keep-alive\r\n");
    add("\r\n");
  });
}

}  // namespace kanaria::http
