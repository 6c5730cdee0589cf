#include "kanaria/config/matcher.hpp"

#include <algorithm>

#include "text.hpp"

namespace kanaria::config {
namespace {

constexpr std::size_t kMostParts = 64;  // so that a mistake can't make each check slow

/// A status in three plain digits, also one that no matcher may hold; 0: none.
std::uint16_t parse_status(std::string_view text) {
  if (text.size() != 3 || !is_digits(text) || text.front() == '0') return 0;
  return static_cast<std::uint16_t>((text[0] - '0') * 100 + (text[1] - '0') * 10 + (text[2] - '0'));
}

/// What was probably meant by `text`: "2xx" is "200-299", and ALB knows no spaces.
std::string in_albs_syntax(std::string_view text) {
  std::string written;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const std::string_view three = text.substr(i, 3);
    if (lower(three).ends_with("xx") && is_digits(three.substr(0, 1))) {
      append(written, concat(three.front(), "00-", three.front(), "99"));
      i += 2;
    } else if (text[i] != ' ') {
      append(written, text[i]);
    }
  }
  return written;
}

/// The ranges; empty: not ALB's syntax.
std::vector<Matcher::Range> parse_ranges(std::string_view text) {
  std::vector<Matcher::Range> ranges;
  while (true) {
    const std::size_t comma = std::min(text.find(','), text.size());
    const std::string_view part = text.substr(0, comma);
    const std::size_t dash = part.find('-');
    const std::uint16_t first = parse_status(part.substr(0, dash));
    const std::uint16_t last = dash == std::string_view::npos ? first : parse_status(part.substr(dash + 1));
    if (first == 0 || last == 0) return {};
    ranges.push_back({first, last});
    if (comma == text.size()) return ranges;
    text.remove_prefix(comma + 1);
  }
}

std::string range_fault(const Matcher::Range& range, const Matcher::Range& allowed) {
  if (range.first > range.last) {
    return concat("has a range that runs backwards: write ", range.last, '-', range.first, ", not ", range.first, '-',
                  range.last);
  }
  const std::uint16_t outside = range.first < allowed.first ? range.first : range.last;
  if (outside >= allowed.first && outside <= allowed.last) return {};
  return concat("takes statuses of ", allowed.first, '-', allowed.last, ", not ", outside);
}

}  // namespace

std::optional<Matcher> Matcher::parse(std::string_view text, std::string& fault, Range allowed) {
  Matcher matcher;
  matcher.ranges_ = parse_ranges(text);
  if (matcher.ranges_.empty()) {
    fault = concat(R"(must be statuses such as "200", "200,202" or "200-299", not )", in_quotes(text));
    const std::string meant = in_albs_syntax(text);
    if (!parse_ranges(meant).empty()) append(fault, concat(": write ", in_quotes(meant)));
    return std::nullopt;
  }
  if (matcher.ranges_.size() > kMostParts) {
    fault = concat("must have at most ", kMostParts, " statuses and ranges, not ", matcher.ranges_.size());
    return std::nullopt;
  }
  for (const Range& range : matcher.ranges_) {
    fault = range_fault(range, allowed);
    if (!fault.empty()) return std::nullopt;
  }
  return matcher;
}

bool Matcher::matches(std::uint16_t status) const {
  return std::ranges::any_of(ranges_,
                             [&](const Range& range) { return range.first <= status && status <= range.last; });
}

std::string Matcher::to_string() const {
  std::string text;
  for (const auto& [first, last] : ranges_) {
    append(text, concat(text.empty() ? "" : ",", first));
    if (last != first) append(text, concat('-', last));
  }
  return text;
}

}  // namespace kanaria::config
