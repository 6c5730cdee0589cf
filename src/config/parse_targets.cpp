#include "kanaria/config/address.hpp"
#include "sections.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

namespace ip = boost::asio::ip;

constexpr std::string_view kForms = "\"10.0.0.1:80\", \"[::1]:80\", \"name:80\" or \"unix:/path\"";

bool is_label(std::string_view label) {
  constexpr std::string_view kCharacters = "abcdefghijklmnopqrstuvwxyz0123456789-_";
  return !label.empty() && label.size() <= 63 && label.find_first_not_of(kCharacters) == std::string_view::npos &&
         label.front() != '-' && label.back() != '-';
}

/// A host name for DNS. One whose last label is a number would be a mistyped IPv4 address.
bool is_host_name(std::string_view name) {
  if (name.size() > 253) return false;
  if (name.ends_with('.')) name.remove_suffix(1);
  while (true) {
    const std::size_t dot = name.find('.');
    if (!is_label(name.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return !is_digits(name);
    name.remove_prefix(dot + 1);
  }
}

/// What is wrong with the target's text, or empty; fills `target`.
std::string parse_target(const std::string& text, Target& target) {
  if (text.starts_with("unix:")) {
    target.unix_socket = true;
    target.host = text.substr(5);
    return is_socket_path(text.substr(5)) ? "" : "a Unix socket is unix: and an absolute path under 108 bytes";
  }
  if (text.find("://") != std::string::npos) return concat("a target has no scheme: write ", kForms);
  const auto [host, port, bracketed] = split_host_and_port(text);
  boost::system::error_code failed;
  ip::make_address_v6(text, failed);
  if (!failed) {
    const std::string whole = concat("\"[", text, "]:PORT\"");
    ip::make_address_v6(std::string(host), failed);
    if (failed || parse_port(port.value_or("")) == 0) return concat("an IPv6 target needs brackets: write ", whole);
    return concat("an IPv6 target needs brackets: write \"[", host, "]:", *port, "\" or ", whole);
  }
  if (port) {
    target.port = parse_port(*port);
    if (target.port == 0) return concat("a target's port must be 1-65535, not ", in_quotes(*port));
  }
  const auto address = ip::make_address(std::string(host), failed);
  if (!failed && address.is_v6() == bracketed) {
    target.host = address;
    if (!address.is_unspecified() && !address.is_multicast()) return {};
    return concat(in_quotes(host), " is no address to connect to");
  }
  if (bracketed || !is_host_name(lower(host))) return concat("a target must be ", kForms, ", not ", in_quotes(text));
  target.host = lower(host);
  return {};
}

std::optional<Target> read_target(const Value& value, std::optional<std::uint16_t> group_port) {
  if (value.node->kind == Node::Kind::Mapping) {
    if (value.node->entries.empty()) value.fault_kind("text");
    const Mapping map(value, Scope::Target);
    return std::nullopt;
  }
  const auto written = placed_text(value);
  if (!written) return std::nullopt;
  Target target;
  target.text = *written;
  if (const auto fault = parse_target(written->value, target); !fault.empty()) {
    value.fault(fault);
    return std::nullopt;
  }
  if (target.port == 0 && !target.unix_socket) {
    if (!group_port) {
      value.fault(
          concat("the target ", in_quotes(written->value), " needs a port: write it, or port in its target group"));
      return std::nullopt;
    }
    target.port = *group_port;
  }
  return target;
}

TargetGroup read_target_group(const Value& value) {
  using namespace std::chrono_literals;
  TargetGroup group;
  group.at = group.name_at = value.at();
  const Mapping map(value, Scope::TargetGroup);
  if (const auto written = map.require("name")) {
    group.name_at = written->at();
    set(group.name, name(*written));
  }
  bool port_known = true;
  if (const auto port = map.find("port"); port && port->node->text != "none") {
    const auto read = number(*port, 1, 65535);
    port_known = read.has_value();
    group.port = static_cast<std::uint16_t>(read.value_or(1));
  }
  if (const auto protocol = map.find("protocol")) choice<bool>(*protocol, {{"HTTP", true}});
  read_into(group.target_idle_timeout, map, "target_idle_timeout", duration, 100ms, 1h);
  if (const auto targets = map.find("targets")) {
    for (const Value& item : items(*targets, "a target")) {
      if (auto target = read_target(item, group.port)) group.targets.push_back(std::move(*target));
    }
  }
  if (!port_known) group.port.reset();
  return group;
}

}  // namespace

bool is_socket_path(std::string_view path) {
  constexpr std::size_t kLongest = 107;  // sockaddr_un holds 108 with the final NUL
  return path.starts_with('/') && path.size() > 1 && path.size() <= kLongest &&
         path.find('\n') == std::string_view::npos;
}

std::vector<TargetGroup> read_target_groups(const Value& value) {
  std::vector<TargetGroup> groups;
  for (const Value& item : items(value, "a target group")) groups.push_back(read_target_group(item));
  return groups;
}

}  // namespace kanaria::config
