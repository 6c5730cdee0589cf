// What the operator wrote, with every default filled in: plain structs in the words of surface.md. It knows no socket
// and no compiled thing. A model that parse() and validate() returned without errors satisfies every range named here.
// Values; made on the blocking thread, then constant.
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

using Milliseconds = std::chrono::milliseconds;

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
  boost::asio::ip::address address;
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
enum class SplitMode : std::uint8_t { Shuffled, Random };
struct Forward {
  std::vector<WeightedGroup> target_groups;  // 1-5
  SplitMode split = SplitMode::Shuffled;
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

struct Listener {
  std::string name;                                 // default: http-PORT
  std::optional<boost::asio::ip::address> address;  // none: "*", both families
  std::uint16_t port = 0;
  std::vector<Rule> rules;  // by priority
  Rule default_rule;        // name "default", priority 0
  Position at;
  Position port_at;
  Position name_at{};
  friend bool operator==(const Listener& a, const Listener& b) {
    return a.name == b.name && a.address == b.address && a.port == b.port && a.rules == b.rules &&
           a.default_rule == b.default_rule;
  }
};

/// One of: an address, a host name (resolved at start and reload), a Unix socket's path.
struct Target {
  std::variant<boost::asio::ip::address, std::string> host;  // string: a name to resolve, or with `unix_socket` a path
  bool unix_socket = false;
  std::uint16_t port = 0;  // 0 with unix_socket only
  Text text;               // as written
  friend bool operator==(const Target& a, const Target& b) {
    return a.host == b.host && a.unix_socket == b.unix_socket && a.port == b.port;
  }
};

struct TargetGroup {
  std::string name;
  std::optional<std::uint16_t> port;
  std::vector<Target> targets;  // may be empty: 503
  Milliseconds target_idle_timeout{4000};
  Position at;
  Position name_at{};
  friend bool operator==(const TargetGroup& a, const TargetGroup& b) {
    return a.name == b.name && a.port == b.port && a.targets == b.targets &&
           a.target_idle_timeout == b.target_idle_timeout;
  }
};

enum class XffMode : std::uint8_t { Append, Preserve, Remove };

struct LoadBalancer {
  std::string name = "kanaria";
  Milliseconds idle_timeout{60'000};  // 1s-4000s
  bool preserve_host_header = false;
  XffMode xff_header_processing_mode = XffMode::Append;
  bool enable_xff_client_port = false;
  Milliseconds request_header_timeout{10'000};
  Milliseconds target_connect_timeout{3'000};
  Milliseconds drain_timeout{25'000};
  Milliseconds drain_delay{0};
  friend bool operator==(const LoadBalancer&, const LoadBalancer&) = default;
};

enum class LogLevel : std::uint8_t { Trace, Debug, Info, Warn, Error };
enum class LogFormat : std::uint8_t { Text, Json };
struct Log {
  LogLevel level = LogLevel::Info;
  LogFormat format = LogFormat::Text;
  friend bool operator==(const Log&, const Log&) = default;
};

struct AccessLogs {
  bool enabled = true;
  std::string path = "-";  // "-": stdout
  friend bool operator==(const AccessLogs&, const AccessLogs&) = default;
};

struct Admin {
  /// "127.0.0.1:9900", "[::1]:9900", "unix:/path", "none". Loopback only until tokens exist.
  std::string address = "127.0.0.1:9900";
  Position at;
  friend bool operator==(const Admin& a, const Admin& b) { return a.address == b.address; }
};

struct Model {
  std::optional<int> workers;  // none: auto; else 1-1024
  Log log;
  LoadBalancer load_balancer;
  AccessLogs access_logs;
  Admin admin;
  std::vector<Listener> listeners;  // at least one
  std::vector<TargetGroup> target_groups;
  friend bool operator==(const Model&, const Model&) = default;
};

}  // namespace kanaria::config
