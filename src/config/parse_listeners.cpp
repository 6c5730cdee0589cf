#include "sections.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

std::optional<boost::asio::ip::address> read_address(const Value& value) {
  const auto written = text(value);
  if (!written || *written == "*") return std::nullopt;
  boost::system::error_code failed;
  auto address = boost::asio::ip::make_address(*written, failed);
  if (!failed) return address;
  value.fault(concat("address must be \"*\" or an IP address without a port, not ", in_quotes(*written)));
  return std::nullopt;
}

/// YAML 1.1 tools take the word off for a boolean, and write false.
std::optional<ProxyVersion> read_proxy_version(const Value& value) {
  if (value.node->text == "false") return ProxyVersion::Off;
  return choice<ProxyVersion>(
      value,
      {{"off", ProxyVersion::Off}, {"v1", ProxyVersion::V1}, {"v2", ProxyVersion::V2}, {"any", ProxyVersion::Any}});
}

ProxyProtocol read_proxy_protocol(const Value& value) {
  ProxyProtocol protocol;
  protocol.at = value.at();
  const Mapping map(value, Scope::ProxyProtocol);
  read_into(protocol.version, map, "version", read_proxy_version);
  const bool off = protocol.version == ProxyVersion::Off;
  const auto trusted = off ? map.find("trusted") : map.require("trusted");
  if (!trusted) return protocol;
  const std::vector<Value> networks = items(*trusted, "a trusted peer");
  if (!off && trusted->node->kind == Node::Kind::List && networks.empty()) {
    trusted->fault("trusted needs at least one network: nobody else may send the header");
  }
  for (const Value& item : networks) {
    if (auto network = read_network(item, Alone::Network)) protocol.trusted.push_back(std::move(*network));
  }
  return protocol;
}

Rule read_rule(const Value& value) {
  Rule rule;
  rule.at = rule.name_at = rule.priority_at = value.at();
  const Mapping map(value, Scope::Rule);
  if (const auto priority = map.require("priority")) {
    rule.priority_at = priority->at();
    set(rule.priority, number(*priority, 1, 50000));
  }
  rule.name = concat("rule-", rule.priority);
  if (const auto written = map.find("name")) {
    rule.name_at = written->at();
    set(rule.name, name(*written));
    if (rule.name == "default") written->fault("the name \"default\" is reserved for the listener's default_action");
  }
  if (const auto conditions = map.require("conditions")) rule.conditions = read_conditions(*conditions);
  if (const auto transforms = map.find("transforms")) rule.transforms = read_transforms(*transforms);
  if (const auto action = map.require("action")) set(rule.action, read_action(*action));
  return rule;
}

Rule read_default_rule(const Value& value) {
  Rule rule;
  rule.name = "default";
  rule.at = rule.name_at = rule.priority_at = value.at();
  if (value.node->kind == Node::Kind::List) {
    value.fault("default_action is one mapping here, not a list: remove the \"-\"");
  } else {
    set(rule.action, read_action(value));
  }
  return rule;
}

Listener read_listener(const Value& value) {
  Listener listener;
  listener.at = listener.port_at = listener.name_at = value.at();
  const Mapping map(value, Scope::Listener);
  if (const auto port = map.require("port")) {
    listener.port_at = port->at();
    if (const auto read = number(*port, 1, 65535)) listener.port = static_cast<std::uint16_t>(*read);
  }
  listener.name = concat("http-", listener.port);
  if (const auto written = map.find("name")) {
    listener.name_at = written->at();
    set(listener.name, name(*written));
  }
  if (const auto address = map.find("address")) listener.address = read_address(*address);
  if (const auto protocol = map.find("protocol")) choice<bool>(*protocol, {{"HTTP", true}});
  if (const auto protocol = map.find("proxy_protocol")) listener.proxy_protocol = read_proxy_protocol(*protocol);
  if (const auto rules = map.find("rules")) {
    for (const Value& rule : items(*rules, "a rule")) listener.rules.push_back(read_rule(rule));
  }
  if (const auto action = map.require("default_action")) listener.default_rule = read_default_rule(*action);
  return listener;
}

}  // namespace

std::vector<Listener> read_listeners(const Value& value) {
  std::vector<Listener> listeners;
  for (const Value& item : items(value, "a listener")) listeners.push_back(read_listener(item));
  if (value.node->kind == Node::Kind::List && listeners.empty()) value.fault("listeners needs at least one listener");
  return listeners;
}

}  // namespace kanaria::config
