#include "kanaria/http/headers.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <utility>

#include "field_facts.hpp"
#include "trace_id.hpp"

namespace kanaria::http {
namespace {

// The fields that we make ourselves. They are decided before Connection is looked at, so "Connection: x-forwarded-for"
// can't strip what tells a target who asks.
constexpr std::string_view kForwardedFor = "X-Forwarded-For";
constexpr std::string_view kForwardedProto = "X-Forwarded-Proto";
constexpr std::string_view kForwardedPort = "X-Forwarded-Port";
constexpr std::string_view kTraceId = "X-Amzn-Trace-Id";

// Ends the field at this hop?
template <class Head>
bool stays_here(const Head& head, const Field& field) {
  return is_hop_by_hop(field.known) || (head.names_fields && is_named_by_connection(head.fields, field.name));
}

// alb.md §6.3: the name in lower case; the listener's port belongs to it, unless it is a scheme's own.
std::string_view normal_host(std::string_view authority, const Port& listener_port, Arena& arena) {
  const std::size_t name_end = authority.starts_with('[') ? authority.find(']') : 0;
  const std::size_t colon = authority.find(':', name_end);
  const std::string_view name = authority.substr(0, colon);
  const std::string_view port = colon == std::string_view::npos ? "" : authority.substr(colon + 1);

  const bool implied = listener_port == 80 || listener_port == 443 || listener_port == 0;
  std::string_view shown = port;
  if (port.empty() && !implied) shown = listener_port.text();
  if (implied && port == listener_port.text()) shown = {};

  char* const begin = arena.room(name.size() + 1 + shown.size());
  char* end = std::ranges::transform(name, begin, to_lower).out;
  if (!shown.empty()) {
    *end++ = ':';
    end = std::ranges::copy(shown, end).out;
  }
  return {begin, static_cast<std::size_t>(end - begin)};
}

std::string_view host_of(const RequestHead& in, const PeerText& peer, const ForwardingPolicy& policy,
                         const Rewritten& rewritten, Arena& arena) {
  if (policy.preserve_host) {
    if (!rewritten.host.empty()) return rewritten.host;
    if (!in.authority.empty()) return in.authority;  // that of an absolute target is the host (RFC 9112 §3.2.2)
  }
  if (!rewritten.host.empty()) return normal_host(rewritten.host, policy.listener_port, arena);
  const std::string_view authority = in.authority.empty() ? peer.local_host : in.authority;
  if (authority.empty()) return {};  // HTTP/1.0 over a Unix socket: an empty Host is what RFC 9110 §7.2 wants then
  return normal_host(authority, policy.listener_port, arena);
}

// All X-Forwarded-For fields of the client as one list, with its own address at the end. The list is joined when it is
// written: 48 KiB of it are not to be held twice while the target thinks.
void add_forwarded_for(const std::vector<Field>& received, std::string_view address, std::vector<Field>& out) {
  std::string_view name = kForwardedFor;
  for (const Field& field : received) {
    if (field.value.empty() || field.known != FieldName::XForwardedFor) continue;
    out.push_back({std::exchange(name, {}), field.value, FieldName::XForwardedFor});
  }
  out.push_back({name, address, FieldName::XForwardedFor});
}

bool is_passed_on(const RequestHead& in, const Field& field, const ForwardingPolicy& policy) {
  switch (field.known) {
    case FieldName::Host:
    case FieldName::XForwardedProto:
    case FieldName::XForwardedPort:
    case FieldName::XAmznTraceId: return false;
    case FieldName::XForwardedFor: return policy.forwarded_for == ForwardedFor::Preserve;
    case FieldName::Expect: return in.expect_continue;
    default: return !stays_here(in, field);
  }
}

// RFC 9110 §7.6.2: one less at each hop. That of 0 was answered and not passed on.
std::string_view one_less(std::uint32_t max_forwards, Arena& arena) {
  std::array<char, 10> digits{};
  const char* const end = std::to_chars(digits.data(), digits.data() + digits.size(), max_forwards - 1).ptr;
  return arena.keep({digits.data(), static_cast<std::size_t>(end - digits.data())});
}

// Room for the fields that we add: a large head's vector is not to double for them.
constexpr std::size_t kAdded = 8;

// What a head needs beside its fields and the words of its start line.
constexpr std::size_t kFraming = 160;

// Writes a head into room that is surely large enough. Texts whose size the compiler knows become plain stores.
class Pen {
 public:
  /// `words`: how many bytes the words of the start line have.
  Pen(Arena& arena, std::size_t words, const std::vector<Field>& fields) {
    std::size_t size = words + kFraming;
    for (const Field& field : fields) size += field.name.size() + field.value.size() + 4;  // ": " and the line's end
    begin_ = at_ = arena.room(size);
  }
  void put(std::string_view text) {
    std::memcpy(at_, text.data(), text.size());
    at_ += text.size();
  }
  template <std::size_t N>
  void put(const char (&text)[N]) {
    std::memcpy(at_, text, N - 1);
    at_ += N - 1;
  }
  void put(std::uint64_t number) { at_ = std::to_chars(at_, at_ + 20, number).ptr; }
  void put(const std::vector<Field>& fields) {
    for (const Field& field : fields) {
      if (!field.name.empty()) {
        put(field.name);
        put(": ");
      } else {
        at_ -= 2;  // the line goes on
        put(", ");
      }
      put(field.value);
      put("\r\n");
    }
  }
  void put_length(std::uint64_t length) {
    put("Content-Length: ");
    put(length);
    put("\r\n");
  }
  std::string_view written() const { return {begin_, static_cast<std::size_t>(at_ - begin_)}; }

 private:
  char* begin_;
  char* at_;
};

}  // namespace

void make_request(const RequestHead& in, const PeerText& peer, const ForwardingPolicy& policy,
                  const Rewritten& rewritten, WallTime now, Random& random, Arena& arena, RequestHead& out,
                  std::string_view& trace_id) {
  out.clear();
  out.method = in.method;
  if (rewritten.target.empty()) {
    out.path = in.path;
    out.query = in.query;
    out.has_query = in.has_query;
  } else {
    out.path = rewritten.target;
  }
  out.authority = host_of(in, peer, policy, rewritten, arena);
  out.framing = in.framing;
  out.content_length = in.content_length;
  out.expect_continue = in.expect_continue;
  out.upgrade_websocket = in.upgrade_websocket;
  out.isolated = in.isolated;

  const Field* const received_id = find(in.fields, FieldName::XAmznTraceId);
  trace_id = next_trace_id(received_id == nullptr ? "" : received_id->value, now, random, arena);

  out.fields.reserve(in.fields.size() + kAdded);
  out.fields.push_back({"Host", out.authority, FieldName::Host});
  for (const Field& field : in.fields)
    if (is_passed_on(in, field, policy)) out.fields.push_back(field);
  if (in.max_forwards.value_or(0) > 0) {
    const auto limit = std::ranges::find(out.fields, FieldName::MaxForwards, &Field::known);
    if (limit != out.fields.end()) limit->value = one_less(*in.max_forwards, arena);
  }
  if (policy.forwarded_for == ForwardedFor::Append) {
    const std::string_view address = policy.client_port ? peer.with_port : peer.address;
    add_forwarded_for(in.fields, address, out.fields);
  }
  out.fields.push_back({kForwardedProto, policy.https ? "https" : "http", FieldName::XForwardedProto});
  if (policy.listener_port != 0)
    out.fields.push_back({kForwardedPort, policy.listener_port.text(), FieldName::XForwardedPort});
  out.fields.push_back({kTraceId, trace_id, FieldName::XAmznTraceId});
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
    if ((switches && field.known == FieldName::Upgrade) || !stays_here(in, field)) out.fields.push_back(field);
  if (in.status >= 200 && find(out.fields, FieldName::Date) == nullptr)
    out.fields.push_back({"Date", date, FieldName::Date});
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
  Pen pen(arena, head.method.size() + head.path.size() + head.query.size(), head.fields);
  pen.put(head.method);
  pen.put(" ");
  pen.put(head.path);
  if (head.has_query) {
    pen.put("?");
    pen.put(head.query);
  }
  pen.put(" HTTP/1.1\r\n");
  pen.put(head.fields);
  if (head.framing == Framing::Chunked) pen.put("Transfer-Encoding: chunked\r\n");
  if (head.framing == Framing::Length) pen.put_length(head.content_length);
  if (head.upgrade_websocket) {
    pen.put("Connection: Upgrade\r\nUpgrade: websocket\r\n");
  } else if (head.isolated) {
    pen.put("Connection: close\r\n");
  }
  pen.put("\r\n");
  return pen.written();
}

std::string_view write_head(const ResponseHead& head, ConnectionField connection, Arena& arena) {
  Pen pen(arena, head.reason.size(), head.fields);
  pen.put("HTTP/1.1 ");
  pen.put(std::uint64_t{head.status});
  pen.put(" ");
  pen.put(head.reason);
  pen.put("\r\n");
  pen.put(head.fields);
  if (head.framing == Framing::Chunked) pen.put("Transfer-Encoding: chunked\r\n");
  if (head.framing == Framing::Length || head.describes_length) pen.put_length(head.content_length);
  if (head.status == 101) pen.put("Connection: Upgrade\r\n");
  if (connection == ConnectionField::Close) pen.put("Connection: close\r\n");
  if (connection == ConnectionField::KeepAlive) pen.put("Connection: keep-alive\r\n");
  pen.put("\r\n");
  return pen.written();
}

}  // namespace kanaria::http
