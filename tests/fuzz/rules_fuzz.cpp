// Wildcards, the normal form of paths, form decoding and redirects, on any bytes: they end, stay inside their buffers,
// and keep the promises that rules rely on.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "kanaria/rules/action.hpp"
#include "kanaria/rules/pattern.hpp"
#include "kanaria/rules/uri.hpp"

namespace {

using namespace kanaria;

void require(bool holds) {
  if (!holds) std::abort();
}

void check_paths(std::string_view text) {
  rules::UriBuffer first;
  rules::UriBuffer second;
  const std::string_view normal = rules::normal_path(text, first);
  require(normal.size() <= text.size());
  if (text.size() > rules::UriBuffer::kSize || !text.starts_with('/')) return;
  // "%%361" becomes "%61": decoding once is right, twice would not be.
  if (normal.find('%') == std::string_view::npos) require(rules::normal_path(normal, second) == normal);
  require(normal.starts_with('/'));
  require(normal.find("/../") == std::string_view::npos && !normal.ends_with("/.."));
}

void check_wildcards(std::string_view pattern, std::string_view subject) {
  for (const rules::Case sensitivity : {rules::Case::Sensitive, rules::Case::Insensitive}) {
    const rules::Wildcard wildcard(pattern, sensitivity, rules::Wildcard::Escapes::Backslash);
    const bool matches = wildcard.matches(subject);
    if (matches && sensitivity == rules::Case::Sensitive)
      require(subject.starts_with(wildcard.prefix()) && subject.ends_with(wildcard.suffix()));
    if (wildcard.is_prefix() && sensitivity == rules::Case::Sensitive)
      require(matches == subject.starts_with(wildcard.prefix()));
  }
}

void check_redirect(std::string_view authority, std::string_view text) {
  BlockPool pool;
  Arena arena(pool);
  http::RequestHead head;
  head.authority = authority;
  head.path = text.substr(0, text.find('?'));
  head.query = text.substr(std::min(head.path.size() + 1, text.size()));
  const auto location = rules::Redirect{}.location(head, "http", 8080, arena);
  if (!location) return;
  require(location->size() <= rules::Redirect::kMaxLocation);
  for (const char c : *location) require(c > 0x20 && c < 0x7f);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const std::size_t cut = std::min(bytes.find('\n'), size);
  const std::string_view pattern = bytes.substr(0, std::min<std::size_t>(cut, 128));
  const std::string_view subject = bytes.substr(std::min(cut + 1, size));
  rules::UriBuffer buffer;
  require(rules::form_decoded(subject, buffer).size() <= subject.size());
  check_paths(subject);
  check_wildcards(pattern, subject);
  check_redirect(pattern, subject);
  return 0;
}
