#include "kanaria/rules/uri.hpp"

#include <algorithm>
#include <optional>

namespace kanaria::rules {
namespace {

std::optional<unsigned> hex_digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char folded = lower(c);
  if (folded >= 'a' && folded <= 'f') return folded - 'a' + 10;
  return std::nullopt;
}

/// The byte that "%XX" at the start of `text` stands for.
std::optional<char> escaped_byte(std::string_view text) {
  if (text.size() < 3 || text[0] != '%') return std::nullopt;
  const auto high = hex_digit(text[1]);
  const auto low = hex_digit(text[2]);
  if (!high || !low) return std::nullopt;
  return static_cast<char>(*high * 16 + *low);
}

bool is_unreserved(char c) {
  const char folded = lower(c);
  return (folded >= 'a' && folded <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

char upper_hex(char c) {
  return c >= 'a' && c <= 'f' ? static_cast<char>(c - ('a' - 'A')) : c;
}

// A dot stands in few paths, and at the start of a segment in fewer: two searches that look at many bytes at once.
bool may_be_abnormal(std::string_view path) {
  if (path.find('%') != std::string_view::npos) return true;
  return path.find('.') != std::string_view::npos && path.find("/.") != std::string_view::npos;
}

std::size_t decode_unreserved(std::string_view path, char* out) {
  char* const start = out;
  for (std::size_t i = 0; i < path.size();) {
    const auto byte = escaped_byte(path.substr(i));
    if (!byte) {
      *out++ = path[i++];
      continue;
    }
    if (is_unreserved(*byte)) {
      *out++ = *byte;
    } else {
      *out++ = '%';
      *out++ = upper_hex(path[i + 1]);
      *out++ = upper_hex(path[i + 2]);
    }
    i += 3;
  }
  return static_cast<std::size_t>(out - start);
}

/// RFC 3986 §5.2.4 in place: what is written never overtakes what is read.
std::size_t remove_dot_segments(char* path, std::size_t size) {
  std::size_t written = 0;
  for (std::size_t at = 0; at < size;) {
    const std::size_t segment = at + 1;  // path[at] is '/'
    const std::size_t end = std::min(std::string_view(path, size).find('/', segment), size);
    const std::string_view name(path + segment, end - segment);
    if (name == "..") {
      written = std::string_view(path, written).rfind('/');
      if (written == std::string_view::npos) written = 0;
    }
    if (name != "." && name != "..") {
      std::copy(path + at, path + end, path + written);
      written += end - at;
    } else if (end == size) {
      path[written++] = '/';  // "/a/." is the directory "/a/"
    }
    at = end;
  }
  return written;
}

}  // namespace

std::string_view normal_path(std::string_view path, UriBuffer& buffer) {
  if (!path.starts_with('/') || path.size() > UriBuffer::kSize || !may_be_abnormal(path)) return path;
  const std::size_t size = decode_unreserved(path, buffer.bytes);
  return {buffer.bytes, remove_dot_segments(buffer.bytes, size)};
}

std::string_view without_port(std::string_view authority) {
  std::size_t end = authority.size();
  while (end > 0 && authority[end - 1] >= '0' && authority[end - 1] <= '9') --end;
  return end > 0 && authority[end - 1] == ':' ? authority.substr(0, end - 1) : authority;
}

std::string_view form_decoded(std::string_view text, UriBuffer& buffer) {
  if (text.size() > UriBuffer::kSize || text.find_first_of("%+") == std::string_view::npos) return text;
  char* out = buffer.bytes;
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = escaped_byte(text.substr(i));
    *out++ = byte ? *byte : text[i] == '+' ? ' ' : text[i];
    i += byte ? 3 : 1;
  }
  return {buffer.bytes, static_cast<std::size_t>(out - buffer.bytes)};
}

bool has_control(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
}

}  // namespace kanaria::rules
