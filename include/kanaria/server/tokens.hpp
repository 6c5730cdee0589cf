// Who may use the admin API where a token_file says so: lines NAME:TOKEN, empty ones and those that begin with # apart.
// Only digests of the tokens are kept. Values; any thread.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"
#include "kanaria/runtime/cookie_keys.hpp"

namespace kanaria::server {

class Tokens {
 public:
  /// Names [A-Za-z0-9_.-]{1,64}, tokens of 16 to 512 characters without spaces, up to 1,000 of them. The file is not
  /// everybody's to read. None: `fault` says what is wrong, as what follows the file's name.
  static std::optional<Tokens> read(const std::string& file, std::string& fault);
  static std::optional<Tokens> parse(std::string_view text, std::string& fault);

  /// Whose token it is, or "". Its time doesn't tell how much of a wrong token is right.
  std::string_view name_of(std::string_view token) const;

 private:
  using Digest = std::array<unsigned char, 32>;
  struct Entry {
    std::string name;
    Digest digest;
  };
  static Digest digest_of(std::string_view token);
  std::vector<Entry> entries_;
};

/// Those of the file that the configuration names; none: it names none, or `diagnostics` says what is wrong. With
/// Missing::Report a file that isn't there is only a warning: it may be on another machine.
std::optional<Tokens> find_tokens(const config::Model& model, runtime::Missing missing,
                                  config::Diagnostics& diagnostics);

}  // namespace kanaria::server
