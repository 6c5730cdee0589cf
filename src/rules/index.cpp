#include "index.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace kanaria::rules {
namespace {

using Key = PrefixTree::Key;

// Longer keys and texts are cut: the index then lets more candidates through, never fewer.
constexpr std::size_t kMaxKey = 128;

std::string cut(std::string key) {
  key.resize(std::min(key.size(), kMaxKey));
  return key;
}

std::string path_key(const Wildcard& pattern) {
  std::string key(pattern.prefix());
  if (pattern.is_literal()) key += '\0';
  return cut(std::move(key));
}

std::string host_key(const Wildcard& pattern) {
  std::string key(pattern.suffix());
  std::reverse(key.begin(), key.end());
  if (pattern.is_literal()) key += '\0';
  return cut(std::move(key));
}

/// The keys under which a rule can be found; the root's where one of its values has no fixed start, or it has no
/// condition of that kind.
template <class Kind>
std::vector<std::string> keys_of(const Rule& rule, std::string (*key_of)(const Wildcard&)) {
  std::vector<std::string> keys;
  for (const Condition& condition : rule.conditions()) {
    const Patterns* const patterns = condition.patterns_of<Kind>();
    if (patterns == nullptr) continue;
    for (const Wildcard& pattern : patterns->wildcards()) keys.push_back(key_of(pattern));
    break;
  }
  if (keys.empty()) keys.emplace_back();
  return keys;
}

template <class Kind>
std::vector<std::string> all_keys(const std::vector<Rule>& rules, std::string (*key_of)(const Wildcard&)) {
  std::vector<std::string> keys;
  for (const Rule& rule : rules) {
    auto more = keys_of<Kind>(rule, key_of);
    keys.insert(keys.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
  }
  return keys;
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

struct KeyPair {
  std::uint32_t rule;
  Key host;
  Key path;
};

}  // namespace

Index::Index(const std::vector<Rule>& rules)
    : rules_(rules),
      hosts_(all_keys<HostHeader>(rules, host_key)),
      paths_(all_keys<PathPattern>(rules, path_key)),
      at_host_(hosts_.size()),
      at_path_(paths_.size()) {
  std::vector<KeyPair> pairs;
  std::vector<std::size_t> sharing_host(hosts_.size());
  std::vector<std::size_t> sharing_path(paths_.size());
  for (const Rule& rule : rules) {
    const auto paths = keys_of<PathPattern>(rule, path_key);
    for (const std::string& host : keys_of<HostHeader>(rule, host_key)) {
      for (const std::string& path : paths) {
        pairs.push_back({rule.index(), hosts_.number_of(host), paths_.number_of(path)});
        ++sharing_host[pairs.back().host];
        ++sharing_path[pairs.back().path];
      }
    }
  }
  for (const auto& [rule, host, path] : pairs)
    place(rule, host, path,
          path == PrefixTree::kRoot || (host != PrefixTree::kRoot && sharing_host[host] < sharing_path[path]));
}

void Index::place(std::uint32_t rule, Key host, Key path, bool at_host) {
  if (at_host) {
    at_host_[host].push_back({rule, path, paths_.end(path)});
  } else {
    at_path_[path].push_back({rule, host, hosts_.end(host)});
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
      if ((holds(place) || holds(other_place)) && rules_[candidate.rule].matches(facts)) {
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
