// How many forgeries of cookies are taken for ours: changes valid ones at random, in characters, bytes, order and
// length, and opens what came of it. Ends with 1 when one is opened.
//
//   bench_forge [FORGERIES]        default: 10000000
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "kanaria/base/random.hpp"
#include "kanaria/cookies/key_ring.hpp"

namespace {

using namespace kanaria;
using namespace kanaria::cookies;

constexpr std::string_view kCharacters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::vector<std::string> valid_cookies(const KeyRing& ring, Random& random) {
  BlockPool blocks;
  Arena arena(blocks);
  std::vector<std::string> cookies;
  for (std::size_t i = 0; i < 256; ++i) {
    Entries entries;
    while (entries.size() <= i % kMostEntries) entries.push_back({entries.size(), random.next(), 1'800'000'000});
    cookies.emplace_back(ring.seal(Purpose::Group, entries, 0, arena));
  }
  return cookies;
}

char character(Random& random) {
  return random.below(16) == 0 ? static_cast<char>(random.below(256)) : kCharacters[random.below(kCharacters.size())];
}

std::string forge(const std::vector<std::string>& cookies, Random& random) {
  std::string text = cookies[random.below(cookies.size())];
  const std::string& other = cookies[random.below(cookies.size())];
  const std::size_t at = random.below(text.size());
  switch (random.below(6)) {
    case 0: text[at] = character(random); break;
    case 1: text = text.substr(0, at) + other.substr(std::min(at, other.size())); break;
    case 2: std::swap(text[at], text[random.below(text.size())]); break;
    case 3: text.insert(at, 1, character(random)); break;
    case 4: text.resize(at); break;
    default: text.replace(at, 4, other, random.below(other.size()), 4); break;
  }
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  const long forgeries = argc > 1 ? std::atol(argv[1]) : 10'000'000;
  Random random;
  const KeyRing ring({make_key(), make_key()}, 1);
  const std::vector<std::string> cookies = valid_cookies(ring, random);
  std::array<long, kRejections> seen{};
  Entries entries;
  for (long made = 0; made < forgeries;) {
    const std::string text = forge(cookies, random);
    if (std::ranges::find(cookies, text) != cookies.end()) continue;  // the change was none
    ++made;
    ++seen[static_cast<std::size_t>(ring.open(Purpose::Group, text, 0, entries).rejection)];
  }
  std::printf("accepted %ld of %ld", seen[0], forgeries);
  for (std::size_t why = 1; why < kRejections; ++why)
    std::printf(", %s %ld", std::string(word_of(static_cast<Rejection>(why))).c_str(), seen[why]);
  std::printf("\n");
  return seen[0] == 0 ? 0 : 1;
}
