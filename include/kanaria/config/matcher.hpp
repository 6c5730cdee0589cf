// Which statuses of a health check mean success, in ALB's syntax: "200", "200,202", "200-299" (alb.md §5.1). Values.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace kanaria::config {

class Matcher {
 public:
  static constexpr std::uint16_t kFirst = 200;
  static constexpr std::uint16_t kLast = 499;

  struct Range {
    std::uint16_t first;
    std::uint16_t last;
    friend bool operator==(const Range&, const Range&) = default;
  };

  Matcher() : ranges_{{200, 200}} {}
  /// None: not ALB's syntax, or a status outside 200-499, and `fault` ends a sentence that begins with the key.
  static std::optional<Matcher> parse(std::string_view text, std::string& fault);

  bool matches(std::uint16_t status) const;
  /// "200,202,250-299": what parse() takes.
  std::string to_string() const;
  friend bool operator==(const Matcher&, const Matcher&) = default;

 private:
  std::vector<Range> ranges_;  // as written
};

}  // namespace kanaria::config
