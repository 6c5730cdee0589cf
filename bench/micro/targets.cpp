// Which group, and which of its targets: what a forwarded request pays to be sent the right way.
#include <benchmark/benchmark.h>

#include <vector>

#include "kanaria/targets/balancer.hpp"
#include "kanaria/targets/split.hpp"

namespace kanaria::targets {
namespace {

using config::Algorithm;
using config::SplitMode;
using Weights = std::vector<std::uint32_t>;

const Weights kCanary{90, 10};                   // one slot of ten picks its place
const Weights kSmallCanary{99, 1};               // one of a hundred
const Weights kThirds{33, 33, 34};               // a network of eight rounds
const Weights kPrimes{999, 998, 997, 999, 998};  // the same over the largest block, 4,991

const Tried kNoneTried;

Group group_of(std::size_t count, std::uint32_t row, Algorithm algorithm = Algorithm::RoundRobin) {
  Group group;
  group.row = row;
  group.algorithm = algorithm;
  for (std::size_t i = 0; i < count; ++i) group.targets.push_back(std::make_shared<Target>());
  return group;
}

void split(benchmark::State& state, const Weights& weights, SplitMode mode) {
  Random random(1);
  Split split(weights, mode, random.next(), random.next());
  for (auto _ : state) benchmark::DoNotOptimize(split.choose(random));
}
BENCHMARK_CAPTURE(split, shuffled_canary, kCanary, SplitMode::Shuffled);
BENCHMARK_CAPTURE(split, shuffled_small_canary, kSmallCanary, SplitMode::Shuffled);
BENCHMARK_CAPTURE(split, shuffled_thirds, kThirds, SplitMode::Shuffled);
BENCHMARK_CAPTURE(split, shuffled_primes, kPrimes, SplitMode::Shuffled);
BENCHMARK_CAPTURE(split, random_canary, kCanary, SplitMode::Random);
BENCHMARK_CAPTURE(split, random_primes, kPrimes, SplitMode::Random);

void pick(benchmark::State& state, Algorithm algorithm) {
  Random random(1);
  Balancer balancer(random);
  const Group group = group_of(static_cast<std::size_t>(state.range(0)), 0, algorithm);
  for (auto _ : state) benchmark::DoNotOptimize(balancer.pick(group, kNoneTried, true));
}
BENCHMARK_CAPTURE(pick, round_robin, Algorithm::RoundRobin)->Arg(2)->Arg(8)->Arg(1000);
BENCHMARK_CAPTURE(pick, least_outstanding, Algorithm::LeastOutstandingRequests)->Arg(2)->Arg(8)->Arg(1000);
BENCHMARK_CAPTURE(pick, weighted_random, Algorithm::WeightedRandom)->Arg(2)->Arg(8)->Arg(1000);

/// Of 1,000 targets so many in a hundred are full.
void pick_among_full(benchmark::State& state, Algorithm algorithm) {
  Random random(1);
  Balancer balancer(random);
  Group group = group_of(1000, 0, algorithm);
  group.max_connections = 1;
  for (const auto& target : group.targets)
    target->state->in_flight = random.below(100) < static_cast<std::uint64_t>(state.range(0)) ? 1 : 0;
  for (auto _ : state) benchmark::DoNotOptimize(balancer.pick(group, kNoneTried, true));
}
BENCHMARK_CAPTURE(pick_among_full, round_robin, Algorithm::RoundRobin)->Arg(50)->Arg(90)->Arg(100);
BENCHMARK_CAPTURE(pick_among_full, least_outstanding, Algorithm::LeastOutstandingRequests)->Arg(50)->Arg(90)->Arg(100);
BENCHMARK_CAPTURE(pick_among_full, weighted_random, Algorithm::WeightedRandom)->Arg(50)->Arg(90)->Arg(100);

/// The first pick after control has changed something, of 1,000 targets.
void pick_anew(benchmark::State& state, Algorithm algorithm) {
  Random random(1);
  Balancer balancer(random);
  const Group group = group_of(1000, 0, algorithm);
  for (auto _ : state) {
    group.state->version.fetch_add(1, std::memory_order_release);
    benchmark::DoNotOptimize(balancer.pick(group, kNoneTried, true));
  }
}
BENCHMARK_CAPTURE(pick_anew, round_robin, Algorithm::RoundRobin);
BENCHMARK_CAPTURE(pick_anew, weighted_random, Algorithm::WeightedRandom);

void split_and_pick(benchmark::State& state, const Weights& weights) {
  Random random(1);
  Split split(weights, SplitMode::Shuffled, random.next(), random.next());
  Balancer balancer(random);
  std::vector<Group> groups;
  groups.reserve(weights.size());
  for (std::uint32_t row = 0; row < weights.size(); ++row) groups.push_back(group_of(8, row));
  for (auto _ : state) benchmark::DoNotOptimize(balancer.pick(groups[split.choose(random)], kNoneTried, true));
}
BENCHMARK_CAPTURE(split_and_pick, canary, kCanary);
BENCHMARK_CAPTURE(split_and_pick, small_canary, kSmallCanary);
BENCHMARK_CAPTURE(split_and_pick, thirds, kThirds);
BENCHMARK_CAPTURE(split_and_pick, primes, kPrimes);

}  // namespace
}  // namespace kanaria::targets

BENCHMARK_MAIN();
