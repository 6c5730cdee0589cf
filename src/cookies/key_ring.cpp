#include "kanaria/cookies/key_ring.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <span>

#include "base64.hpp"
#include "kanaria/base/siphash.hpp"

namespace kanaria::cookies {
namespace {

constexpr unsigned char kVersion = 1;
constexpr std::size_t kHeaderBytes = 5;  // version and the key's number
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kEntryBytes = 20;
constexpr std::size_t kMostContent = 1 + kMostEntries * kEntryBytes;
constexpr std::size_t kAroundContent = kHeaderBytes + kNonceBytes + kTagBytes;
constexpr std::size_t kMostToken = kAroundContent + kMostContent;
constexpr std::size_t kLeastToken = kAroundContent + 1 + kEntryBytes;

using Token = std::array<unsigned char, kMostToken>;

template <class Number>
void write(unsigned char* out, Number number) {
  for (std::size_t i = sizeof(Number); i-- > 0; number = static_cast<Number>(number >> 8))
    out[i] = static_cast<unsigned char>(number);
}

template <class Number>
Number read(const unsigned char* in) {
  Number number = 0;
  for (std::size_t i = 0; i < sizeof(Number); ++i) number = static_cast<Number>(number << 8 | in[i]);
  return number;
}

/// OpenSSL fails at these only without memory or with a broken installation: nothing we could promise would hold.
void must(int succeeded) {
  if (succeeded != 1) std::abort();
}

struct FreeContext {
  void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_CIPHER_CTX, FreeContext>;

enum class Direction : int { Open = 0, Seal = 1 };

/// With the key expanded, so that a message sets its nonce alone.
Context context_for(const Key& key, Direction direction) {
  Context context(EVP_CIPHER_CTX_new());
  must(context != nullptr ? 1 : 0);
  must(EVP_CipherInit_ex(context.get(), EVP_aes_256_gcm(), nullptr, key.bytes.data(), nullptr,
                         static_cast<int>(direction)));
  return context;
}

void begin(EVP_CIPHER_CTX* context, const unsigned char* token, Direction direction) {
  int done = 0;
  must(EVP_CipherInit_ex(context, nullptr, nullptr, nullptr, token + kHeaderBytes, static_cast<int>(direction)));
  must(EVP_CipherUpdate(context, nullptr, &done, token, kHeaderBytes));
}

std::size_t write_content(Purpose purpose, const Entries& entries, unsigned char* out) {
  *out = static_cast<unsigned char>(purpose);
  unsigned char* at = out + 1;
  for (const Entry& entry : entries) {
    write(at, entry.scope);
    write(at + 8, entry.value);
    write(at + 16, entry.since);
    at += kEntryBytes;
  }
  return static_cast<std::size_t>(at - out);
}

void read_entries(std::span<const unsigned char> bytes, Entries& entries) {
  for (; !bytes.empty(); bytes = bytes.subspan(kEntryBytes))
    entries.push_back({read<std::uint64_t>(bytes.data()), read<std::uint64_t>(bytes.data() + 8),
                       read<std::uint32_t>(bytes.data() + 16)});
}

/// What was opened of late, by its text: a browser brings one cookie with request after request, and OpenSSL's code has
/// left the processor's caches in between. Bounded: each text has one place, where the last one counts.
class Recent {
 public:
  struct Place {
    Purpose purpose{};
    bool by_old_key = false;
    std::uint8_t size = 0;  // of the text; 0: nothing is here
    std::array<char, encoded_size(kAroundContent + 1 + Entries::static_capacity * kEntryBytes)> text{};
    Entries entries;
  };

  /// The one that this text has, whatever is there.
  Place& place_of(std::string_view text) {
    // Its end is a part of the tag, so as good as random.
    std::uint32_t end = 0;
    if (text.size() >= sizeof(end)) std::memcpy(&end, text.end() - sizeof(end), sizeof(end));
    return places_[(end ^ end >> 9 ^ end >> 18) % places_.size()];
  }
  static bool holds(const Place& place, Purpose purpose, std::string_view text) {
    // In constant time: how far a guess agrees with another user's cookie is not to be seen.
    return place.size == text.size() && place.purpose == purpose &&
           CRYPTO_memcmp(place.text.data(), text.data(), text.size()) == 0;
  }
  static void keep(Place& place, Purpose purpose, std::string_view text, bool by_old_key, const Entries& entries) {
    if (text.size() > place.text.size()) return;
    place.purpose = purpose;
    place.by_old_key = by_old_key;
    place.size = static_cast<std::uint8_t>(text.size());
    std::ranges::copy(text, place.text.begin());
    place.entries = entries;
  }

 private:
  std::vector<Place> places_ = std::vector<Place>(1024);
};

}  // namespace

struct KeyRing::Contexts {
  Context seal;
  std::vector<Context> open;  // as the keys
  Recent recent;

  void write_nonce(unsigned char* out) {
    if (left_ == 0) {
      must(RAND_bytes(nonces_.data(), static_cast<int>(nonces_.size())));
      left_ = nonces_.size();
    }
    left_ -= kNonceBytes;
    std::copy_n(nonces_.begin() + static_cast<std::ptrdiff_t>(left_), kNonceBytes, out);
  }

 private:
  // Drawn many at a time: a draw of OpenSSL's costs as much as a seal.
  std::array<unsigned char, 64 * kNonceBytes> nonces_{};
  std::size_t left_ = 0;
};

const Entry* find(const Entries& entries, std::uint64_t scope) {
  const auto found = std::ranges::find(entries, scope, &Entry::scope);
  return found == entries.end() ? nullptr : &*found;
}

void put(Entries& entries, const Entry& entry) {
  auto at = std::ranges::find(entries, entry.scope, &Entry::scope);
  if (at == entries.end()) {
    if (entries.size() < kMostEntries) {
      entries.emplace_back();
      at = entries.end() - 1;
    } else {  // of those that came in one second, the one that was put first
      at = std::ranges::min_element(entries.rbegin(), entries.rend(), {}, &Entry::since).base() - 1;
    }
  }
  std::move_backward(entries.begin(), at, at + 1);
  entries.front() = entry;
}

KeyRing::KeyRing(Keys keys, unsigned workers) : keys_(std::move(keys)) {
  for (const Key& key : keys_) numbers_.push_back(static_cast<std::uint32_t>(name_hash(key.id)));
  for (unsigned i = 0; i < workers; ++i) {
    auto contexts = std::make_unique<Contexts>();
    contexts->seal = context_for(keys_.front(), Direction::Seal);
    for (const Key& key : keys_) contexts->open.push_back(context_for(key, Direction::Open));
    workers_.push_back(std::move(contexts));
  }
}

KeyRing::~KeyRing() = default;

std::string_view KeyRing::seal(Purpose purpose, const Entries& entries, unsigned worker, Arena& arena) const {
  Contexts& mine = *workers_[worker];
  EVP_CIPHER_CTX* const context = mine.seal.get();
  std::array<unsigned char, kMostContent> content{};
  const std::size_t size = write_content(purpose, entries, content.data());
  Token token{};
  token[0] = kVersion;
  write(token.data() + 1, numbers_.front());
  mine.write_nonce(token.data() + kHeaderBytes);
  begin(context, token.data(), Direction::Seal);
  int done = 0;
  unsigned char* const sealed = token.data() + kHeaderBytes + kNonceBytes;
  must(EVP_CipherUpdate(context, sealed, &done, content.data(), static_cast<int>(size)));
  must(EVP_CipherFinal_ex(context, sealed + size, &done));
  must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, kTagBytes, sealed + size));
  const std::size_t characters = encoded_size(kAroundContent + size);
  char* const text = arena.room(characters);
  encode({token.data(), kAroundContent + size}, Alphabet::Url, text);
  return {text, characters};
}

KeyRing::Opened KeyRing::open(Purpose purpose, std::string_view text, unsigned worker, Entries& entries) const {
  entries.clear();
  if (text.empty() || text.size() > encoded_size(kMostToken))
    return {text.empty() ? Rejection::Malformed : Rejection::TooLong};
  Recent::Place& recent = workers_[worker]->recent.place_of(text);
  if (Recent::holds(recent, purpose, text)) {
    entries = recent.entries;
    return {Rejection::None, recent.by_old_key};
  }
  Token token;
  const std::optional<std::size_t> bytes = decode(text, Alphabet::Url, token.data());
  if (!bytes || *bytes < kLeastToken || (*bytes - kAroundContent - 1) % kEntryBytes != 0 || token[0] != kVersion)
    return {Rejection::Malformed};
  const std::size_t size = *bytes - kAroundContent;
  unsigned char* const sealed = token.data() + kHeaderBytes + kNonceBytes;
  const auto number = read<std::uint32_t>(token.data() + 1);
  Rejection rejection = Rejection::UnknownKey;
  for (std::size_t i = 0; i < numbers_.size(); ++i) {
    if (numbers_[i] != number) continue;
    rejection = Rejection::Forged;
    EVP_CIPHER_CTX* const context = workers_[worker]->open[i].get();
    std::array<unsigned char, kMostContent> content;
    begin(context, token.data(), Direction::Open);
    int done = 0;
    must(EVP_CipherUpdate(context, content.data(), &done, sealed, static_cast<int>(size)));
    must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, kTagBytes, sealed + size));
    if (EVP_CipherFinal_ex(context, content.data() + size, &done) != 1) continue;  // two ids may have one number
    if (content[0] != static_cast<unsigned char>(purpose)) return {Rejection::Foreign};
    read_entries({content.data() + 1, size - 1}, entries);
    Recent::keep(recent, purpose, text, i > 0, entries);
    return {Rejection::None, i > 0};
  }
  return {rejection};
}

}  // namespace kanaria::cookies
