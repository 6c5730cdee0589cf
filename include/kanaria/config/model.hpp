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

#include "kanaria/config/rollout.hpp"
#include "kanaria/config/rule.hpp"
#include "kanaria/config/target_group.hpp"
#include "kanaria/http/desync.hpp"

namespace kanaria::config {

/// Which PROXY header a trusted peer's connection must begin with.
enum class ProxyVersion : std::uint8_t { Off, V1, V2, Any };
struct ProxyProtocol {
  ProxyVersion version = ProxyVersion::Off;
  std::vector<Network> trusted;  // not empty, unless off; others are clients as anybody
  Position at{};
  friend bool operator==(const ProxyProtocol& a, const ProxyProtocol& b) {
    return a.version == b.version && a.trusted == b.trusted;
  }
};

struct Listener {
  std::string name;                                 // default: http-PORT
  std::optional<boost::asio::ip::address> address;  // none: "*", both families
  std::uint16_t port = 0;
  ProxyProtocol proxy_protocol;
  std::vector<Rule> rules;  // by priority
  Rule default_rule;        // name "default", priority 0
  Position at;
  Position port_at;
  Position name_at{};
  friend bool operator==(const Listener& a, const Listener& b) {
    return a.name == b.name && a.address == b.address && a.port == b.port && a.proxy_protocol == b.proxy_protocol &&
           a.rules == b.rules && a.default_rule == b.default_rule;
  }
};

enum class XffMode : std::uint8_t { Append, Preserve, Remove };

struct LoadBalancer {
  std::string name = "kanaria";
  Milliseconds idle_timeout{60'000};          // 1s-4000s
  Milliseconds client_keep_alive{3'600'000};  // 1s-7d
  bool preserve_host_header = false;
  XffMode xff_header_processing_mode = XffMode::Append;
  bool enable_xff_client_port = false;
  bool drop_invalid_header_fields = false;
  http::DesyncMode desync_mitigation_mode = http::DesyncMode::Defensive;
  Milliseconds request_header_timeout{10'000};
  Milliseconds target_connect_timeout{3'000};
  std::optional<int> max_connections;             // none: auto; else from 1. Over all workers
  std::optional<std::uint64_t> max_request_body;  // bytes; none: unlimited
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

enum class AccessLogFormat : std::uint8_t { Alb, Json };
struct AccessLogs {
  bool enabled = true;
  std::string path = "-";  // "-": stdout; a file is reopened at USR1
  AccessLogFormat format = AccessLogFormat::Alb;
  friend bool operator==(const AccessLogs&, const AccessLogs&) = default;
};

struct TcpAddress {
  boost::asio::ip::address address;
  std::uint16_t port = 0;
};
struct UnixPath {
  std::string path;
};

/// None, or where to listen.
using AdminListen = std::variant<std::monostate, TcpAddress, UnixPath>;

struct Admin {
  std::string address = "127.0.0.1:9900";  // as written: "127.0.0.1:9900", "[::1]:9900", "unix:/path", "none"
  /// The same, read. Off loopback with a token_file only.
  AdminListen listen = TcpAddress{boost::asio::ip::address_v4::loopback(), 9900};
  std::optional<Text> token_file;          // lines NAME:TOKEN; read at start and at each reload
  std::string read_only_address = "none";  // as `address`; never a change there, and no token
  AdminListen read_only_listen;
  std::vector<std::string> allowed_hosts;  // names that a Host field may have besides this machine's own
  Position at;
  Position read_only_at{};
  friend bool operator==(const Admin& a, const Admin& b) {
    return a.address == b.address && a.token_file == b.token_file && a.read_only_address == b.read_only_address &&
           a.allowed_hosts == b.allowed_hosts;
  }
};

struct Model {
  std::optional<int> workers;  // none: auto; else 1-1024
  Log log;
  LoadBalancer load_balancer;
  AccessLogs access_logs;
  Admin admin;
  std::optional<Text>
      state_dir;  // what outlives the process: overrides, rollouts, and the keys of cookies, where no file has them
  std::optional<Text> cookie_key_file;  // see cookies/keys.hpp
  std::vector<Listener> listeners;      // at least one
  std::vector<TargetGroup> target_groups;
  std::vector<Rollout> rollouts;  // not empty: state_dir is there
  friend bool operator==(const Model&, const Model&) = default;
};

/// Does a rule or a group need cookies of ours? Then one of state_dir and cookie_key_file is there.
bool seals_cookies(const Model& model);

}  // namespace kanaria::config
