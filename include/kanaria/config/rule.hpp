// A rule as the operator wrote it: conditions, transforms and an action, in the words of surface.md, with places for
// what can only be judged later. Part of a Model. Values; made on the blocking thread, then constant.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "kanaria/config/diagnostic.hpp"

namespace kanaria::config {

/// A scalar and where it stands, for what can only be judged later (a regular expression, a group's name).
struct Text {
  std::string value;
  Position at;
  friend bool operator==(const Text& a, const Text& b) { return a.value == b.value; }  // a moved line is no change
};

// ---- conditions: alb.md §2
// ------------------------------------------------------------------------------------------------------

struct Patterns {                  // one of the two is filled
  std::vector<Text> values;        // with * and ?
  std::vector<Text> regex_values;  // RE2
  friend bool operator==(const Patterns&, const Patterns&) = default;
};
struct PathPattern : Patterns {};
struct HostHeader : Patterns {};
struct HttpHeader : Patterns {
  Text http_header_name;
  friend bool operator==(const HttpHeader&, const HttpHeader&) = default;
};
struct HttpRequestMethod {
  std::vector<Text> values;
  friend bool operator==(const HttpRequestMethod&, const HttpRequestMethod&) = default;
};
struct QueryPair {
  std::optional<Text> key;  // missing: any key
  Text value;
  friend bool operator==(const QueryPair&, const QueryPair&) = default;
};
struct QueryString {
  std::vector<QueryPair> values;
  friend bool operator==(const QueryString&, const QueryString&) = default;
};
struct Network {
  boost::asio::ip::address address;  // the first; IPv4 where an IPv4-mapped one was written
  std::uint8_t prefix = 0;
  Text text;  // as written
  friend bool operator==(const Network& a, const Network& b) { return a.address == b.address && a.prefix == b.prefix; }
};
struct SourceIp {
  std::vector<Network> values;
  friend bool operator==(const SourceIp&, const SourceIp&) = default;
};
struct Condition {
  std::variant<PathPattern, HostHeader, HttpHeader, HttpRequestMethod, QueryString, SourceIp> of;
  Position at;
  friend bool operator==(const Condition& a, const Condition& b) { return a.of == b.of; }
};

// ---- transforms and actions: alb.md §3
// ------------------------------------------------------------------------------------------

struct Rewrite {
  Text regex;
  Text replace;  // $1..$9
  friend bool operator==(const Rewrite&, const Rewrite&) = default;
};
struct Transforms {
  std::optional<Rewrite> host_header_rewrite;
  std::optional<Rewrite> url_rewrite;
  friend bool operator==(const Transforms&, const Transforms&) = default;
};

struct WeightedGroup {
  Text name;
  int weight = 1;  // 0-999
  friend bool operator==(const WeightedGroup&, const WeightedGroup&) = default;
};
enum class SplitMode : std::uint8_t { Shuffled, Random, PerUser };
/// Users stay with the group that they were given, by the cookie AWSALBTG: alb.md §3.1.
struct GroupStickiness {
  bool enabled = false;
  std::chrono::milliseconds duration{3'600'000};  // 1s-7d since the user was last seen
  Position at{};
  friend bool operator==(const GroupStickiness& a, const GroupStickiness& b) {
    return a.enabled == b.enabled && a.duration == b.duration;
  }
};
/// By what a user is known.
struct UserKey {
  enum class Kind : std::uint8_t { Cookie, HttpHeader };
  Kind kind = Kind::Cookie;
  Text name;
  friend bool operator==(const UserKey&, const UserKey&) = default;
};
struct Forward {
  std::vector<WeightedGroup> target_groups;  // 1-5
  SplitMode split = SplitMode::Shuffled;
  std::vector<UserKey> user_key{};  // with PerUser; the first that a request has counts, without any a cookie of ours
  GroupStickiness stickiness{};     // never with PerUser
  bool failover = false;            // a group without a healthy target gives its share to the others
  friend bool operator==(const Forward&, const Forward&) = default;
};
struct Redirect {  // each part may hold placeholders #{protocol} #{host} #{port} #{path} #{query}
  std::string protocol = "#{protocol}";
  std::string host = "#{host}";
  std::string port = "#{port}";
  std::string path = "/#{path}";
  std::string query = "#{query}";
  int status_code = 301;  // 301 or 302
  friend bool operator==(const Redirect&, const Redirect&) = default;
};
struct FixedResponse {
  int status_code = 200;  // 2xx, 4xx, 5xx
  std::string content_type = "text/plain";
  std::string message_body;  // up to 1024 bytes
  friend bool operator==(const FixedResponse&, const FixedResponse&) = default;
};
struct Action {
  std::variant<Forward, Redirect, FixedResponse> of;
  Position at;
  friend bool operator==(const Action& a, const Action& b) { return a.of == b.of; }
};

// ---- the objects
// ----------------------------------------------------------------------------------------------------------------

struct Rule {
  std::string name;                   // default: rule-PRIORITY; "default" for the default action
  int priority = 0;                   // 1-50000; 0 for the default action
  std::vector<Condition> conditions;  // empty for the default action only
  Transforms transforms;
  Action action;
  Position at;
  Position name_at{};  // `at` where no name is written
  Position priority_at{};
  friend bool operator==(const Rule& a, const Rule& b) {
    return a.name == b.name && a.priority == b.priority && a.conditions == b.conditions &&
           a.transforms == b.transforms && a.action == b.action;
  }
};

}  // namespace kanaria::config
