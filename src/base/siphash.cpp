#include "kanaria/base/siphash.hpp"

namespace kanaria {
namespace {

/// Up to eight bytes, the first one lowest.
std::uint64_t word_of(std::string_view bytes) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  return word;
}

}  // namespace

std::uint64_t siphash(std::uint64_t key_a, std::uint64_t key_b, std::string_view text) {
  constexpr std::size_t kWord = 8;
  SipState state(key_a, key_b);
  const std::uint64_t size = text.size();
  const auto take = [&](std::uint64_t word) {
    state.v3 ^= word;
    state.mix(2);
    state.v0 ^= word;
  };
  for (; text.size() >= kWord; text.remove_prefix(kWord)) take(word_of(text.substr(0, kWord)));
  take(word_of(text) | size << 56);
  state.v2 ^= 0xff;
  state.mix(4);
  return state.v0 ^ state.v1 ^ state.v2 ^ state.v3;
}

}  // namespace kanaria
