#include "field_facts.hpp"

#include <algorithm>
#include <charconv>
#include <limits>

#include "desync_scan.hpp"
#include "list.hpp"

namespace kanaria::http {
namespace {

constexpr std::uint64_t kMaxLength = std::numeric_limits<std::int64_t>::max();

// RFC 9112 §7: only "chunked" alone is ours. Each further field is read on as if it were a list, for its name.
void read_coding(std::string_view value, FieldFacts& facts) {
  const bool again = facts.coding != Coding::Absent;
  if (!again && iequals(value, "chunked")) {
    facts.coding = Coding::Chunked;
    facts.chunked = 1;
    return;
  }
  std::size_t items = 0;
  bool valid = !again;
  bool after_chunked = false;
  for_each_item(value, [&](std::string_view item) {
    ++items;
    valid = valid && is_token(item) && !after_chunked;
    after_chunked = iequals(item, "chunked");
    facts.chunked += after_chunked ? 1 : 0;
  });
  const bool has_other = items > (after_chunked ? 1U : 0U);
  facts.coding = facts.chunked > 1 ? Coding::Twice : valid && has_other ? Coding::Unknown : Coding::Broken;
}

// 1*DIGIT and nothing else. The list form "5, 5" that RFC 9110 §8.6 tolerates is refused: no honest sender makes it.
bool read_length(std::string_view value, std::uint64_t& length) {
  const auto [at, error] = std::from_chars(value.begin(), value.end(), length);
  return error == std::errc{} && at == value.end() && length <= kMaxLength;
}

void read_connection(std::string_view value, FieldFacts& facts) {
  facts.options += 1 + static_cast<std::size_t>(std::ranges::count(value, ','));
  for_each_item(value, [&](std::string_view option) {
    const bool close = iequals(option, "close");
    const bool keep_alive = iequals(option, "keep-alive");
    const bool upgrade = iequals(option, "upgrade");
    facts.close = facts.close || close;
    facts.keep_alive = facts.keep_alive || keep_alive;
    facts.upgrade = facts.upgrade || upgrade;
    facts.other_option = facts.other_option || !(close || keep_alive || upgrade);
  });
}

// True: the field became a fact and is no field any more.
bool take(const Field& field, FieldFacts& facts) {
  switch (field.known) {
    case FieldName::ContentLength: {
      std::uint64_t length = 0;
      if (!read_length(field.value, length)) facts.bad_length = true;
      if (facts.lengths++ == 0) facts.length = length;
      facts.lengths_differ = facts.lengths_differ || length != facts.length;
      return true;
    }
    case FieldName::TransferEncoding: read_coding(field.value, facts); return true;
    case FieldName::Host:
      ++facts.hosts;
      facts.host = field.value;
      return false;
    case FieldName::Connection: read_connection(field.value, facts); return false;
    case FieldName::Upgrade:
      for_each_item(field.value, [&](std::string_view protocol) {
        const bool websocket = iequals(protocol, "websocket");
        facts.websocket = facts.websocket || websocket;
        facts.other_protocol = facts.other_protocol || !websocket;
      });
      return false;
    case FieldName::Expect: {
      const bool is_continue = iequals(field.value, "100-continue");
      facts.expect_continue = facts.expect_continue || is_continue;
      facts.other_expectation = facts.other_expectation || !is_continue;
      return false;
    }
    case FieldName::MaxForwards:
      ++facts.forward_limits;
      facts.max_forwards = field.value;
      return false;
    case FieldName::Other: {
      const bool suspicious = is_suspicious(field.name);
      facts.suspicious = facts.suspicious || suspicious;
      return suspicious;
    }
    default: return false;
  }
}

}  // namespace

FieldFacts take_facts(std::vector<Field>& fields) {
  FieldFacts facts;
  auto kept = fields.begin();
  for (const Field& field : fields) {
    if (take(field, facts)) continue;
    if (&*kept != &field) *kept = field;
    ++kept;
  }
  fields.erase(kept, fields.end());
  return facts;
}

bool is_named_by_connection(const std::vector<Field>& fields, std::string_view name) {
  bool named = false;
  for (const Field& field : fields) {
    if (field.known != FieldName::Connection) continue;
    for_each_item(field.value, [&](std::string_view option) { named = named || iequals(option, name); });
  }
  return named;
}

}  // namespace kanaria::http
