// What a client may bring as a cookie of ours: nothing opens but what was sealed, whatever was done to it. And the two
// texts around it, a Cookie field and a file of keys, of any bytes.
#include <algorithm>
#include <cstdint>
#include <string>

#include "fuzz/check.hpp"
#include "kanaria/cookies/key_ring.hpp"
#include "kanaria/http/cookies.hpp"

namespace {

using namespace kanaria;
using namespace kanaria::cookies;

constexpr std::size_t kMostBytes = 4096;

/// Two keys, and a cookie of each number of entries.
struct Sealed {
  BlockPool blocks;
  Arena arena{blocks};
  KeyRing ring{{Key{"new", {1}}, Key{"old", {2}}}, 1};
  std::vector<std::string> texts;

  Sealed() {
    const KeyRing old({Key{"old", {2}}}, 1);
    Entries entries;
    while (entries.size() < kMostEntries) {
      entries.push_back({entries.size(), ~entries.size(), 1'800'000'000});
      const KeyRing& by = entries.size() % 2 == 0 ? old : ring;
      texts.emplace_back(by.seal(Purpose::Group, entries, 0, arena));
    }
  }
};

/// The first byte chooses a cookie; each pair after it overwrites, inserts or cuts at a place.
std::string changed(std::string text, std::string_view edits) {
  for (; edits.size() >= 2; edits.remove_prefix(2)) {
    const auto what = static_cast<unsigned char>(edits[0]);
    const std::size_t at = text.empty() ? 0 : what % text.size();
    if (what >= 250) {
      text.resize(at);
    } else if (what % 7 == 0) {
      text.insert(at, 1, edits[1]);
    } else if (!text.empty()) {
      text[at] = edits[1];
    }
  }
  return text;
}

void check_cookie(const Sealed& sealed, std::string_view text) {
  Entries entries;
  const Rejection rejection = sealed.ring.open(Purpose::Group, text, 0, entries).rejection;
  const bool is_ours = std::ranges::find(sealed.texts, text) != sealed.texts.end();
  expect_equal(rejection == Rejection::None, is_ours, "a cookie that we did not seal was opened");
  expect_equal(entries.empty(), !is_ours, "a rejected cookie left something");
}

void check_field(std::string_view bytes) {
  const std::vector<http::Field> fields{{"Cookie", bytes}};
  http::CookieReader reader(fields);
  std::size_t total = 0;
  for (http::Cookie cookie; reader.next(cookie);) {
    expect_equal(cookie.name.empty(), false, "a cookie without a name");
    expect_equal(cookie.name.find_first_of(";=") == std::string_view::npos, true, "a name that isn't one");
    expect_equal(cookie.value.find(';') == std::string_view::npos, true, "a value that goes on");
    total += cookie.name.size() + 1 + cookie.value.size();
  }
  expect_equal(total <= bytes.size(), true, "more than there was");
}

void check_keys(std::string_view bytes) {
  std::string fault;
  const auto keys = parse_keys(bytes, fault);
  expect_equal(keys.has_value(), fault.empty(), "a verdict without a reason");
  if (!keys) return;
  std::string lines;
  for (const Key& key : *keys) lines += line_of(key);
  expect_equal(parse_keys(lines, fault) == keys, true, "keys that are read in another way than they are written");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const Sealed sealed;
  const std::string_view bytes(reinterpret_cast<const char*>(data), std::min(size, kMostBytes));
  check_cookie(sealed, bytes);
  check_field(bytes);
  check_keys(bytes);
  if (bytes.empty()) return 0;
  const std::string& from = sealed.texts[static_cast<unsigned char>(bytes[0]) % sealed.texts.size()];
  check_cookie(sealed, changed(from, bytes.substr(1)));
  return 0;
}
