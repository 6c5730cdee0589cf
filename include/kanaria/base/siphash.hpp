// SipHash-2-4 (Aumasson, Bernstein 2012): 64 bits of a short text that nobody can steer without the key, and that are
// the same on every machine. Where what it gives is kept outside the process, in a cookie or in a user's bucket, it is
// frozen: another function would move everybody. Pure.
#pragma once

#include <bit>
#include <cstdint>
#include <string_view>

namespace kanaria {

/// The function's state, for who feeds it by hand.
struct SipState {
  std::uint64_t v0, v1, v2, v3;

  SipState(std::uint64_t key_a, std::uint64_t key_b)
      : v0(key_a ^ 0x736f6d6570736575),
        v1(key_b ^ 0x646f72616e646f6d),
        v2(key_a ^ 0x6c7967656e657261),
        v3(key_b ^ 0x7465646279746573) {}

  void mix(int times) {
    for (int i = 0; i < times; ++i) {
      v0 += v1;
      v2 += v3;
      v1 = std::rotl(v1, 13) ^ v0;
      v3 = std::rotl(v3, 16) ^ v2;
      v0 = std::rotl(v0, 32) + v3;
      v2 += v1;
      v3 = std::rotl(v3, 21) ^ v0;
      v1 = std::rotl(v1, 17) ^ v2;
      v2 = std::rotl(v2, 32);
    }
  }
};

std::uint64_t siphash(std::uint64_t key_a, std::uint64_t key_b, std::string_view text);

/// What a thing's name is in a cookie: with both keys 0. Frozen.
inline std::uint64_t name_hash(std::string_view name) {
  return siphash(0, 0, name);
}

}  // namespace kanaria
