#include "call.hpp"

#include <algorithm>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/text.hpp"

namespace kanaria::admin {
namespace {

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

/// As forms write it: %HH, and + for a space. None: a broken %.
std::optional<std::string> decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out += ' ';
    } else if (text[i] != '%') {
      out += text[i];
    } else if (i + 2 < text.size() && digit(text[i + 1]) >= 0 && digit(text[i + 2]) >= 0) {
      out += static_cast<char>(digit(text[i + 1]) * 16 + digit(text[i + 2]));
      i += 2;
    } else {
      return std::nullopt;
    }
  }
  return out;
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

}  // namespace

std::string Call::parameter(std::string_view name) const {
  const auto found = parameters.find(name);
  return found == parameters.end() ? "" : found->second;
}

std::string read_parameters(Call& call, std::string_view known) {
  const std::vector<std::string_view> names = words_of(known);
  std::string_view query = call.client.head().query;
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) continue;
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto name = decoded(pair.substr(0, equals));
    const auto value = decoded(pair.substr(std::min(equals + 1, pair.size())));
    if (!name || !value) return "a % in the query must be followed by two hex digits";
    if (std::ranges::find(names, *name) == names.end())
      return "there is no parameter " + config::in_quotes(*name) + " here" + config::did_you_mean(*name, names);
    if (!call.parameters.emplace(*name, *value).second) return "parameter " + *name + " is given twice";
  }
  return "";
}

net::Awaitable<std::optional<std::string>> read_body(Call& call) {
  constexpr std::size_t kLongest = 16 * 1024;
  std::string body;
  Result<http::Piece> piece = call.begun;
  while (piece) {
    body += piece->data;
    if (body.size() > kLongest) break;
    if (piece->last) co_return body;
    piece = co_await call.client.read(http::Carry::Memory);
  }
  co_return std::nullopt;
}

bool is_empty(const http::Piece& body) {
  return body.last && (body.data.empty() || body.data == "{}");
}

}  // namespace kanaria::admin
