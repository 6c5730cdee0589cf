#include "base64.hpp"

#include <array>
#include <cstdint>

namespace kanaria::cookies {
namespace {

constexpr std::string_view kStandard = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
constexpr std::string_view kUrl = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNone = 0xff;

using Values = std::array<std::uint8_t, 256>;
constexpr Values values_of(std::string_view alphabet) {
  Values values{};
  values.fill(kNone);
  for (std::size_t i = 0; i < alphabet.size(); ++i)
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<std::uint8_t>(i);
  return values;
}
constexpr Values kValues[] = {values_of(kStandard), values_of(kUrl)};

}  // namespace

void encode(std::span<const unsigned char> bytes, Alphabet alphabet, char* out) {
  const std::string_view characters = alphabet == Alphabet::Url ? kUrl : kStandard;
  std::uint32_t bits = 0;
  int have = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    for (have += 8; have >= 6; have -= 6) *out++ = characters[bits >> (have - 6) & 63];
  }
  if (have > 0) *out = characters[bits << (6 - have) & 63];
}

std::optional<std::size_t> decode(std::string_view text, Alphabet alphabet, unsigned char* out) {
  const Values& values = kValues[static_cast<std::size_t>(alphabet)];
  if (text.size() % 4 == 1) return std::nullopt;  // six bits are no byte
  const unsigned char* const begin = out;
  std::uint32_t bits = 0;
  int have = 0;
  for (const char c : text) {
    const std::uint8_t value = values[static_cast<unsigned char>(c)];
    if (value == kNone) return std::nullopt;
    bits = bits << 6 | value;
    have += 6;
    if (have < 8) continue;
    have -= 8;
    *out++ = static_cast<unsigned char>(bits >> have);
  }
  if ((bits & ((1U << have) - 1)) != 0) return std::nullopt;
  return static_cast<std::size_t>(out - begin);
}

}  // namespace kanaria::cookies
