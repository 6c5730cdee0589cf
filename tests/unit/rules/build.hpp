// Short ways to write models and requests in these tests.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/rules/rule_table.hpp"

namespace kanaria::rules::build {

inline std::vector<config::Text> texts(std::initializer_list<std::string> values) {
  std::vector<config::Text> list;
  for (const std::string& value : values) list.push_back({value, {}});
  return list;
}

template <class Kind>
config::Condition condition(Kind of) {
  return {std::move(of), {}};
}

inline config::Condition path(std::initializer_list<std::string> values) {
  return condition(config::PathPattern{{texts(values), {}}});
}
inline config::Condition path_regex(std::initializer_list<std::string> values) {
  return condition(config::PathPattern{{{}, texts(values)}});
}
inline config::Condition host(std::initializer_list<std::string> values) {
  return condition(config::HostHeader{{texts(values), {}}});
}
inline config::Condition host_regex(std::initializer_list<std::string> values) {
  return condition(config::HostHeader{{{}, texts(values)}});
}
inline config::Condition header(const std::string& name, std::initializer_list<std::string> values) {
  return condition(config::HttpHeader{{texts(values), {}}, {name, {}}});
}
inline config::Condition header_regex(const std::string& name, std::initializer_list<std::string> values) {
  return condition(config::HttpHeader{{{}, texts(values)}, {name, {}}});
}
inline config::Condition method(std::initializer_list<std::string> values) {
  return condition(config::HttpRequestMethod{texts(values)});
}
/// An empty key stands for none.
inline config::Condition query(const std::string& key, const std::string& value) {
  config::QueryPair pair;
  if (!key.empty()) pair.key = config::Text{key, {}};
  pair.value = {value, {}};
  return condition(config::QueryString{{pair}});
}
/// "10.0.0.0/8"
inline config::Condition source(std::initializer_list<std::string> networks) {
  config::SourceIp written;
  for (const std::string& text : networks) {
    const std::size_t slash = text.find('/');
    written.values.push_back({boost::asio::ip::make_address(text.substr(0, slash)),
                              static_cast<std::uint8_t>(std::stoi(text.substr(slash + 1))),
                              {text, {}}});
  }
  return condition(written);
}

inline config::Rule rule(int priority, std::vector<config::Condition> conditions) {
  config::Rule made;
  made.name = "r" + std::to_string(priority);
  made.priority = priority;
  made.conditions = std::move(conditions);
  made.action.of = config::FixedResponse{};
  return made;
}

inline config::Listener listener(std::vector<config::Rule> rules) {
  config::Listener made;
  made.name = "http";
  made.rules = std::move(rules);
  made.default_rule.name = "default";
  made.default_rule.action.of = config::FixedResponse{404, "text/plain", ""};
  return made;
}

/// The table, or null; what was found wrong or odd goes to `found`.
inline std::unique_ptr<const RuleTable> table(std::vector<config::Rule> rules, config::Diagnostics& found) {
  return RuleTable::compile(listener(std::move(rules)), 1, found);
}
inline std::unique_ptr<const RuleTable> table(std::vector<config::Rule> rules) {
  config::Diagnostics found;
  return table(std::move(rules), found);
}

/// A request with the strings that its head looks at. `target` is path and query.
class Request {
 public:
  explicit Request(const std::string& target, const std::string& host = "shop.test", const std::string& method = "GET")
      : target_(target), host_(host), method_(method) {
    head.method = method_;
    head.target = target_;
    head.authority = host_;
    const std::size_t mark = target_.find('?');
    head.has_query = mark != std::string::npos;
    head.path = std::string_view(target_).substr(0, mark);
    if (head.has_query) head.query = std::string_view(target_).substr(mark + 1);
  }
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  Subject subject() const { return {head, peer, 0}; }

  http::RequestHead head;
  boost::asio::ip::address peer = boost::asio::ip::make_address("203.0.113.7");

 private:
  std::string target_;
  std::string host_;
  std::string method_;
};

/// Does a rule with only this condition match?
inline bool holds(const config::Condition& one, const Request& request) {
  return table({rule(1, {one})})->find(request.subject()).priority() == 1;
}

}  // namespace kanaria::rules::build
