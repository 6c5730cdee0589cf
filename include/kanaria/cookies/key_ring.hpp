// Seals what we want to find again in a cookie, and opens what a client brings: AES-256-GCM (NIST SP 800-38D) by
// OpenSSL. Nothing is believed, nor told of its content, that isn't sealed by one of the keys.
//
//   text    base64url without padding (RFC 4648 §5), of which one form alone is taken
//   token   version 1, a number of the key's id (4 bytes), nonce (12), sealed content, tag (16)
//   content purpose, then up to kMostEntries entries of 20 bytes: scope, value, since; the newest first
//
// Numbers are big-endian. Version and key number are authenticated too. A nonce is random; 2^32 seals by one key, where
// NIST stops, leave a repeated one less likely than 2^-33.
//
// A ring is made and destroyed on control, and shared by all workers; each has contexts of its own in it, so that no
// call locks, nor allocates for the usual number of entries; and each remembers what it opened of late, some 300 KiB.
#pragma once

#include <boost/container/small_vector.hpp>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "kanaria/base/block.hpp"
#include "kanaria/cookies/keys.hpp"
#include "kanaria/cookies/rejection.hpp"

namespace kanaria::cookies {

/// What a cookie is for: one of another purpose is foreign, whatever its name.
enum class Purpose : std::uint8_t { Group = 1, Target = 2, Application = 3, Bucket = 4 };

/// One thing that a user was given.
struct Entry {
  std::uint64_t scope = 0;  // by whom: name_hash() of LISTENER/RULE, or of a target group
  std::uint64_t value = 0;  // what, as its purpose says
  std::uint32_t since = 0;  // Unix time in seconds; it lives from then
  friend bool operator==(const Entry&, const Entry&) = default;
};

/// A browser has one cookie of a name for all rules of a host, so each keeps its own entry in it. Where more keep users
/// than there is room for, the oldest gives way.
inline constexpr std::size_t kMostEntries = 32;
/// At most kMostEntries; the usual number needs no allocation.
using Entries = boost::container::small_vector<Entry, 4>;

/// That of a scope, or null.
const Entry* find(const Entries& entries, std::uint64_t scope);
/// Puts it first, in the place of the one of its scope or of the oldest.
void put(Entries& entries, const Entry& entry);

class KeyRing {
 public:
  /// Between 1 and kMostKeys keys.
  KeyRing(Keys keys, unsigned workers);
  ~KeyRing();
  KeyRing(const KeyRing&) = delete;
  KeyRing& operator=(const KeyRing&) = delete;

  const Keys& keys() const { return keys_; }

  /// `worker`: the index of the calling thread's loop. The text lives in `arena`.
  std::string_view seal(Purpose purpose, const Entries& entries, unsigned worker, Arena& arena) const;
  struct Opened {
    Rejection rejection = Rejection::None;
    bool by_old_key = false;  // not by the one that seals: whoever has it needs a new one before that key goes
  };
  /// Rejection::None: `entries` is what was sealed. Else it is empty.
  Opened open(Purpose purpose, std::string_view text, unsigned worker, Entries& entries) const;

 private:
  struct Contexts;
  Keys keys_;
  std::vector<std::uint32_t> numbers_;  // of the keys' ids, in their order
  std::vector<std::unique_ptr<Contexts>> workers_;
};

}  // namespace kanaria::cookies
