#include "desync_scan.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "list.hpp"

namespace kanaria::http {
namespace {

using enum DesyncReason;

constexpr bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}
constexpr bool is_high(char c) {
  return static_cast<unsigned char>(c) >= 0x80;
}
constexpr bool ends_text(char c) {  // to a reader in C, or to one that takes a lone CR for a line's end
  return c == '\0' || c == '\r';
}

/// One line without its LF, and whether that LF is there.
struct Line {
  std::string_view text;
  bool whole = false;

  bool has_cr() const { return text.ends_with('\r'); }
  std::string_view content() const { return text.substr(0, text.size() - (whole && has_cr() ? 1 : 0)); }
};

/// Visits the lines up to the empty one, without the one that may stand before (RFC 9112 §2.2).
template <class Visit>
void for_each_line(std::string_view head, Visit&& visit) {
  if (head.starts_with("\r\n")) head.remove_prefix(2);
  for (bool first = true; !head.empty(); first = false) {
    const std::size_t end = head.find('\n');
    const Line line{head.substr(0, end), end != std::string_view::npos};
    if (!first && line.text == "\r") return;
    visit(line);
    head.remove_prefix(line.whole ? end + 1 : head.size());
  }
}

DesyncReason scan_target(std::string_view target) {
  if (std::ranges::any_of(target, ends_text)) return BadUri;
  if (std::ranges::any_of(target, [](char c) { return is_control(c) || is_high(c); })) return AmbiguousUri;
  return target.empty() || target.find(' ') != std::string_view::npos ? SpaceInUri : None;
}

DesyncReason scan_version(std::string_view version) {
  if (!is_version(version)) return BadVersion;
  return version == "HTTP/1.1" || version == "HTTP/1.0" ? None : NonCompliantVersion;
}

// RFC 9112 §3: method SP request-target SP HTTP-version
DesyncReason scan_request_line(const Line& line) {
  const std::string_view text = line.content();
  const std::size_t method_end = std::min(text.find(' '), text.size());
  if (!is_token(text.substr(0, method_end))) return BadMethod;
  if (!line.whole) return None;
  const std::size_t target_end = text.rfind(' ');
  if (target_end <= method_end || target_end == std::string_view::npos) return BadVersion;  // none: HTTP/0.9
  const DesyncReason target = scan_target(text.substr(method_end + 1, target_end - method_end - 1));
  return worse(target, line.has_cr() ? scan_version(text.substr(target_end + 1)) : BadVersion);
}

// RFC 9112 §5: field-name ":" OWS field-value OWS
DesyncReason scan_field(const Line& line) {
  if (line.whole && !line.has_cr()) return BadHeader;
  const std::string_view text = line.content();
  if (text.find_first_not_of(" \t\r") == std::string_view::npos || text.front() == ':') return EmptyHeader;
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos && !line.whole) return is_token(text) ? None : BadHeader;
  if (colon == std::string_view::npos || !is_token(text.substr(0, colon))) return BadHeader;
  const std::string_view value = text.substr(colon + 1);
  if (std::ranges::any_of(value, [](char c) { return is_control(c) && c != '\t'; })) return BadHeader;
  return std::ranges::any_of(value, is_high) ? NonCompliantHeader : None;
}

}  // namespace

// Sixteen bytes at a time; the last sixteen once more.
bool is_ascii(std::string_view head) {
  using Words = std::array<std::uint64_t, 2>;
  if (head.size() < sizeof(Words)) return std::ranges::none_of(head, is_high);
  std::uint64_t seen = 0;
  const auto look = [&](const char* at) {
    Words words;
    std::memcpy(words.data(), at, sizeof words);
    seen |= words[0] | words[1];
  };
  const char* const last = head.data() + head.size() - sizeof(Words);
  for (const char* at = head.data(); at < last; at += sizeof(Words)) look(at);
  look(last);
  return (seen & 0x8080808080808080) == 0;
}

DesyncReason scan_head(std::string_view head) {
  DesyncReason worst = None;
  bool first = true;
  for_each_line(head, [&](const Line& line) {
    worst = worse(worst, std::exchange(first, false) ? scan_request_line(line) : scan_field(line));
  });
  return worst;
}

std::vector<Field> split_fields(std::string_view head) {
  std::vector<Field> fields;
  for_each_line(head, [&](const Line& line) {
    const std::string_view text = line.content();
    const std::size_t colon = text.find(':');
    if (colon != std::string_view::npos) fields.emplace_back(text.substr(0, colon), trimmed(text.substr(colon + 1)));
  });
  return fields;
}

bool is_version(std::string_view text) {
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return text.size() == 8 && text.starts_with("HTTP/") && is_digit(text[5]) && text[6] == '.' && is_digit(text[7]);
}

bool is_suspicious(std::string_view name) {
  constexpr std::string_view kLength = "contentlength";
  constexpr std::string_view kCoding = "transferencoding";
  if (name.size() < kLength.size()) return false;
  std::string_view rest;
  bool begun = false;
  for (const char c : name) {
    const char letter = static_cast<char>(c | 0x20);
    if (letter < 'a' || letter > 'z') continue;
    if (!std::exchange(begun, true)) rest = letter == 'c' ? kLength : kCoding;
    if (rest.empty() || letter != rest.front()) return false;
    rest.remove_prefix(1);
  }
  return begun && rest.empty();
}

}  // namespace kanaria::http
