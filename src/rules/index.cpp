#include "index.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace kanaria::rules {
namespace {

using Key = PrefixTree::Key;

// Longer keys and texts are cut: the index then lets more candidates through, never fewer.
constexpr std::size_t kMaxKey = 128;

/// What a text must start with for a pattern to match it.
struct Prefix {
  std::string text;
  bool certain = true;  // every text that starts with it matches
};

Prefix prefix_of(std::string text, const Wildcard& pattern, bool certain) {
  if (pattern.is_literal()) text += '\0';
  const bool whole = text.size() <= kMaxKey;
  text.resize(std::min(text.size(), kMaxKey));
  return {std::move(text), whole && (certain || pattern.is_literal())};
}

Prefix prefix_of_paths(const Wildcard& pattern) {
  return prefix_of(std::string(pattern.prefix()), pattern, pattern.is_prefix());
}

Prefix prefix_of_hosts(const Wildcard& pattern) {
  const std::string_view suffix = pattern.suffix();
  return prefix_of(std::string(suffix.rbegin(), suffix.rend()), pattern, pattern.is_suffix());
}

/// One for each value of a condition; the empty one where the rule has no such condition, or one that keys don't serve.
template <class Kind>
std::vector<Prefix> prefixes(const Rule& rule, Prefix (*prefix_of_pattern)(const Wildcard&)) {
  std::vector<Prefix> found;
  for (const Condition& condition : rule.conditions()) {
    const Patterns* const patterns = condition.patterns_of<Kind>();
    if (patterns == nullptr || !found.empty()) continue;
    for (const Wildcard& pattern : patterns->wildcards()) found.push_back(prefix_of_pattern(pattern));
  }
  if (found.empty()) found.emplace_back();
  return found;
}

template <class Kind>
std::vector<std::string> all_keys(const std::vector<Rule>& rules, Prefix (*prefix_of_pattern)(const Wildcard&)) {
  std::vector<std::string> keys;
  for (const Rule& rule : rules)
    for (Prefix& prefix : prefixes<Kind>(rule, prefix_of_pattern)) keys.push_back(std::move(prefix.text));
  return keys;
}

/// Nothing but a host and a path condition with wildcards, at most one of each: the keys can stand for all of it.
bool has_keys_alone(const Rule& rule) {
  int hosts = 0;
  int paths = 0;
  for (const Condition& condition : rule.conditions()) {
    const auto* const host = condition.patterns_of<HostHeader>();
    const auto* const path = condition.patterns_of<PathPattern>();
    hosts += host != nullptr ? 1 : 0;
    paths += path != nullptr ? 1 : 0;
    const auto* const patterns = host != nullptr ? host : path;
    if (patterns == nullptr || patterns->wildcards().empty()) return false;
  }
  return hosts <= 1 && paths <= 1;
}

/// A request's text in the form of the keys.
class Probe {
 public:
  static Probe of_path(std::string_view path) {
    Probe probe(path.size());
    std::copy_n(path.begin(), probe.size_, probe.bytes_.begin());
    probe.finish();
    return probe;
  }
  static Probe of_host(std::string_view host) {
    Probe probe(host.size());
    const auto count = static_cast<std::ptrdiff_t>(probe.size_);
    std::transform(host.rbegin(), host.rbegin() + count, probe.bytes_.begin(), lower);
    probe.finish();
    return probe;
  }
  std::string_view text() const { return {bytes_.data(), size_}; }

 private:
  explicit Probe(std::size_t size) : size_(std::min(size, kMaxKey)) {}
  void finish() {
    if (size_ < kMaxKey) bytes_[size_++] = '\0';
  }

  std::array<char, kMaxKey> bytes_;
  std::size_t size_;
};

struct Place {
  std::uint32_t rule;
  Key host;
  Key path;
  bool certain;
};

}  // namespace

Index::Index(const std::vector<Rule>& rules)
    : rules_(rules),
      hosts_(all_keys<HostHeader>(rules, prefix_of_hosts)),
      paths_(all_keys<PathPattern>(rules, prefix_of_paths)),
      at_host_(hosts_.size()),
      at_path_(paths_.size()) {
  std::vector<Place> places;
  std::vector<std::size_t> sharing_host(hosts_.size());
  std::vector<std::size_t> sharing_path(paths_.size());
  for (const Rule& rule : rules) {
    const bool keys_alone = has_keys_alone(rule);
    const auto of_paths = prefixes<PathPattern>(rule, prefix_of_paths);
    for (const Prefix& of_host : prefixes<HostHeader>(rule, prefix_of_hosts)) {
      for (const Prefix& of_path : of_paths) {
        places.push_back({rule.index(), hosts_.number_of(of_host.text), paths_.number_of(of_path.text),
                          keys_alone && of_host.certain && of_path.certain});
        ++sharing_host[places.back().host];
        ++sharing_path[places.back().path];
      }
    }
  }
  for (const auto& [rule, host, path, certain] : places) {
    const bool host_is_rarer = host != PrefixTree::kRoot && sharing_host[host] < sharing_path[path];
    if (path == PrefixTree::kRoot || host_is_rarer) {
      at_host_[host].push_back({rule, path, paths_.end(path), certain});
    } else {
      at_path_[path].push_back({rule, host, hosts_.end(host), certain});
    }
  }
}

// Lists are looked at from the longest key to the shortest. Each gives at most one match, better than the best so far;
// the last is that of rules without a fixed start of host or path, where costly conditions are.
const Rule& Index::first_match(const Facts& facts) const {
  const std::string_view sent_host = facts.subject.head.authority;
  const Key path = paths_.longest_in(Probe::of_path(facts.path).text());
  const Key host = hosts_.longest_in(Probe::of_host(facts.host).text());
  const Key with_port =
      sent_host.size() == facts.host.size() ? host : hosts_.longest_in(Probe::of_host(sent_host).text());

  auto best = static_cast<std::uint32_t>(rules_.size() - 1);
  const auto look_at = [&](const std::vector<Candidate>& list, Key place, Key other_place) {
    for (const Candidate& candidate : list) {
      if (candidate.rule >= best) return;
      const auto holds = [&](Key key) { return candidate.other <= key && key < candidate.end; };
      if (!holds(place) && !holds(other_place)) continue;
      if (candidate.certain || rules_[candidate.rule].matches(facts)) {
        best = candidate.rule;
        return;
      }
    }
  };
  for (Key key = path; key != PrefixTree::kRoot; key = paths_.parent(key)) look_at(at_path_[key], host, with_port);
  if (with_port != host)
    for (Key key = with_port; key != PrefixTree::kRoot; key = hosts_.parent(key)) look_at(at_host_[key], path, path);
  for (Key key = host; key != PrefixTree::kRoot; key = hosts_.parent(key)) look_at(at_host_[key], path, path);
  look_at(at_host_[PrefixTree::kRoot], path, path);
  return rules_[best];
}

}  // namespace kanaria::rules
