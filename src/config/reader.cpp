#include "reader.hpp"

#include <algorithm>

#include "kanaria/config/print.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

using Kind = Node::Kind;

bool has_control(std::string_view text) {
  return std::ranges::any_of(text, [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; });
}

std::string_view words_of(Kind kind) {
  switch (kind) {
    case Kind::List: return "a list";
    case Kind::Mapping: return "a mapping";
    case Kind::Nothing: return "empty";
    default: return "a single value";
  }
}

/// A decimal number; beyond nine digits only "too large" matters.
struct Decimal {
  enum class Is : std::uint8_t { Number, Padded, NoNumber } is = Is::NoNumber;
  long long value = 0;
};

Decimal decimal(std::string_view text) {
  const bool negative = text.starts_with('-');
  if (negative) text.remove_prefix(1);
  if (!is_digits(text)) return {};
  if (text.size() > 1 && text.front() == '0') return {Decimal::Is::Padded, 0};
  long long value = 0;
  for (const char digit : text.substr(0, 15)) value = value * 10 + (digit - '0');
  return {Decimal::Is::Number, negative ? -value : value};
}

/// A number with up to `decimals` digits behind the point, in units of the last of them.
struct Fixed {
  enum class Is : std::uint8_t { Number, Padded, TooFine, NoNumber } is = Is::NoNumber;
  long long value = 0;
};

Fixed fixed(std::string_view text, std::size_t decimals) {
  const std::size_t point = std::min(text.find('.'), text.size());
  const Decimal whole = decimal(text.substr(0, point));
  std::string_view behind = text.substr(std::min(point + 1, text.size()));
  if (whole.is == Decimal::Is::NoNumber || (point < text.size() && !is_digits(behind))) return {};
  if (whole.is == Decimal::Is::Padded) return {Fixed::Is::Padded, 0};
  if (text.starts_with('-')) return {Fixed::Is::Number, -1};
  while (behind.ends_with('0')) behind.remove_suffix(1);
  if (behind.size() > decimals) return {Fixed::Is::TooFine, 0};
  long long value = std::min(whole.value, 1'000'000LL);  // more is too large for everybody
  for (std::size_t i = 0; i < decimals; ++i) value = value * 10 + (i < behind.size() ? behind[i] - '0' : 0);
  return {Fixed::Is::Number, value};
}

std::string_view without_zeros(std::string_view text) {
  const std::size_t first = text.find_first_not_of("-0");
  return first == std::string_view::npos ? "0" : text.substr(first);
}

void fault_padded(const Value& value, std::string_view text) {
  value.fault(concat(value.name, " must be written without leading zeros: ", without_zeros(text), ", not ",
                     text.substr(0, 40)));
}

std::string listed(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (i > 0) append(out, i + 1 == words.size() ? " or " : ", ");
    append(out, words[i]);
  }
  return out;
}

bool holds_word(std::string_view words, std::string_view word) {
  while (!words.empty()) {
    const std::size_t end = std::min(words.find(' '), words.size());
    if (words.substr(0, end) == word) return true;
    words.remove_prefix(std::min(end + 1, words.size()));
  }
  return false;
}

}  // namespace

std::string Value::must_be() const {
  return concat(name, " must be ", word, word.empty() ? "" : " or ");
}

void Value::fault_kind(std::string_view wanted) const {
  if (node->kind != Kind::Faulty) fault(concat(name, " must be ", wanted, ", not ", words_of(node->kind)));
}

Mapping::Mapping(Value value, Scope scope) : value_(std::move(value)), scope_(scope) {
  if (value_.node->kind != Kind::Mapping) {
    value_.fault_kind("a mapping");
    clean_ = false;
  }
  for (const Entry& entry : value_.node->entries) check(entry);
}

void Mapping::check(const Entry& entry) {
  const Key* key = find_key(scope_, entry.key);
  if (key != nullptr && key->standing == Standing::Works) return;
  clean_ = false;
  std::string message;
  if (key == nullptr) {
    message = concat("unknown key ", in_quotes(entry.key), did_you_mean(entry.key, key_names(scope_)));
  } else if (key->standing == Standing::Later) {
    message = concat('"', key->name, "\" is not available yet");
  } else {
    message = concat('"', key->name, "\" ", key->note);
  }
  value_.diagnostics->error(entry.at, path_to(value_.path, entry.key), message);
}

std::optional<Value> Mapping::find(std::string_view key) const {
  const auto& entries = value_.node->entries;
  const auto found = std::ranges::find(entries, key, &Entry::key);
  if (found == entries.end()) return std::nullopt;
  return Value{&found->value, std::string(key), path_to(value_.path, key), value_.diagnostics,
               find_key(scope_, key)->note};
}

std::optional<Value> Mapping::require(std::string_view key) const {
  auto found = find(key);
  if (!found && clean_) value_.fault(concat(value_.name, " needs ", key));
  return found;
}

std::optional<Value> Mapping::only(std::initializer_list<std::string_view> keys) const {
  std::optional<Value> found;
  for (const std::string_view key : keys) {
    auto one = find(key);
    if (!one) continue;
    if (found) {
      one->fault(
          concat(value_.name, " takes only one of ", listed(keys), ", and ", found->name, " is written already"));
    } else {
      found = std::move(one);
    }
  }
  if (!found && clean_) value_.fault(concat(value_.name, " needs ", keys.size() > 1 ? "one of " : "", listed(keys)));
  return found;
}

std::vector<Value> items(const Value& list, std::string_view item) {
  std::vector<Value> items;
  if (list.node->kind != Kind::List) {
    list.fault_kind("a list");
    return items;
  }
  for (const Node& node : list.node->items) {
    items.push_back({&node, std::string(item), path_to(list.path, items.size()), list.diagnostics});
  }
  return items;
}

std::optional<std::string> scalar(const Value& value) {
  if (value.node->kind == Kind::Scalar) return value.node->text;
  value.fault_kind("a single value");
  return std::nullopt;
}

std::optional<std::string> text(const Value& value) {
  auto text = scalar(value);
  if (!text) return std::nullopt;
  if (text->empty()) {
    value.fault(concat(value.name, " must not be empty"));
  } else if (has_control(*text)) {
    value.fault(concat(value.name, " must not hold control characters, as ", in_quotes(*text), " does"));
  } else {
    return text;
  }
  return std::nullopt;
}

std::optional<Text> placed_text(const Value& value) {
  auto found = text(value);
  if (!found) return std::nullopt;
  return Text{std::move(*found), value.at()};
}

std::optional<std::string> name(const Value& value) {
  auto name = text(value);
  if (name && !is_name(*name)) {
    value.fault(concat(value.name, " must be 1-64 of A-Z a-z 0-9 _ . -, not ", in_quotes(*name)));
    return std::nullopt;
  }
  return name;
}

std::optional<int> number(const Value& value, int low, int high) {
  const auto text = scalar(value);
  if (!text) return std::nullopt;
  const Decimal number = decimal(*text);
  if (number.is == Decimal::Is::Padded) {
    fault_padded(value, *text);
  } else if (number.is == Decimal::Is::NoNumber) {
    value.fault(concat(value.must_be(), "a number ", low, '-', high, ", not ", in_quotes(*text)));
  } else if (number.value < low || number.value > high) {
    value.fault(concat(value.must_be(), low, '-', high, ", not ", std::string_view(*text).substr(0, 40)));
  } else {
    return static_cast<int>(number.value);
  }
  return std::nullopt;
}

std::optional<int> percentage(const Value& value, int low, int high) {
  const auto text = scalar(value);
  if (!text) return std::nullopt;
  const std::string_view digits = std::string_view(*text).substr(0, text->size() - (text->ends_with('%') ? 1 : 0));
  const Decimal number = decimal(digits);
  if (number.is == Decimal::Is::Padded) {
    fault_padded(value, *text);
  } else if (number.is == Decimal::Is::NoNumber) {
    value.fault(concat(value.name, " must be a percentage such as 20%, not ", in_quotes(*text)));
  } else if (number.value < low || number.value > high) {
    value.fault(concat(value.name, " must be ", low, "%-", high, "%, not ", std::string_view(*text).substr(0, 40)));
  } else {
    return static_cast<int>(number.value);
  }
  return std::nullopt;
}

std::optional<int> share(const Value& value, std::size_t decimals, int low, int high) {
  const auto text = scalar(value);
  if (!text) return std::nullopt;
  const bool has_sign = text->ends_with('%');
  const Fixed number = fixed(std::string_view(*text).substr(0, text->size() - (has_sign ? 1 : 0)), decimals);
  if (number.is == Fixed::Is::NoNumber) {
    value.fault(concat(value.name, " must be a percentage such as 10%, not ", in_quotes(*text)));
  } else if (number.is == Fixed::Is::Padded) {
    fault_padded(value, *text);
  } else if (!has_sign) {
    value.fault(concat(value.name, " must be a percentage with its sign: write ", std::string_view(*text).substr(0, 40),
                       "%, not ", std::string_view(*text).substr(0, 40)));
  } else if (number.is == Fixed::Is::TooFine) {
    value.fault(concat(value.name, " goes in steps of ", decimal_text(1, decimals), "%, not ", in_quotes(*text)));
  } else if (number.value < low || number.value > high) {
    value.fault(concat(value.must_be(), decimal_text(low, decimals), "%-", decimal_text(high, decimals), "%, not ",
                       std::string_view(*text).substr(0, 40)));
  } else {
    return static_cast<int>(number.value);
  }
  return std::nullopt;
}

std::optional<int> millionths(const Value& value, int low, int high, std::string_view wanted) {
  constexpr std::size_t kDecimals = 6;
  const auto text = scalar(value);
  if (!text) return std::nullopt;
  const Fixed number = fixed(*text, kDecimals);
  if (number.is == Fixed::Is::Padded) {
    fault_padded(value, *text);
  } else if (number.is == Fixed::Is::TooFine) {
    value.fault(concat(value.name, " has at most ", kDecimals, " decimals, not as ", in_quotes(*text)));
  } else if (number.is == Fixed::Is::NoNumber || number.value < low || number.value > high) {
    value.fault(concat(value.name, " must be a number ", wanted, ", not ", in_quotes(*text)));
  } else {
    return static_cast<int>(number.value);
  }
  return std::nullopt;
}

std::optional<bool> boolean(const Value& value) {
  const auto word = scalar(value);
  if (!word) return std::nullopt;
  if (*word == "true") return true;
  if (*word == "false") return false;
  value.fault(concat(value.name, " must be true or false, not ", in_quotes(*word)));
  return std::nullopt;
}

std::optional<std::uint64_t> size(const Value& value) {
  struct Unit {
    std::string_view sign;
    int shift;
  };
  constexpr Unit kUnits[] = {{"", 0}, {"KiB", 10}, {"MiB", 20}, {"GiB", 30}};
  constexpr std::int64_t kMost = std::int64_t{64} << 40;

  const auto written = scalar(value);
  if (!written) return std::nullopt;
  const std::size_t end = std::min(written->find_first_not_of("-0123456789"), written->size());
  const auto* const unit = std::ranges::find(kUnits, std::string_view(*written).substr(end), &Unit::sign);
  const Decimal number = decimal(std::string_view(*written).substr(0, end));
  if (number.is == Decimal::Is::NoNumber || number.value < 0 || unit == std::end(kUnits)) {
    value.fault(concat(value.must_be(), "a size such as 4096, 16KiB, 10MiB or 1GiB, not ", in_quotes(*written)));
  } else if (number.is == Decimal::Is::Padded) {
    fault_padded(value, *written);
  } else if (number.value > kMost >> unit->shift) {
    value.fault(concat(value.must_be(), "at most 65536GiB, not ", in_quotes(*written)));
  } else {
    return static_cast<std::uint64_t>(number.value) << unit->shift;
  }
  return std::nullopt;
}

std::optional<Milliseconds> duration(const Value& value, Milliseconds low, Milliseconds high) {
  struct Unit {
    std::string_view sign;
    Milliseconds length;
  };
  using namespace std::chrono_literals;
  constexpr Unit kUnits[] = {{"", 1s}, {"ms", 1ms}, {"s", 1s}, {"m", 1min}, {"h", 1h}, {"d", 24h}};

  const auto written = scalar(value);
  if (!written) return std::nullopt;
  const std::size_t end = std::min(written->find_first_not_of("-0123456789"), written->size());
  const std::string_view digits = std::string_view(*written).substr(0, end);
  const std::string_view sign = std::string_view(*written).substr(end);
  const auto* const unit = std::ranges::find(kUnits, sign, &Unit::sign);
  const Decimal number = decimal(digits);
  if (number.is == Decimal::Is::NoNumber || unit == std::end(kUnits)) {
    value.fault(concat(value.must_be(), "a duration such as 30, 250ms, 30s, 5m, 1h or 7d, not ", in_quotes(*written)));
  } else if (number.is == Decimal::Is::Padded) {
    fault_padded(value, *written);
  } else if (number.value < 0 || number.value > high / unit->length || number.value * unit->length < low) {
    value.fault(
        concat(value.must_be(), to_text(low), '-', to_text(high), ", not ", std::string_view(*written).substr(0, 40)));
  } else {
    return number.value * unit->length;
  }
  return std::nullopt;
}

std::optional<Milliseconds> parse_duration(std::string_view name, std::string_view text, Milliseconds low,
                                           Milliseconds high, std::string& fault) {
  Node node;
  node.kind = Node::Kind::Scalar;
  node.text = text;
  Diagnostics found;
  const auto read = duration({&node, std::string(name), "", &found}, low, high);
  if (!read) fault = found.sorted().front().message;
  return read;
}

void fault_word(const Value& value, std::string_view word, const std::vector<std::string_view>& known) {
  if (holds_word(value.later, word)) {
    value.fault(concat('"', value.name, ": ", word, "\" is not available yet"));
    return;
  }
  value.fault(concat(value.name, " must be ", listed(known), ", not ", in_quotes(word), did_you_mean(word, known)));
}

}  // namespace kanaria::config
