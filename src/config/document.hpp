// One YAML document as a plain tree with places, built from yaml-cpp's events, so that an alias is refused before it
// could expand. Here end the faults of YAML itself: syntax, tabs, anchors, tags, doubled keys, a second document.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/config/diagnostic.hpp"

namespace kanaria::config {

struct Entry;

struct Node {
  enum class Kind : std::uint8_t { Nothing, Scalar, List, Mapping, Faulty };  // Faulty: reported already
  Kind kind = Kind::Nothing;
  Position at;
  std::string text;            // Scalar
  std::vector<Node> items;     // List
  std::vector<Entry> entries;  // Mapping; no key stands twice
};

struct Entry {
  std::string key;
  Position at;
  Node value;
};

/// "rules" inside "listeners[0]" is "listeners[0].rules".
std::string path_to(std::string_view parent, std::string_view key);
std::string path_to(std::string_view parent, std::size_t item);

/// None: the text is no YAML document, which is reported. `text` is UTF-8 without control characters.
std::optional<Node> read_document(const std::string& text, Diagnostics& diagnostics);

}  // namespace kanaria::config
