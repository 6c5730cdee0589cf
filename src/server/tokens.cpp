#include "kanaria/server/tokens.hpp"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>

#include "kanaria/base/files.hpp"

namespace kanaria::server {
namespace {

constexpr std::size_t kLargestFile = 1024UL * 1024;
constexpr std::size_t kMostTokens = 1000;
constexpr std::size_t kLongestName = 64;
constexpr std::size_t kShortestToken = 16;
constexpr std::size_t kLongestToken = 512;

bool is_name(std::string_view name) {
  constexpr std::string_view kCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-";
  return !name.empty() && name.size() <= kLongestName && name.find_first_not_of(kCharacters) == std::string_view::npos;
}

bool is_token(std::string_view token) {
  return token.size() >= kShortestToken && token.size() <= kLongestToken &&
         std::ranges::all_of(token, [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::optional<Tokens> Tokens::read(const std::string& file, std::string& fault) {
  FileText found = read_small_file(file, kLargestFile, S_IRWXO);
  if (found.text) return parse(*found.text, fault);
  fault = std::move(found.fault);
  return std::nullopt;
}

std::optional<Tokens> Tokens::parse(std::string_view text, std::string& fault) {
  Tokens tokens;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    const std::size_t colon = std::min(line.find(':'), line.size());
    const std::string_view name = line.substr(0, colon);
    const std::string_view token = line.substr(std::min(colon + 1, line.size()));
    // What stands there is never quoted: it is a secret.
    if (!is_name(name) || colon == line.size()) {
      fault = "a line is NAME:TOKEN, and a name has up to 64 of A-Z, a-z, 0-9, _, . and -";
    } else if (!is_token(token)) {
      fault = "a token has 16 to 512 characters, and no space";
    } else if (std::ranges::find(tokens.entries_, name, &Entry::name) != tokens.entries_.end()) {
      fault = "the name " + std::string(name) + " is used already";
    } else if (!tokens.name_of(token).empty()) {
      fault = "it has the token of " + std::string(tokens.name_of(token));
    } else if (tokens.entries_.size() == kMostTokens) {
      fault = "more than " + std::to_string(kMostTokens) + " tokens";
    } else {
      tokens.entries_.push_back({std::string(name), digest_of(token)});
      continue;
    }
    fault = "line " + std::to_string(number) + ": " + fault;
    return std::nullopt;
  }
  if (!tokens.entries_.empty()) return tokens;
  fault = "has no token in it";
  return std::nullopt;
}

std::string_view Tokens::name_of(std::string_view token) const {
  const Digest digest = digest_of(token.substr(0, kLongestToken + 1));
  std::string_view name;
  for (const Entry& entry : entries_)
    if (CRYPTO_memcmp(entry.digest.data(), digest.data(), digest.size()) == 0) name = entry.name;
  return name;
}

std::optional<Tokens> find_tokens(const config::Model& model, runtime::Missing missing,
                                  config::Diagnostics& diagnostics) {
  const std::optional<config::Text>& file = model.admin.token_file;
  if (!file) return std::nullopt;
  std::error_code unknown;
  if (missing == runtime::Missing::Report && !std::filesystem::exists(file->value, unknown)) {
    diagnostics.warning(file->at, "admin.token_file", "token_file " + file->value + " isn't here: a start needs it");
    return std::nullopt;
  }
  std::string fault;
  std::optional<Tokens> tokens = Tokens::read(file->value, fault);
  if (!tokens) diagnostics.error(file->at, "admin.token_file", "token_file " + file->value + " " + fault);
  return tokens;
}

Tokens::Digest Tokens::digest_of(std::string_view token) {
  Digest digest{};
  unsigned size = 0;
  if (EVP_Digest(token.data(), token.size(), digest.data(), &size, EVP_sha256(), nullptr) != 1) std::abort();
  return digest;
}

}  // namespace kanaria::server
