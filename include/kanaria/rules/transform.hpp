// A rule's rewrite of the host or of path and query, compiled from config::Rewrite: the first match of a regular
// expression is replaced, $1 to $9 being what its parentheses took and $$ a dollar sign. It never changes which rule is
// chosen. Immutable after compile; shared by all workers. alb.md §3.5.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/base/block.hpp"
#include "kanaria/base/error.hpp"
#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"
#include "kanaria/rules/pattern.hpp"

namespace kanaria::rules {

class Transform {
 public:
  static constexpr std::size_t kMaxResult = 16UL * 1024;

  /// None where the regular expression is refused, or the replacement names a group that it doesn't have.
  static std::optional<Transform> compile(const config::Rewrite& rewrite, Case sensitivity, unsigned workers,
                                          const std::string& path, config::Diagnostics& diagnostics);

  /// `text` with the first match replaced; `text` itself where nothing matches. TransformFailed over kMaxResult. A new
  /// text lives in `arena`.
  Result<std::string_view> apply(std::string_view text, unsigned worker, Arena& arena) const;
  /// `"^/dp/(.*)$" -> "/product.php?id=$1"`
  std::string to_string() const;

 private:
  struct Piece {
    std::string literal;
    std::size_t group = 0;  // follows the literal; 0: none
  };
  Transform(Regex regex, std::vector<Piece> replacement, std::string words);

  Regex regex_;
  std::vector<Piece> replacement_;
  std::string words_;
};

}  // namespace kanaria::rules
