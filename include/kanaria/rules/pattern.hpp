// What an operator writes to compare text with: wildcards (* and ?) and regular expressions (RE2). Compiled once, then
// immutable and shared by all workers. Wildcards take at most subject x pattern steps and never allocate; RE2 is linear
// and its memory is bounded.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"

namespace re2 {
class RE2;
}

namespace kanaria::rules {

enum class Case : std::uint8_t { Sensitive, Insensitive };

/// `*` is any number of bytes, `?` exactly one; both match '/' too. Subjects hold no control bytes: the callers see to
/// it.
class Wildcard {
 public:
  /// Queries alone may write \* \? and \\ for the bytes themselves.
  enum class Escapes : std::uint8_t { None, Backslash };
  Wildcard(std::string_view text, Case sensitivity, Escapes escapes = Escapes::None);

  bool matches(std::string_view subject) const;
  /// No wildcard in it: it matches one text, its prefix().
  bool is_literal() const;
  /// "text*": it matches what starts with its prefix(); "*text": what ends with its suffix().
  bool is_prefix() const;
  bool is_suffix() const;
  /// What every match starts and ends with; in lower case for Insensitive.
  std::string_view prefix() const;
  std::string_view suffix() const;

 private:
  template <Case kCase>
  bool matches(std::string_view subject) const;

  std::string tokens_;  // bytes, and kStar and kAny for the wildcards
  Case case_;
};

/// A regular expression, searched anywhere in the subject unless it says ^ or $.
class Regex {
 public:
  /// None where RE2 refuses it, or it holds \p or \C, or needs too much memory: `diagnostics` says so at its place.
  static std::optional<Regex> compile(const config::Text& text, Case sensitivity, unsigned workers,
                                      const std::string& path, config::Diagnostics& diagnostics);
  Regex(Regex&&) noexcept;
  Regex& operator=(Regex&&) noexcept;
  ~Regex();

  bool found_in(std::string_view subject, unsigned worker) const;
  /// The first match: groups[0] is all of it, groups[n] what the n-th parentheses took.
  bool first_match(std::string_view subject, unsigned worker, std::span<std::string_view> groups) const;
  int groups() const;

 private:
  explicit Regex(std::vector<std::unique_ptr<re2::RE2>> copies);
  std::vector<std::unique_ptr<re2::RE2>> copies_;  // one a worker: RE2's cache of states takes a lock
};

/// The values or the regular expressions of one condition: any one suffices.
class Patterns {
 public:
  static constexpr int kNone = -1;
  Patterns(const config::Patterns& written, Case sensitivity, unsigned workers, const std::string& path,
           config::Diagnostics& diagnostics);

  /// Position of the first that matches, or kNone.
  int match(std::string_view subject, unsigned worker) const;
  /// Each as the operator wrote it, in quotes; regular expressions as `regex "..."`.
  const std::vector<std::string>& words() const { return words_; }
  const std::vector<Wildcard>& wildcards() const { return wildcards_; }  // empty where regular expressions are used

 private:
  std::vector<Wildcard> wildcards_;
  std::vector<Regex> regexes_;
  std::vector<std::string> words_;
};

}  // namespace kanaria::rules
