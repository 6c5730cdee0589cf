// Base64 (RFC 4648), in its two alphabets. Strict: one text for each sequence of bytes, so no two cookies are one.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace kanaria::cookies {

enum class Alphabet : bool { Standard, Url };

/// Without padding.
constexpr std::size_t encoded_size(std::size_t bytes) {
  return (bytes * 4 + 2) / 3;
}
constexpr std::size_t decoded_size(std::size_t characters) {
  return characters * 3 / 4;
}

/// Writes encoded_size(bytes.size()) characters.
void encode(std::span<const unsigned char> bytes, Alphabet alphabet, char* out);
/// Writes at most decoded_size(text.size()) bytes and returns how many. None: padding, a character of no meaning here,
/// or bits that would be lost.
std::optional<std::size_t> decode(std::string_view text, Alphabet alphabet, unsigned char* out);

}  // namespace kanaria::cookies
