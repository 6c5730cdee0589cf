// A set of statuses in ALB's syntax: "200", "200,202", "200-299" (alb.md §5.1): those of a health check that mean
// success, or those that a rollout counts as bad. Values.
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
  Matcher(std::uint16_t first, std::uint16_t last) : ranges_{{first, last}} {}
  /// None: not ALB's syntax, or a status outside `allowed`, and `fault` ends a sentence that begins with the key.
  static std::optional<Matcher> parse(std::string_view text, std::string& fault, Range allowed = {kFirst, kLast});

  bool matches(std::uint16_t status) const;
  /// "200,202,250-299": what parse() takes.
  std::string to_string() const;
  friend bool operator==(const Matcher&, const Matcher&) = default;

 private:
  std::vector<Range> ranges_;  // as written
};

}  // namespace kanaria::config
