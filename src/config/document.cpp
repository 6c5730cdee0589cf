#include "document.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/yaml.h>

#include <sstream>
#include <unordered_map>

#include "text.hpp"

namespace kanaria::config {
namespace {

constexpr std::size_t kDeepest = 32;  // our own files need 10

Position position(const YAML::Mark& mark) {
  if (mark.is_null()) return {};
  return {static_cast<std::uint32_t>(mark.line) + 1, static_cast<std::uint32_t>(mark.column) + 1};
}

class Builder : public YAML::EventHandler {
 public:
  explicit Builder(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Node root;

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ == 2) throw YAML::ParserException(mark, "a second document starts here; one file is one document");
  }
  void OnDocumentEnd() override {}
  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    Node node = start(Node::Kind::Nothing, mark, "", anchor);
    // The mark of a value that is not there is that of whatever comes next, often lines below.
    if (!open_.empty() && open_.back().key && open_.back().key->at.line != node.at.line) {
      node.at = open_.back().key->at;
    }
    add(std::move(node));
  }
  void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
    fault(position(mark), "aliases (*name) are refused: write the value out");
    add({Node::Kind::Faulty, position(mark), {}, {}, {}});
  }
  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& value) override {
    Node node = start(Node::Kind::Scalar, mark, tag, anchor);
    node.text = value;
    add(std::move(node));
  }
  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value) override {
    open(start(Node::Kind::List, mark, tag, anchor), mark);
  }
  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value) override {
    open(start(Node::Kind::Mapping, mark, tag, anchor), mark);
  }
  void OnSequenceEnd() override { close(); }
  void OnMapEnd() override { close(); }

 private:
  struct Open {
    Node node;
    std::optional<Entry> key;  // of a mapping: read, its value comes next
    std::unordered_map<std::string, Position> seen;
  };

  void fault(Position at, std::string_view message) { diagnostics_.error(at, path(), message); }

  std::string path() const {
    std::string path;
    for (const Open& open : open_) {
      if (open.node.kind == Node::Kind::List) path = path_to(path, open.node.items.size());
      if (open.key) path = path_to(path, open.key->key);
    }
    return path;
  }

  Node start(Node::Kind kind, const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor) {
    const Position at = position(mark);
    if (anchor != YAML::NullAnchor) fault(at, "anchors (&name) are refused: write the value out where it is needed");
    // yaml-cpp's own marks for "no tag": "?" and, of a quoted scalar, "!".
    if (!tag.empty() && tag != "?" && tag != "!") fault(at, "tags (!name) are refused: write the plain value");
    return {kind, at, {}, {}, {}};
  }

  void open(Node node, const YAML::Mark& mark) {
    if (open_.size() == kDeepest) throw YAML::ParserException(mark, "this is nested too deeply");
    open_.push_back({std::move(node), std::nullopt, {}});
  }

  void close() {
    Node node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(Node node) {
    if (open_.empty()) {
      root = std::move(node);
      return;
    }
    Open& parent = open_.back();
    if (parent.node.kind == Node::Kind::List) {
      parent.node.items.push_back(std::move(node));
    } else if (!parent.key) {
      if (node.kind == Node::Kind::Nothing || node.kind == Node::Kind::List || node.kind == Node::Kind::Mapping) {
        fault(node.at, "a key must be a word");
        node.kind = Node::Kind::Faulty;
      }
      parent.key = Entry{node.text, node.at, {node.kind, {}, {}, {}, {}}};
    } else {
      Entry entry = std::move(*parent.key);
      parent.key.reset();
      if (entry.value.kind == Node::Kind::Faulty) return;
      const auto [first, fresh] = parent.seen.try_emplace(entry.key, entry.at);
      if (!fresh) {
        diagnostics_.error(
            entry.at, path_to(path(), entry.key),
            concat(in_quotes(entry.key), " is written twice: it already stands in line ", first->second.line));
        return;
      }
      entry.value = std::move(node);
      parent.node.entries.push_back(std::move(entry));
    }
  }

  Diagnostics& diagnostics_;
  std::vector<Open> open_;
  int documents_ = 0;
};

/// The first tab that indents a line, up to and including `last`: what most syntax errors near a tab really are.
std::optional<Position> indenting_tab(const std::string& text, std::uint32_t last) {
  std::istringstream lines(text);
  std::string line;
  for (std::uint32_t number = 1; number <= last && std::getline(lines, line); ++number) {
    const std::size_t tab = line.find('\t');
    const bool indents = tab != std::string::npos && line.find_first_not_of(" \t\r") != std::string::npos &&
                         line.find_first_not_of(" \t") > tab;
    if (indents) return Position{number, static_cast<std::uint32_t>(tab) + 1};
  }
  return std::nullopt;
}

}  // namespace

std::string path_to(std::string_view parent, std::string_view key) {
  return parent.empty() ? std::string(key) : concat(parent, '.', key);
}

std::string path_to(std::string_view parent, std::size_t item) {
  return concat(parent, '[', item, ']');
}

std::optional<Node> read_document(const std::string& text, Diagnostics& diagnostics) {
  std::istringstream stream(text);
  Builder builder(diagnostics);
  try {
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const YAML::Exception& syntax) {
    const Position at = position(syntax.mark);
    if (const auto tab = indenting_tab(text, at.line)) {
      diagnostics.error(*tab, "", "a tab can't indent in YAML: use spaces");
    } else {
      diagnostics.error(at, "", concat("this is no valid YAML: ", syntax.msg));
    }
    return std::nullopt;
  }
  return std::move(builder.root);
}

}  // namespace kanaria::config
