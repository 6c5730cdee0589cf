#include "trace_id.hpp"

#include <algorithm>

#include "kanaria/http/message.hpp"
#include "list.hpp"

namespace kanaria::http {
namespace {

constexpr std::size_t kMaxReceived = 7 * std::size_t{1024};
constexpr std::size_t kIdSize = sizeof("Root=1-12345678-123456789012345678901234") - 1;

char* write_hex(std::uint64_t value, int digits, char* at) {
  for (int i = digits - 1; i >= 0; --i) *at++ = "0123456789abcdef"[value >> (4 * i) & 0xf];
  return at;
}

char* write_id(std::string_view key, WallTime now, Random& random, char* at) {
  at = std::ranges::copy(key, at).out;
  at = std::ranges::copy(std::string_view("=1-"), at).out;
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  at = write_hex(static_cast<std::uint64_t>(seconds), 8, at);
  *at++ = '-';
  at = write_hex(random.next(), 16, at);
  return write_hex(random.next(), 8, at);
}

bool has_key(std::string_view item, std::string_view key) {
  return iequals(trimmed(item.substr(0, item.find('='))), key);
}

}  // namespace

std::string_view next_trace_id(std::string_view received, WallTime now, Random& random, Arena& arena) {
  if (received.size() > kMaxReceived) received = {};
  bool has_root = false;
  bool has_self = false;
  for_each_item<';'>(received, [&](std::string_view item) {
    has_root = has_root || has_key(item, "Root");
    has_self = has_self || has_key(item, "Self");
  });

  char* const begin = arena.room(kIdSize + 1 + received.size());
  char* at = write_id(has_root || has_self ? "Self" : "Root", now, random, begin);
  for_each_item<';'>(received, [&](std::string_view item) {
    if (has_key(item, "Self")) return;
    *at++ = ';';
    at = std::ranges::copy(item, at).out;
  });
  return {begin, static_cast<std::size_t>(at - begin)};
}

}  // namespace kanaria::http
