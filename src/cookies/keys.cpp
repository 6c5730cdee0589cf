#include "kanaria/cookies/keys.hpp"

#include <openssl/rand.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "base64.hpp"
#include "kanaria/base/files.hpp"

namespace kanaria::cookies {
namespace {

constexpr std::size_t kLargestFile = 64UL * 1024;
constexpr std::size_t kLongestId = 64;
constexpr std::string_view kNoKey = "there is no key in it";
constexpr std::string_view kFileName = "cookie_keys";

std::string reason(int number) {
  return std::strerror(number);
}

bool is_id(std::string_view id) {
  constexpr std::string_view kCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !id.empty() && id.size() <= kLongestId && id.find_first_not_of(kCharacters) == std::string_view::npos;
}

/// What is wrong with the line, or empty; fills `key`.
std::string parse_line(std::string_view line, Key& key) {
  const std::size_t colon = line.find(':');
  if (colon == std::string_view::npos || !is_id(line.substr(0, colon)))
    return "a line is ID:BASE64, and an ID has up to 64 of A-Z, a-z, 0-9, _, . and -";
  key.id = line.substr(0, colon);
  std::string_view secret = line.substr(colon + 1);
  for (int padding = 0; padding < 2 && secret.ends_with('='); ++padding) secret.remove_suffix(1);
  std::array<unsigned char, 2 * kKeyBytes> bytes{};
  if (decoded_size(secret.size()) > bytes.size()) return "the key is too long: it is base64 of 32 bytes";
  const auto size = decode(secret, Alphabet::Standard, bytes.data());
  if (!size) return "the key is no base64";
  if (*size != kKeyBytes) return "the key must have 32 bytes, not " + std::to_string(*size);
  std::copy_n(bytes.begin(), kKeyBytes, key.bytes.begin());
  return {};
}

}  // namespace

Key make_key() {
  Key key;
  std::array<unsigned char, 2> suffix{};
  if (RAND_bytes(key.bytes.data(), kKeyBytes) != 1 || RAND_bytes(suffix.data(), suffix.size()) != 1) std::abort();
  const std::chrono::year_month_day day(std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()));
  std::array<char, 32> id{};
  std::snprintf(id.data(), id.size(), "%04d-%02u-%02u-%02x%02x", static_cast<int>(day.year()),
                static_cast<unsigned>(day.month()), static_cast<unsigned>(day.day()), unsigned{suffix[0]},
                unsigned{suffix[1]});
  key.id = id.data();
  return key;
}

std::string line_of(const Key& key) {
  std::string secret(encoded_size(kKeyBytes), '\0');
  encode(key.bytes, Alphabet::Standard, secret.data());
  return key.id + ":" + secret + "=\n";
}

std::optional<Keys> parse_keys(std::string_view text, std::string& fault) {
  Keys keys;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    Key key;
    fault = parse_line(line, key);
    if (fault.empty() && std::ranges::find(keys, key.id, &Key::id) != keys.end())
      fault = "the ID " + key.id + " is used already";
    const auto same = std::ranges::find(keys, key.bytes, &Key::bytes);
    if (fault.empty() && same != keys.end()) fault = "it has the key of " + same->id;
    if (fault.empty() && keys.size() == kMostKeys) fault = "more than " + std::to_string(kMostKeys) + " keys";
    if (!fault.empty()) {
      fault = "line " + std::to_string(number) + ": " + fault;
      return std::nullopt;
    }
    keys.push_back(std::move(key));
  }
  if (!keys.empty()) return keys;
  fault = kNoKey;
  return std::nullopt;
}

std::optional<Keys> read_keys(const std::string& file, std::string& fault) {
  FileText read = read_small_file(file, kLargestFile, S_IRWXO);
  if (read.text) return parse_keys(*read.text, fault);
  fault = std::move(read.fault);
  return std::nullopt;
}

std::string keys_file_in(const std::string& state_dir) {
  return file_in(state_dir, kFileName);
}

std::optional<Keys> keys_of_state_dir(const std::string& state_dir, bool may_make, std::string& fault) {
  struct stat facts{};
  // Not made: where a volume is missing, new keys in its place would make every user a new visitor.
  if (::stat(state_dir.c_str(), &facts) != 0 || !S_ISDIR(facts.st_mode)) {
    fault = "state_dir " + state_dir + " is no directory: make it, mkdir -m 750 " + state_dir;
    return std::nullopt;
  }
  // Else anybody could put keys of his own there, before us or in the place of ours.
  if ((facts.st_mode & S_IWOTH) != 0) {
    fault = "state_dir " + state_dir + " may be written by everybody: chmod o-w " + state_dir;
    return std::nullopt;
  }
  const std::string file = keys_file_in(state_dir);
  if (::lstat(file.c_str(), &facts) != 0 && errno == ENOENT) {
    if (!may_make) return Keys();
    const int failed = write_durably(state_dir, file, line_of(make_key()), Existing::Keep);
    if (failed != 0) {
      fault = "can't make " + file + ": " + reason(failed);
      return std::nullopt;
    }
  }
  std::optional<Keys> keys = read_keys(file, fault);
  if (keys) return keys;
  const bool is_damaged = fault.starts_with("line ") || fault == kNoKey;
  fault = file + ": " + fault;
  if (is_damaged)
    fault +=
        ". It is left as it is: mend it, or, where every user may become a new visitor, kanaria keys new > " + file;
  return std::nullopt;
}

}  // namespace kanaria::cookies
