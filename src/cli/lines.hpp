// Lines of text as a terminal has room for them; elsewhere nothing is cut. Colours only where they are wanted. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "terminal.hpp"

namespace kanaria::cli {

class Lines {
 public:
  using Colour = std::optional<Terminal::Colour>;

  explicit Lines(const Terminal& terminal)
      : terminal_(terminal), columns_(static_cast<std::size_t>(terminal.columns)) {}

  const Terminal& terminal() const { return terminal_; }
  std::size_t columns() const { return columns_; }
  bool fits(std::size_t width) const { return !terminal_.is_terminal || width <= columns_; }

  void empty() { text_ += '\n'; }
  /// Cut where it is too long.
  void add(std::string_view text, Colour colour = {});
  /// Of pieces with colours of their own, which their maker has seen to be short enough.
  void add_whole(std::string_view text) { (text_ += text) += '\n'; }
  /// In several lines where it is too long, those after the first one below the text.
  void wrap(const std::string& before, std::string_view text, Colour colour = {});
  /// As many parts in a line as it has room for; `last` begins at its column where it can.
  void flow(const std::vector<std::string>& parts, std::size_t between, const std::string& last, std::size_t column);

  std::string take() { return std::move(text_); }

 private:
  const Terminal& terminal_;
  std::size_t columns_;
  std::string text_;
};

}  // namespace kanaria::cli
