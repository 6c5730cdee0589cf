#include "kanaria/rules/pattern.hpp"

#include <re2/re2.h>

#include <algorithm>
#include <array>

#include "kanaria/rules/uri.hpp"

namespace kanaria::rules {
namespace {

// Control bytes stand for the wildcards: no subject and no validated pattern holds one.
constexpr char kStar = '\x01';
constexpr char kAny = '\x02';
constexpr std::string_view kWildcards = "\x01\x02";

// Bounds a program at about 4,000 instructions, which also bounds what a search costs when RE2 falls back from its DFA.
// Expressions that people write for a host or a path need a few hundred.
constexpr std::int64_t kRegexMemory = 256L * 1024;

/// RE2 knows \p{...} and \C, ALB does not; \Q...\E is literal text.
bool has_unsupported_escape(std::string_view pattern) {
  bool quoted = false;
  for (std::size_t i = 0; i + 1 < pattern.size(); ++i) {
    if (pattern[i] != '\\') continue;
    const char escaped = pattern[++i];
    if (quoted) {
      if (escaped == 'E') {
        quoted = false;
      } else {
        --i;  // the second of two backslashes may begin the \E
      }
    } else if (escaped == 'Q') {
      quoted = true;
    } else if (escaped == 'p' || escaped == 'P' || escaped == 'C') {
      return true;
    }
  }
  return false;
}

re2::RE2::Options options(Case sensitivity) {
  re2::RE2::Options options(re2::RE2::Quiet);
  options.set_encoding(re2::RE2::Options::EncodingLatin1);  // bytes: requests promise no UTF-8
  options.set_case_sensitive(sensitivity == Case::Sensitive);
  options.set_max_mem(kRegexMemory);
  return options;
}

re2::StringPiece piece(std::string_view text) {
  return {text.data(), text.size()};
}

}  // namespace

Wildcard::Wildcard(std::string_view text, Case sensitivity, Escapes escapes) : case_(sensitivity) {
  tokens_.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escape = escapes == Escapes::Backslash && text[i] == '\\' && i + 1 < text.size() &&
                        (text[i + 1] == '*' || text[i + 1] == '?' || text[i + 1] == '\\');
    if (escape) {
      tokens_ += text[++i];
    } else if (text[i] == '*') {
      tokens_ += kStar;
    } else if (text[i] == '?') {
      tokens_ += kAny;
    } else {
      tokens_ += sensitivity == Case::Insensitive ? lower(text[i]) : text[i];
    }
  }
}

bool Wildcard::matches(std::string_view subject) const {
  return case_ == Case::Sensitive ? matches<Case::Sensitive>(subject) : matches<Case::Insensitive>(subject);
}

// Each star first takes nothing; on a mismatch the last star takes one byte more. Earlier stars never need to give way:
// what follows them was found as far left as it can be, which leaves the most room for the rest.
template <Case kCase>
bool Wildcard::matches(std::string_view subject) const {
  const std::string_view pattern = tokens_;
  std::size_t token = 0;
  std::size_t at = 0;
  std::size_t after_star = 0;  // 0: no star yet
  std::size_t star_end = 0;    // where in the subject the last star's text ends
  while (at < subject.size()) {
    const char byte = kCase == Case::Insensitive ? lower(subject[at]) : subject[at];
    if (token < pattern.size() && pattern[token] == kStar) {
      after_star = ++token;
      if (after_star == pattern.size()) return true;
      star_end = at;
    } else if (token < pattern.size() && (pattern[token] == kAny || pattern[token] == byte)) {
      ++token;
      ++at;
    } else if (after_star != 0) {
      token = after_star;
      at = ++star_end;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of(kStar, token) == std::string_view::npos;
}

bool Wildcard::is_literal() const {
  return tokens_.find_first_of(kWildcards) == std::string::npos;
}

bool Wildcard::is_prefix() const {
  return tokens_.ends_with(kStar) && tokens_.find_first_of(kWildcards) + 1 == tokens_.size();
}

bool Wildcard::is_suffix() const {
  return tokens_.find_last_of(kWildcards) == 0 && tokens_.front() == kStar;
}

std::string_view Wildcard::prefix() const {
  return std::string_view(tokens_).substr(0, tokens_.find_first_of(kWildcards));
}

std::string_view Wildcard::suffix() const {
  const std::size_t last = tokens_.find_last_of(kWildcards);
  return std::string_view(tokens_).substr(last == std::string::npos ? 0 : last + 1);
}

std::optional<Regex> Regex::compile(const config::Text& text, Case sensitivity, unsigned workers,
                                    const std::string& path, config::Diagnostics& diagnostics) {
  if (has_unsupported_escape(text.value)) {
    diagnostics.error(
        text.at, path,
        "\\p, \\P and \\C are not supported in a regular expression; write the characters, as in [A-Za-z]");
    return std::nullopt;
  }
  std::vector<std::unique_ptr<re2::RE2>> copies;
  for (unsigned worker = 0; worker < workers; ++worker) {
    copies.push_back(std::make_unique<re2::RE2>(text.value, options(sensitivity)));
    if (copies.back()->ok()) continue;
    diagnostics.error(text.at, path, "this regular expression can't be used: " + copies.back()->error());
    return std::nullopt;
  }
  return Regex(std::move(copies));
}

Regex::Regex(std::vector<std::unique_ptr<re2::RE2>> copies) : copies_(std::move(copies)) {}
Regex::Regex(Regex&&) noexcept = default;
Regex& Regex::operator=(Regex&&) noexcept = default;
Regex::~Regex() = default;

bool Regex::found_in(std::string_view subject, unsigned worker) const {
  return first_match(subject, worker, {});
}

bool Regex::first_match(std::string_view subject, unsigned worker, std::span<std::string_view> groups) const {
  std::array<re2::StringPiece, 10> found;  // all of it and $1 to $9
  const int wanted = static_cast<int>(std::min(groups.size(), found.size()));
  if (!copies_[worker]->Match(piece(subject), 0, subject.size(), re2::RE2::UNANCHORED, found.data(), wanted))
    return false;
  for (std::size_t i = 0; i < groups.size() && i < found.size(); ++i) groups[i] = {found[i].data(), found[i].size()};
  return true;
}

int Regex::groups() const {
  return copies_.front()->NumberOfCapturingGroups();
}

Patterns::Patterns(const config::Patterns& written, Case sensitivity, unsigned workers, const std::string& path,
                   config::Diagnostics& diagnostics) {
  for (const config::Text& value : written.values) {
    wildcards_.emplace_back(value.value, sensitivity);
    words_.push_back('"' + value.value + '"');
  }
  for (const config::Text& regex : written.regex_values) {
    if (auto compiled = Regex::compile(regex, sensitivity, workers, path, diagnostics))
      regexes_.push_back(std::move(*compiled));
    words_.push_back("regex \"" + regex.value + '"');
  }
}

int Patterns::match(std::string_view subject, unsigned worker) const {
  for (std::size_t i = 0; i < wildcards_.size(); ++i)
    if (wildcards_[i].matches(subject)) return static_cast<int>(i);
  for (std::size_t i = 0; i < regexes_.size(); ++i)
    if (regexes_[i].found_in(subject, worker)) return static_cast<int>(i);
  return kNone;
}

}  // namespace kanaria::rules
