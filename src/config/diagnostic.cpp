#include "kanaria/config/diagnostic.hpp"

#include <algorithm>
#include <array>
#include <tuple>

#include "text.hpp"

namespace kanaria::config {
namespace {

std::string_view line_of(std::string_view text, std::uint32_t line) {
  for (; line > 1; --line) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return {};
    text.remove_prefix(end + 1);
  }
  const std::string_view found = text.substr(0, text.find('\n'));
  return found.ends_with('\r') ? found.substr(0, found.size() - 1) : found;
}

/// The part of a very long line around the fault: `before` ends where the caret points.
struct Shown {
  std::string before;
  std::string after;
};

bool inside_character(std::string_view line, std::size_t at) {
  return at < line.size() && (static_cast<unsigned char>(line[at]) & 0xc0) == 0x80;
}

Shown shown(std::string_view line, std::size_t column) {
  constexpr std::size_t kBefore = 100;
  constexpr std::size_t kAfter = 60;
  const std::size_t caret = std::min(column, line.size());
  std::size_t begin = caret > kBefore ? caret - kBefore : 0;
  std::size_t end = std::min(line.size(), caret + kAfter);
  while (inside_character(line, begin)) ++begin;
  while (inside_character(line, end)) ++end;
  return {concat(begin > 0 ? "..." : "", printable(line.substr(begin, caret - begin))),
          concat(printable(line.substr(caret, end - caret)), end < line.size() ? "..." : "")};
}

}  // namespace

void Diagnostics::error(Position at, std::string_view path, std::string_view message) {
  list_.push_back({Severity::Error, at, printable(message), printable(path)});
}

void Diagnostics::warning(Position at, std::string_view path, std::string_view message) {
  list_.push_back({Severity::Warning, at, printable(message), printable(path)});
}

bool Diagnostics::has_errors() const {
  return std::ranges::any_of(list_, [](const Diagnostic& one) { return one.severity == Severity::Error; });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> sorted = list_;
  std::ranges::sort(sorted, {}, [](const Diagnostic& one) { return std::tie(one.at, one.severity, one.message); });
  return sorted;
}

void Diagnostics::append(const Diagnostics& other) {
  list_.insert(list_.end(), other.list_.begin(), other.list_.end());
}

std::string render(const Diagnostic& diagnostic, std::string_view file, std::string_view text) {
  const auto [line, column] = diagnostic.at;
  std::string out = printable(file);
  if (line > 0) append(out, concat(':', line, ':', column));
  append(out, concat(diagnostic.severity == Severity::Error ? ": error: " : ": warning: ",
                     printable(diagnostic.message), '\n'));
  const std::string_view source = line > 0 ? line_of(text, line) : std::string_view{};
  if (source.empty()) return out;
  constexpr std::size_t kWidth = 5;
  const std::string number = std::to_string(line);
  const std::string margin(number.size() < kWidth ? kWidth - number.size() : 0, ' ');
  const Shown part = shown(source, column > 0 ? column - 1 : 0);
  append(out, concat(margin, number, " | ", part.before, part.after, '\n'));
  append(out, concat(std::string(margin.size() + number.size(), ' '), " | ", std::string(characters(part.before), ' '),
                     "^\n"));
  return out;
}

std::string_view nearest(std::string_view word, const std::vector<std::string_view>& candidates) {
  // Optimal string alignment: insert, delete, replace, swap two neighbours. Three rows are all it looks at.
  constexpr std::size_t kLongest = 64;
  using Row = std::array<std::size_t, kLongest + 1>;
  if (word.empty() || word.size() > kLongest) return {};
  const std::string a = lower(word);
  std::size_t best = std::clamp<std::size_t>(a.size() / 3, 1, 3) + 1;
  std::string_view found;
  for (const std::string_view candidate : candidates) {
    if (candidate.size() > kLongest) continue;
    const std::string b = lower(candidate);
    Row before{};
    Row above{};
    Row row{};
    for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
      before = above;
      above = row;
      row[0] = i;
      for (std::size_t j = 1; j <= b.size(); ++j) {
        const std::size_t replaced = above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
        row[j] = std::min({above[j] + 1, row[j - 1] + 1, replaced});
        const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
        if (swapped) row[j] = std::min(row[j], before[j - 2] + 1);
      }
    }
    if (row[b.size()] < best) {
      best = row[b.size()];
      found = candidate;
    }
  }
  return found;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& candidates) {
  const std::string_view meant = nearest(word, candidates);
  return meant.empty() ? std::string() : concat(": did you mean ", in_quotes(meant), '?');
}

}  // namespace kanaria::config
