// Why a cookie of ours was not believed: whoever sent it is a new visitor, and it is counted.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace kanaria::cookies {

enum class Rejection : std::uint8_t {
  None,
  TooLong,     // longer than any that we seal
  Malformed,   // not base64 of the right size, or of an unknown version
  UnknownKey,  // sealed by a key that is not in the file (any more), or elsewhere
  Forged,      // a key of ours, and not its seal: changed, or made up
  Foreign,     // ours, for another purpose
  Expired,     // what it says of this rule or group is too old
};
inline constexpr std::size_t kRejections = 7;

/// The `reason` label.
std::string_view word_of(Rejection rejection);

}  // namespace kanaria::cookies
