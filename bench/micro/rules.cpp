// Finding the rule of a request among 10, 100 and 1,000, with random hosts and paths. Half of the requests meet a rule,
// the others fall through to the default. 4,096 requests take turns in random order, so that neither they nor the part
// of the index that they need is in the nearest cache.
#include <benchmark/benchmark.h>

#include <memory>
#include <string>
#include <vector>

#include "kanaria/base/random.hpp"
#include "unit/rules/build.hpp"

namespace kanaria::rules {
namespace {

constexpr std::size_t kRequests = 4'096;

/// A pattern, and a text that it matches.
struct Pattern {
  std::string written;
  std::string met;
};

class Generator {
 public:
  std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
  std::string word() {
    std::string text;
    for (auto left = 3 + below(8); left > 0; --left) text += static_cast<char>('a' + below(26));
    return text;
  }
  std::string host() { return word() + '.' + word() + ".example.com"; }
  std::string path() { return '/' + word() + '/' + word(); }

  Pattern exact_host() {
    const std::string host = this->host();
    return {host, host};
  }
  Pattern host_suffix() {
    const std::string rest = '.' + host();
    return {'*' + rest, word() + rest};
  }
  Pattern exact_path() {
    const std::string path = this->path();
    return {path, path};
  }
  Pattern path_prefix() {
    const std::string begin = path() + '/';
    return {begin + '*', begin + word()};
  }
  Pattern inner_wildcard() {
    const std::string begin = '/' + word() + '/';
    return {begin + "*/edit", begin + word() + "/edit"};
  }

 private:
  Random random_{20261123};
};

class Rules {
 public:
  explicit Rules(std::size_t count) {
    std::vector<config::Rule> rules;
    rules.reserve(count);
    for (std::size_t i = 0; i < count; ++i) rules.push_back(next_rule(static_cast<int>(i) + 1));
    table_ = build::table(std::move(rules));
    for (std::size_t i = 0; i < kRequests; ++i) requests_.push_back(next_request(i % 2 == 0));
    for (std::size_t i = kRequests - 1; i > 0; --i) std::swap(requests_[i], requests_[generator_.below(i + 1)]);
  }

  const RuleTable& table() const { return *table_; }
  Subject subject(std::size_t i) const { return requests_[i % kRequests]->subject(); }

 private:
  struct Meeting {
    std::string host;  // empty: any
    std::string path;
  };

  /// Of ten rules, seven have a host and a path, three only a path; two have a wildcard that is not at the end of a
  /// text.
  config::Rule next_rule(int priority) {
    const int kind = priority % 10;
    const bool path_only = kind >= 7;
    const Pattern host = kind == 0 ? generator_.host_suffix() : generator_.exact_host();
    const Pattern path = kind == 9  ? generator_.inner_wildcard()
                         : kind < 3 ? generator_.exact_path()
                                    : generator_.path_prefix();
    meetings_.push_back({path_only ? "" : host.met, path.met});
    std::vector<config::Condition> conditions{build::path({path.written})};
    if (!path_only) conditions.push_back(build::host({host.written}));
    return build::rule(priority, std::move(conditions));
  }

  std::unique_ptr<build::Request> next_request(bool meets) {
    Meeting made{generator_.host(), generator_.path()};
    if (meets) {
      const Meeting& meeting = meetings_[generator_.below(meetings_.size())];
      made.path = meeting.path;
      if (!meeting.host.empty()) made.host = meeting.host;
    }
    return std::make_unique<build::Request>(made.path, made.host);
  }

  Generator generator_;
  std::vector<Meeting> meetings_;  // of each rule
  std::unique_ptr<const RuleTable> table_;
  std::vector<std::unique_ptr<build::Request>> requests_;
};

void find(benchmark::State& state) {
  const Rules rules(static_cast<std::size_t>(state.range(0)));
  std::size_t met = 0;
  for (std::size_t i = 0; i < kRequests; ++i) met += rules.table().find(rules.subject(i)).priority() != 0 ? 1 : 0;
  if (met < kRequests / 2) state.SkipWithError("the requests that should meet a rule don't");
  std::size_t i = 0;
  for (auto _ : state) benchmark::DoNotOptimize(&rules.table().find(rules.subject(i++)));
}
BENCHMARK(find)->Arg(10)->Arg(100)->Arg(1'000);

}  // namespace
}  // namespace kanaria::rules

BENCHMARK_MAIN();
