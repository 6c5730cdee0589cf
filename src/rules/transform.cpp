#include "kanaria/rules/transform.hpp"

#include <algorithm>
#include <array>

#include "kanaria/config/text.hpp"

namespace kanaria::rules {

std::optional<Transform> Transform::compile(const config::Rewrite& rewrite, Case sensitivity, unsigned workers,
                                            const std::string& path, config::Diagnostics& diagnostics) {
  auto regex = Regex::compile(rewrite.regex, sensitivity, workers, path, diagnostics);
  if (!regex) return std::nullopt;

  std::vector<Piece> pieces(1);
  const std::string& text = rewrite.replace.value;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$') {
      pieces.back().literal += text[i];
      continue;
    }
    const char next = ++i < text.size() ? text[i] : '\0';
    if (next == '$') {
      pieces.back().literal += '$';
    } else if (next >= '1' && next <= '9') {
      pieces.back().group = static_cast<std::size_t>(next - '0');
      if (next - '0' > regex->groups()) {
        diagnostics.error(rewrite.replace.at, path,
                          std::string("$") + next + " has no parentheses in the regular expression, which has " +
                              config::counted(static_cast<std::size_t>(regex->groups()), "pair"));
        return std::nullopt;
      }
      pieces.emplace_back();
    } else {
      diagnostics.error(rewrite.replace.at, path, "after $ comes 1 to 9; a dollar sign itself is written $$");
      return std::nullopt;
    }
  }
  return Transform(std::move(*regex), std::move(pieces), '"' + rewrite.regex.value + "\" -> \"" + text + '"');
}

Transform::Transform(Regex regex, std::vector<Piece> replacement, std::string words)
    : regex_(std::move(regex)), replacement_(std::move(replacement)), words_(std::move(words)) {}

Result<std::string_view> Transform::apply(std::string_view text, unsigned worker, Arena& arena) const {
  std::array<std::string_view, 10> groups;
  if (!regex_.first_match(text, worker, groups)) return text;

  const auto before = static_cast<std::size_t>(groups[0].data() - text.data());
  const std::string_view after = text.substr(before + groups[0].size());
  std::size_t size = before + after.size();
  for (const Piece& piece : replacement_) size += piece.literal.size() + (piece.group ? groups[piece.group].size() : 0);
  if (size > kMaxResult) return Error(Fault::TransformFailed);
  if (size == 0) return std::string_view();

  char* const start = arena.room(size);
  char* at = std::copy_n(text.begin(), before, start);
  for (const Piece& piece : replacement_) {
    at = std::copy(piece.literal.begin(), piece.literal.end(), at);
    if (piece.group != 0) at = std::copy(groups[piece.group].begin(), groups[piece.group].end(), at);
  }
  std::copy(after.begin(), after.end(), at);
  return std::string_view(start, size);
}

std::string Transform::to_string() const {
  return words_;
}

}  // namespace kanaria::rules
