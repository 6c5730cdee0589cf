#include "expand.hpp"

#include <cstdlib>

#include "text.hpp"

namespace kanaria::config {
namespace {

constexpr std::string_view kNameStart = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_";
constexpr std::string_view kNameRest = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

struct Reference {
  std::string_view name;
  std::string_view sign;  // "", ":-" or ":?"
  std::string_view rest;
};

/// What stands between ${ and }.
std::optional<Reference> parse_reference(std::string_view inside) {
  const std::size_t end = std::min(inside.find_first_not_of(kNameRest), inside.size());
  const std::string_view name = inside.substr(0, end);
  if (name.empty() || kNameStart.find(name.front()) == std::string_view::npos) return std::nullopt;
  const std::string_view tail = inside.substr(end);
  if (tail.empty()) return Reference{name, {}, {}};
  const std::string_view sign = tail.substr(0, 2);
  if (sign != ":-" && sign != ":?") return std::nullopt;
  return Reference{name, sign, tail.substr(2)};
}

class Expansion {
 public:
  Expansion(const Environment& environment, std::string_view text) : environment_(environment), left_(text) {}

  /// False: `fault` says why.
  bool run() {
    while (true) {
      const std::size_t dollar = left_.find('$');
      append(out, left_.substr(0, dollar));
      if (dollar == std::string_view::npos) return true;
      left_.remove_prefix(dollar);
      if (left_.starts_with("$${")) {
        take("${", 3);
      } else if (left_.starts_with("${")) {
        if (!replace()) return false;
      } else {
        take("$", 1);
      }
    }
  }

  std::string out;
  std::string fault;

 private:
  void take(std::string_view text, std::size_t bytes) {
    append(out, text);
    left_.remove_prefix(bytes);
  }

  bool replace() {
    const std::size_t end = left_.find('}');
    const auto reference = end == std::string_view::npos ? std::nullopt : parse_reference(left_.substr(2, end - 2));
    if (!reference) {
      fault = "a variable is written ${NAME}, ${NAME:-default} or ${NAME:?message}; a literal ${ is written $${";
      return false;
    }
    const auto& [name, sign, rest] = *reference;
    const std::optional<std::string> value = environment_(name);
    if (value && first_bad_byte(*value)) {
      fault = concat("the environment variable ", name, " is not printable UTF-8 text");
    } else if (value && (sign.empty() || !value->empty())) {
      take(*value, end + 1);
    } else if (sign == ":-") {
      take(rest, end + 1);
    } else if (sign == ":?" && !rest.empty()) {
      fault = concat("the environment variable ", name, " is not set: ", rest);
    } else {
      fault = concat("the environment variable ", name, " is not set: set it, or write ${", name, ":-default}");
    }
    return fault.empty();
  }

  const Environment& environment_;
  std::string_view left_;
};

}  // namespace

void expand(Node& node, const std::string& path, const Environment& environment, Diagnostics& diagnostics) {
  if (node.kind == Node::Kind::Scalar) {
    Expansion expansion(environment, node.text);
    if (!expansion.run()) {
      diagnostics.error(node.at, path, expansion.fault);
      node.kind = Node::Kind::Faulty;
    }
    node.text = std::move(expansion.out);
  }
  for (std::size_t i = 0; i < node.items.size(); ++i) {
    expand(node.items[i], path_to(path, i), environment, diagnostics);
  }
  for (Entry& entry : node.entries) expand(entry.value, path_to(path, entry.key), environment, diagnostics);
}

Environment process_environment() {
  return [](std::string_view name) -> std::optional<std::string> {
    const char* value = std::getenv(std::string(name).c_str());
    return value == nullptr ? std::nullopt : std::optional<std::string>(value);
  };
}

}  // namespace kanaria::config
