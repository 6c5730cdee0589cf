// Randomness: one fast generator a worker for phases, trace ids and draws; and the kernel's for seeds and secrets.
// A Random belongs to one thread.
#pragma once

#include <array>
#include <cstdint>

namespace kanaria {

/// 64 bits of the kernel's randomness; ends the process if the kernel has none.
std::uint64_t secure_random();

/// xoshiro256** (Blackman, Vigna 2018). Not for secrets.
class Random {
 public:
  Random();                             // seeded by the kernel
  explicit Random(std::uint64_t seed);  // reproducible, for tests

  std::uint64_t next();
  /// Uniform in [0, bound); bound > 0. Without modulo bias (Lemire 2019).
  std::uint64_t below(std::uint64_t bound);

 private:
  std::array<std::uint64_t, 4> state_;
};

}  // namespace kanaria
