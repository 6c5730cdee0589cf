// From the tree to values: a Value is one node with its name and path, so that whoever finds a fault can say where.
// Every function here reports its own faults and returns nothing then, so that reading goes on and finds the rest.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "document.hpp"
#include "kanaria/config/model.hpp"
#include "keys.hpp"

namespace kanaria::config {

struct Value {
  const Node* node = nullptr;
  std::string name;  // for messages: the key, or what an item of the list is called
  std::string path;
  Diagnostics* diagnostics = nullptr;
  std::string_view later = {};  // Key::note: values that come later
  std::string_view word = {};   // that may stand here instead: see unless()

  Position at() const { return node->at; }
  void fault(std::string_view message) const { diagnostics->error(node->at, path, message); }

  /// "NAME must be ", or "NAME must be WORD or ".
  std::string must_be() const;
  /// "NAME must be WANTED, not what stands there".
  void fault_kind(std::string_view wanted) const;
};

/// A mapping whose keys have been held against the table.
class Mapping {
 public:
  Mapping(Value value, Scope scope);

  const Value& value() const { return value_; }
  /// The value of a key that works; none: not written.
  std::optional<Value> find(std::string_view key) const;
  /// find(), and a fault when the key is not written.
  std::optional<Value> require(std::string_view key) const;
  /// The one of `keys` that is written. None or several is a fault, unless a fault of its keys may be the reason.
  std::optional<Value> only(std::initializer_list<std::string_view> keys) const;

 private:
  void check(const Entry& entry);

  Value value_;
  Scope scope_;
  bool clean_ = true;  // no fault so far: a missing key is really missing
};

/// The items of a list, each called `item`.
std::vector<Value> items(const Value& list, std::string_view item);

std::optional<std::string> text(const Value& value);  // not empty, no control characters
std::optional<Text> placed_text(const Value& value);
std::optional<std::string> name(const Value& value);  // [A-Za-z0-9_.-]{1,64}
std::optional<int> number(const Value& value, int low, int high);
std::optional<int> percentage(const Value& value, int low, int high);  // 20 or 20%
/// 12.5%, with its sign, as a number of steps: `decimals` are a step's behind the point.
std::optional<int> share(const Value& value, std::size_t decimals, int low, int high);
/// 1.25 in millionths; `wanted` are the bounds in words.
std::optional<int> millionths(const Value& value, int low, int high, std::string_view wanted);
std::optional<bool> boolean(const Value& value);
std::optional<std::uint64_t> size(const Value& value);  // in bytes, at most 64 TiB
std::optional<Milliseconds> duration(const Value& value, Milliseconds low, Milliseconds high);

/// A scalar's text, also an empty one.
std::optional<std::string> scalar(const Value& value);

template <class T>
struct Word {
  std::string_view word;
  T means;
};
void fault_word(const Value& value, std::string_view word, const std::vector<std::string_view>& known);

template <class T>
std::optional<T> choice(const Value& value, std::initializer_list<Word<T>> words) {
  const auto word = text(value);
  if (!word) return std::nullopt;
  std::vector<std::string_view> known;
  for (const Word<T>& one : words) {
    if (one.word == *word) return one.means;
    known.push_back(one.word);
  }
  fault_word(value, *word, known);
  return std::nullopt;
}

template <class To, class From>
void set(To& to, std::optional<From> from) {
  if (from) to = std::move(*from);
}

/// What `read(value, more...)` reads, unless `word` stands there: then nothing. Faults tell of the word too.
template <class Read, class... More>
auto unless(std::string_view word, Value value, Read read, More... more) -> decltype(read(value, more...)) {
  if (value.node->text == word) return std::nullopt;
  value.word = word;
  return read(value, more...);
}

/// Reads `key` by `read(value, more...)` into `to`, when it is written.
template <class To, class Read, class... More>
void read_into(To& to, const Mapping& map, std::string_view key, Read read, More... more) {
  if (const auto value = map.find(key)) set(to, read(*value, more...));
}

}  // namespace kanaria::config
