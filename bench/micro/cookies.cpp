// What a request pays that brings a cookie of ours, and one that is given a new one.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "kanaria/cookies/key_ring.hpp"

namespace kanaria::cookies {
namespace {

Entries entries_of(std::size_t count) {
  Entries entries;
  while (entries.size() < count) entries.push_back({entries.size(), ~entries.size(), 1'800'000'000});
  return entries;
}

/// As many users in turn as no ring remembers.
void open(benchmark::State& state) {
  BlockPool blocks;
  Arena arena(blocks);
  const KeyRing ring({make_key(), make_key()}, 1);
  std::vector<std::string> texts(4096);
  for (std::string& text : texts)
    text = ring.seal(Purpose::Group, entries_of(static_cast<std::size_t>(state.range(0))), 0, arena);
  Entries entries;
  for (std::size_t at = 0; auto _ : state)
    if (ring.open(Purpose::Group, texts[at++ % texts.size()], 0, entries).rejection != Rejection::None)
      return state.SkipWithError("rejected");
}
BENCHMARK(open)->Arg(1)->Arg(8);

/// The same user's next request.
void open_again(benchmark::State& state) {
  BlockPool blocks;
  Arena arena(blocks);
  const KeyRing ring({make_key()}, 1);
  const std::string text(ring.seal(Purpose::Group, entries_of(1), 0, arena));
  Entries entries;
  for (auto _ : state)
    if (ring.open(Purpose::Group, text, 0, entries).rejection != Rejection::None)
      return state.SkipWithError("rejected");
}
BENCHMARK(open_again);

void open_forged(benchmark::State& state) {
  BlockPool blocks;
  Arena arena(blocks);
  const KeyRing ring({make_key(), make_key()}, 1);
  std::string text(ring.seal(Purpose::Group, entries_of(1), 0, arena));
  text[30] = text[30] == 'A' ? 'B' : 'A';
  Entries entries;
  for (auto _ : state)
    if (ring.open(Purpose::Group, text, 0, entries).rejection != Rejection::Forged)
      return state.SkipWithError("not rejected");
}
BENCHMARK(open_forged);

void seal(benchmark::State& state) {
  BlockPool blocks;
  Arena arena(blocks);
  const KeyRing ring({make_key()}, 1);
  const Entries entries = entries_of(static_cast<std::size_t>(state.range(0)));
  for (auto _ : state) {
    benchmark::DoNotOptimize(ring.seal(Purpose::Group, entries, 0, arena));
    arena.clear();
  }
}
BENCHMARK(seal)->Arg(1)->Arg(8);

}  // namespace
}  // namespace kanaria::cookies

BENCHMARK_MAIN();
