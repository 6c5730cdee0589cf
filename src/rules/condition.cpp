#include "kanaria/rules/condition.hpp"

#include <algorithm>
#include <charconv>

#include "kanaria/config/text.hpp"
#include "kanaria/net/sockets.hpp"

namespace kanaria::rules {
namespace {

Case case_of(const config::PathPattern&) {
  return Case::Sensitive;
}
Case case_of(const config::HostHeader&) {
  return Case::Insensitive;
}
Case case_of(const config::HttpHeader&) {
  return Case::Insensitive;
}

/// Calls `visit(value)` for each instance of a header until it returns true. Content-Length and Transfer-Encoding are
/// no fields any more when rules see a request, but conditions may still name them.
template <class Visit>
bool any_instance(const http::RequestHead& head, std::string_view name, Visit visit) {
  if (http::iequals(name, "Content-Length")) {
    char digits[20];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), head.content_length).ptr;
    return head.framing == http::Framing::Length &&
           visit(std::string_view(digits, static_cast<std::size_t>(end - digits)));
  }
  if (http::iequals(name, "Transfer-Encoding"))
    return head.framing == http::Framing::Chunked && visit(std::string_view("chunked"));
  return std::any_of(head.fields.begin(), head.fields.end(),
                     [&](const http::Field& field) { return http::iequals(field.name, name) && visit(field.value); });
}

struct SentPair {
  std::string_view text;
  std::string_view key;
  std::string_view value;
};

/// Calls `visit(pair)` for each pair of a query until it returns true.
template <class Visit>
bool any_pair(std::string_view query, Visit visit) {
  query = query.substr(0, query.find('#'));
  while (!query.empty()) {
    const std::string_view text = query.substr(0, query.find('&'));
    query.remove_prefix(std::min(query.size(), text.size() + 1));
    if (text.empty()) continue;
    const std::size_t equals = std::min(text.find('='), text.size());
    if (visit(SentPair{text, text.substr(0, equals), text.substr(std::min(equals + 1, text.size()))})) return true;
  }
  return false;
}

bool matches_sent_or_decoded(const Wildcard& pattern, std::string_view sent, std::string_view decoded) {
  return pattern.matches(sent) || (decoded.data() != sent.data() && !has_control(decoded) && pattern.matches(decoded));
}

std::string quoted(const config::Text& text) {
  return '"' + text.value + '"';
}

std::string written_pair(const config::QueryPair& pair) {
  return pair.key ? pair.key->value + '=' + pair.value.value : quoted(pair.value);
}

/// Text of a request, fit for a terminal and cut when it is long.
std::string shown(std::string_view text) {
  constexpr std::size_t kLongest = 120;
  return config::printable(text.substr(0, kLongest)) + (text.size() > kLongest ? "..." : "");
}

void append_item(std::string& list, std::string_view item) {
  if (!list.empty()) list += ", ";
  list += item;
}

}  // namespace

Facts::Facts(const Subject& of)
    : subject(of), path(normal_path(of.head.path, buffer_)), host(without_port(of.head.authority)) {}

Match PathPattern::match(const Facts& facts) const {
  return {patterns.match(facts.path, facts.subject.worker), facts.path};
}

std::string PathPattern::seen(const Facts& facts) const {
  std::string text = "the path is " + shown(facts.path);
  if (facts.path != facts.subject.head.path) text += ", sent as " + shown(facts.subject.head.path);
  return text;
}

Match HostHeader::match(const Facts& facts) const {
  const std::string_view sent = facts.subject.head.authority;
  const Match whole{patterns.match(sent, facts.subject.worker), sent};
  if (whole || sent.size() == facts.host.size()) return whole;
  return {patterns.match(facts.host, facts.subject.worker), facts.host};
}

std::string HostHeader::seen(const Facts& facts) const {
  const std::string_view sent = facts.subject.head.authority;
  return sent.empty() ? "there is no host" : "the host is " + shown(sent);
}

Match HttpHeader::match(const Facts& facts) const {
  Match match;
  any_instance(facts.subject.head, name, [&](std::string_view value) {
    if (!has_control(value)) match = {patterns.match(value, facts.subject.worker), value};
    return static_cast<bool>(match);
  });
  return match;
}

std::string HttpHeader::seen(const Facts& facts) const {
  std::string values;
  any_instance(facts.subject.head, name, [&](std::string_view value) {
    append_item(values, '"' + shown(value) + '"');
    return false;
  });
  return values.empty() ? "it was not sent" : "found " + values;
}

Match HttpRequestMethod::match(const Facts& facts) const {
  const std::string_view sent = facts.subject.head.method;
  const auto found = std::find(methods.begin(), methods.end(), sent);
  return {found == methods.end() ? Patterns::kNone : static_cast<int>(found - methods.begin()), sent};
}

std::string HttpRequestMethod::seen(const Facts& facts) const {
  return "the method is " + shown(facts.subject.head.method);
}

Match QueryString::match(const Facts& facts) const {
  Match match;
  any_pair(facts.subject.head.query, [&](const SentPair& sent) {
    UriBuffer key_buffer;
    UriBuffer value_buffer;
    const std::string_view key = form_decoded(sent.key, key_buffer);
    const std::string_view value = form_decoded(sent.value, value_buffer);
    const auto found = std::find_if(pairs.begin(), pairs.end(), [&](const Pair& wanted) {
      return matches_sent_or_decoded(wanted.value, sent.value, value) &&
             (!wanted.key || matches_sent_or_decoded(*wanted.key, sent.key, key));
    });
    if (found != pairs.end()) match = {static_cast<int>(found - pairs.begin()), sent.text};
    return static_cast<bool>(match);
  });
  return match;
}

/// The pairs under the wanted keys where there are any, else all of them.
std::string QueryString::seen(const Facts& facts) const {
  const auto list = [&](bool wanted_only) {
    std::string found;
    any_pair(facts.subject.head.query, [&](const SentPair& sent) {
      UriBuffer buffer;
      const std::string_view key = form_decoded(sent.key, buffer);
      const bool wanted = std::any_of(pairs.begin(), pairs.end(), [&](const Pair& pair) {
        return pair.key && matches_sent_or_decoded(*pair.key, sent.key, key);
      });
      if (wanted || !wanted_only) append_item(found, shown(sent.text));
      return false;
    });
    return found;
  };
  std::string found = list(true);
  if (found.empty()) found = list(false);
  return found.empty() ? "there is no query" : "found " + found;
}

Match SourceIp::match(const Facts& facts) const {
  if (facts.subject.peer.is_unspecified()) return {};
  const auto found = std::find_if(networks.begin(), networks.end(),
                                  [&](const Network& network) { return network.holds(facts.subject.peer); });
  if (found == networks.end()) return {};
  return {static_cast<int>(found - networks.begin()), {}};
}

std::string SourceIp::seen(const Facts& facts) const {
  if (facts.subject.peer.is_unspecified()) return "the peer is a Unix socket";
  return "the peer is " + net::unmapped(facts.subject.peer).to_string();
}

Condition Condition::compile(const config::Condition& condition, unsigned workers, const std::string& path,
                             config::Diagnostics& diagnostics) {
  const auto patterns = [&](const auto& written) {
    return Patterns(written, case_of(written), workers, path, diagnostics);
  };
  struct Compiler {
    decltype(patterns)& patterns_of;

    Any operator()(const config::PathPattern& written) const { return PathPattern{patterns_of(written)}; }
    Any operator()(const config::HostHeader& written) const { return HostHeader{patterns_of(written)}; }
    Any operator()(const config::HttpHeader& written) const {
      return HttpHeader{written.http_header_name.value, patterns_of(written)};
    }
    Any operator()(const config::HttpRequestMethod& written) const {
      HttpRequestMethod compiled;
      for (const config::Text& method : written.values) compiled.methods.push_back(method.value);
      return compiled;
    }
    Any operator()(const config::QueryString& written) const {
      QueryString compiled;
      for (const config::QueryPair& pair : written.values) {
        const auto wildcard = [](const config::Text& text) {
          return Wildcard(text.value, Case::Insensitive, Wildcard::Escapes::Backslash);
        };
        compiled.pairs.push_back({pair.key ? std::optional(wildcard(*pair.key)) : std::nullopt, wildcard(pair.value)});
        compiled.written.push_back(written_pair(pair));
      }
      return compiled;
    }
    Any operator()(const config::SourceIp& written) const {
      SourceIp compiled;
      for (const config::Network& network : written.values) {
        compiled.networks.emplace_back(network);
        compiled.written.push_back(network.text.value);
      }
      return compiled;
    }
  };
  return Condition(std::visit(Compiler{patterns}, condition.of));
}

bool Condition::matches(const Facts& facts) const {
  return std::visit([&](const auto& kind) { return static_cast<bool>(kind.match(facts)); }, of_);
}

std::string Condition::label() const {
  struct Label {
    std::string operator()(const PathPattern&) const { return "path_pattern"; }
    std::string operator()(const HostHeader&) const { return "host_header"; }
    std::string operator()(const HttpHeader& header) const { return "http_header " + header.name; }
    std::string operator()(const HttpRequestMethod&) const { return "http_request_method"; }
    std::string operator()(const QueryString&) const { return "query_string"; }
    std::string operator()(const SourceIp&) const { return "source_ip"; }
  };
  return std::visit(Label{}, of_);
}

std::string Condition::to_string() const {
  std::string text = label();
  std::visit(
      [&](const auto& kind) {
        for (const std::string& word : kind.words()) text += ' ' + word;
      },
      of_);
  return text;
}

std::string Condition::reason(const Facts& facts) const {
  return std::visit(
      [&](const auto& kind) {
        const Match match = kind.match(facts);
        if (!match) return to_string() + ": " + kind.seen(facts);
        const std::string value = label() + ' ' + kind.words()[static_cast<std::size_t>(match.value)];
        return match.text.empty() ? value + ": " + kind.seen(facts) : value + " matches " + shown(match.text);
      },
      of_);
}

}  // namespace kanaria::rules
