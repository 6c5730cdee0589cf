// Which group, and which of its targets: what a forwarded request pays to be sent the right way.
#include <benchmark/benchmark.h>

#include <vector>

#include "kanaria/targets/balancer.hpp"
#include "kanaria/targets/split.hpp"

namespace kanaria::targets {
namespace {

using config::SplitMode;
using Weights = std::vector<std::uint32_t>;

const Weights kSmallBlock{90, 10};                   // 10 requests
const Weights kLargeBlock{999, 998, 997, 999, 998};  // 4,991 requests

Group group_of(std::size_t count, std::uint32_t row) {
  Group group;
  group.row = row;
  for (std::size_t i = 0; i < count; ++i) group.targets.push_back(std::make_shared<Target>());
  return group;
}

void split(benchmark::State& state, const Weights& weights, SplitMode mode) {
  Random random(1);
  Split split(weights, mode, random.next(), random.next());
  for (auto _ : state) benchmark::DoNotOptimize(split.choose(random));
}
BENCHMARK_CAPTURE(split, shuffled_small_block, kSmallBlock, SplitMode::Shuffled);
BENCHMARK_CAPTURE(split, shuffled_large_block, kLargeBlock, SplitMode::Shuffled);
BENCHMARK_CAPTURE(split, random_small_block, kSmallBlock, SplitMode::Random);
BENCHMARK_CAPTURE(split, random_large_block, kLargeBlock, SplitMode::Random);

void pick(benchmark::State& state) {
  Random random(1);
  Balancer balancer(random);
  const Group group = group_of(static_cast<std::size_t>(state.range(0)), 0);
  for (auto _ : state) benchmark::DoNotOptimize(balancer.pick(group, {}));
}
BENCHMARK(pick)->Arg(1)->Arg(8)->Arg(100);

void split_and_pick(benchmark::State& state, const Weights& weights) {
  Random random(1);
  Split split(weights, SplitMode::Shuffled, random.next(), random.next());
  Balancer balancer(random);
  std::vector<Group> groups;
  for (std::uint32_t row = 0; row < weights.size(); ++row) groups.push_back(group_of(8, row));
  for (auto _ : state) benchmark::DoNotOptimize(balancer.pick(groups[split.choose(random)], {}));
}
BENCHMARK_CAPTURE(split_and_pick, small_block, kSmallBlock);
BENCHMARK_CAPTURE(split_and_pick, large_block, kLargeBlock);

}  // namespace
}  // namespace kanaria::targets

BENCHMARK_MAIN();
