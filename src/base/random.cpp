#include "kanaria/base/random.hpp"

#include <sys/random.h>

#include <bit>
#include <cerrno>
#include <cstdlib>

namespace kanaria {
namespace {

// Spreads one 64-bit seed over a state (splitmix64, Steele et al. 2014).
std::uint64_t spread(std::uint64_t& seed) {
  std::uint64_t z = (seed += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

std::uint64_t secure_random() {
  std::uint64_t value = 0;
  auto* at = reinterpret_cast<unsigned char*>(&value);
  for (std::size_t have = 0; have < sizeof value;) {
    const ssize_t got = ::getrandom(at + have, sizeof value - have, 0);
    if (got > 0) {
      have += static_cast<std::size_t>(got);
    } else if (errno != EINTR) {
      std::abort();  // a kernel without randomness: nothing we could promise would hold
    }
  }
  return value;
}

Random::Random() : Random(secure_random()) {}

Random::Random(std::uint64_t seed) : state_{} {
  for (auto& word : state_) word = spread(seed);
}

std::uint64_t Random::next() {
  const std::uint64_t result = std::rotl(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = std::rotl(state_[3], 45);
  return result;
}

std::uint64_t Random::below(std::uint64_t bound) {
  __extension__ using Wide = unsigned __int128;
  Wide product = static_cast<Wide>(next()) * bound;
  if (static_cast<std::uint64_t>(product) < bound) {
    const std::uint64_t threshold = (0 - bound) % bound;
    while (static_cast<std::uint64_t>(product) < threshold) product = static_cast<Wide>(next()) * bound;
  }
  return static_cast<std::uint64_t>(product >> 64);
}

}  // namespace kanaria
