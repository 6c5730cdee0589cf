#include "covers.hpp"

#include <algorithm>

#include "text.hpp"

namespace kanaria::config {
namespace {

template <class T>
bool among(const std::vector<T>& some, const std::vector<T>& all) {
  return std::ranges::all_of(some, [&](const T& one) { return std::ranges::find(all, one) != all.end(); });
}

bool has_value(const Patterns& patterns, std::string_view wanted) {
  return std::ranges::find(patterns.values, wanted, &Text::value) != patterns.values.end();
}

struct AlwaysHolds {
  bool operator()(const PathPattern& path) const { return has_value(path, "/*") || has_value(path, "*"); }
  bool operator()(const HostHeader& host) const { return has_value(host, "*"); }
  bool operator()(const SourceIp& source) const {
    const auto everyone = [&](bool v4) {
      return std::ranges::any_of(source.values,
                                 [&](const Network& one) { return one.prefix == 0 && one.address.is_v4() == v4; });
    };
    return everyone(true) && everyone(false);
  }
  template <class Other>
  bool operator()(const Other&) const {
    return false;
  }
};

/// Two conditions of one kind: whatever satisfies `below` satisfies `above`.
struct Implies {
  bool operator()(const HttpHeader& below, const HttpHeader& above) const {
    return lower(below.http_header_name.value) == lower(above.http_header_name.value) &&
           (*this)(static_cast<const Patterns&>(below), static_cast<const Patterns&>(above));
  }
  bool operator()(const Patterns& below, const Patterns& above) const {
    return among(below.values, above.values) && among(below.regex_values, above.regex_values);
  }
  template <class Same>
    requires(!std::derived_from<Same, Patterns>)
  bool operator()(const Same& below, const Same& above) const {
    return among(below.values, above.values);
  }
};

bool implies(const Condition& below, const Condition& above) {
  if (below.of.index() != above.of.index()) return false;
  return std::visit([&](const auto& one) { return Implies{}(one, std::get<std::decay_t<decltype(one)>>(above.of)); },
                    below.of);
}

}  // namespace

bool covers(const Rule& above, const Rule& below) {
  return std::ranges::all_of(above.conditions, [&](const Condition& condition) {
    return std::visit(AlwaysHolds{}, condition.of) ||
           std::ranges::any_of(below.conditions, [&](const Condition& other) { return implies(other, condition); });
  });
}

}  // namespace kanaria::config
