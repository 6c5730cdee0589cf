// The keys that seal cookies, as they stand in a file: lines ID:BASE64 of 32 bytes. The first key seals, all of them
// open. Whoever has a key can say where its users go, so a file that everybody may read is refused. Values; blocking
// where it touches a file.
#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kanaria::cookies {

inline constexpr std::size_t kKeyBytes = 32;
/// More would be a mistake: a key that seals no more is needed as long as a cookie lives, a year at the most.
inline constexpr std::size_t kMostKeys = 16;

struct Key {
  std::string id;  // [A-Za-z0-9_.-]{1,64}
  std::array<unsigned char, kKeyBytes> bytes{};
  friend bool operator==(const Key&, const Key&) = default;
};
using Keys = std::vector<Key>;

/// A new key; its id says the day.
Key make_key();
/// As a line of the file, with its end.
std::string line_of(const Key& key);

/// Empty lines and those that begin with # are comments. None: `fault` says what is wrong, never a byte of a key.
std::optional<Keys> parse_keys(std::string_view text, std::string& fault);
std::optional<Keys> read_keys(const std::string& file, std::string& fault);

/// Where a state directory has its keys.
std::string keys_file_in(const std::string& state_dir);
/// Reads it, and where there is none makes it, with one new key, for its owner alone. One that is damaged stays as it
/// is, for new keys make every user a new visitor: that is the operator's to decide. With `may_make` false a missing
/// file is no fault and gives no keys.
std::optional<Keys> keys_of_state_dir(const std::string& state_dir, bool may_make, std::string& fault);

}  // namespace kanaria::cookies
