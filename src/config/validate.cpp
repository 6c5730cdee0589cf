#include "kanaria/config/validate.hpp"

#include <algorithm>
#include <map>
#include <set>

#include "check_conditions.hpp"
#include "check_rollouts.hpp"
#include "check_stickiness.hpp"
#include "covers.hpp"
#include "kanaria/config/address.hpp"
#include "text.hpp"

namespace kanaria::config {
namespace {

// alb.md §1.2
constexpr std::size_t kGroupsPerAction = 5;
constexpr std::size_t kDocumentedWildcards = 5;

class Validation {
 public:
  Validation(const Model& model, Diagnostics& diagnostics) : model_(model), diagnostics_(diagnostics) {}

  void run() {
    check_groups();
    check_listener_names();
    check_ports();
    for (std::size_t i = 0; i < model_.listeners.size(); ++i) {
      check_proxy_protocol(model_.listeners[i].proxy_protocol, concat("listeners[", i, "].proxy_protocol"));
      check_rules(model_.listeners[i], concat("listeners[", i, ']'));
    }
    check_stickiness(model_, diagnostics_);
    check_rollouts(model_, diagnostics_);
    // What is odd in a file with faults is mostly their consequence.
    if (diagnostics_.has_errors()) return;
    for (std::size_t i = 0; i < model_.listeners.size(); ++i) {
      warn_of_proxy_protocol(model_.listeners[i].proxy_protocol, concat("listeners[", i, "].proxy_protocol"));
      warn_of_covered_rules(model_.listeners[i], concat("listeners[", i, ']'));
      warn_of_failovers(model_.listeners[i], concat("listeners[", i, ']'));
    }
    for (std::size_t i = 0; i < model_.target_groups.size(); ++i) {
      warn_of_health(model_.target_groups[i], concat("target_groups[", i, ']'));
    }
    warn_of_unused_groups();
    warn_of_stickiness(model_, diagnostics_);
    warn_of_rollouts(model_, diagnostics_);
  }

 private:
  /// Objects by name, for "already used".
  using Seen = std::map<std::string_view, Position>;

  template <class Object>
  void check_name(Seen& seen, std::string_view kind, const Object& object, const std::string& path) {
    if (object.name.empty()) return;  // reported by parse()
    const auto [first, fresh] = seen.try_emplace(object.name, object.name_at);
    if (fresh) return;
    const bool written = object.name_at != object.at;
    diagnostics_.error(object.name_at, concat(path, ".name"),
                       concat("the ", kind, " name ", in_quotes(object.name), " is already used in line ",
                              first->second.line, written ? ": names are unique" : ": write name to give it another"));
  }

  void check_groups() {
    Seen seen_groups;
    for (std::size_t i = 0; i < model_.target_groups.size(); ++i) {
      const TargetGroup& group = model_.target_groups[i];
      const std::string path = concat("target_groups[", i, ']');
      check_name(seen_groups, "target group", group, path);
      groups_.try_emplace(group.name, &group);
      std::set<std::tuple<bool, std::string, std::uint16_t>> seen;
      for (const Target& target : group.targets) {
        const auto* const address = std::get_if<boost::asio::ip::address>(&target.host);
        const std::string host = address != nullptr ? address->to_string() : std::get<std::string>(target.host);
        if (seen.emplace(target.unix_socket, host, target.port).second) continue;
        diagnostics_.error(target.text.at, concat(path, ".targets"),
                           concat("the target ", in_quotes(target.text.value), " is in this group already"));
      }
    }
  }

  void check_listener_names() {
    Seen seen;
    for (std::size_t i = 0; i < model_.listeners.size(); ++i) {
      const Listener& listener = model_.listeners[i];
      if (listener.port > 0) check_name(seen, "listener", listener, concat("listeners[", i, ']'));
    }
  }

  static bool overlap(const std::optional<boost::asio::ip::address>& a,
                      const std::optional<boost::asio::ip::address>& b) {
    if (!a || !b || *a == *b) return true;
    return a->is_v4() == b->is_v4() && (a->is_unspecified() || b->is_unspecified());
  }

  void check_ports() {
    std::multimap<std::uint16_t, const Listener*> by_port;
    const Listener admin = admin_as_listener("admin", model_.admin.listen, model_.admin.at);
    const Listener read_only =
        admin_as_listener("the read-only admin address", model_.admin.read_only_listen, model_.admin.read_only_at);
    if (admin.port > 0) by_port.emplace(admin.port, &admin);
    if (read_only.port > 0) {
      if (read_only.port == admin.port && overlap(read_only.address, admin.address))
        diagnostics_.error(read_only.at, "admin.read_only_address",
                           concat("port ", read_only.port, " is already taken by admin"));
      by_port.emplace(read_only.port, &read_only);
    }
    for (std::size_t i = 0; i < model_.listeners.size(); ++i) {
      const Listener& listener = model_.listeners[i];
      if (listener.port == 0) continue;  // reported by parse()
      const auto [begin, end] = by_port.equal_range(listener.port);
      const auto other =
          std::find_if(begin, end, [&](const auto& one) { return overlap(one.second->address, listener.address); });
      if (other != end) {
        const std::string where = other->second->at.line > 0 ? concat(" in line ", other->second->at.line) : "";
        diagnostics_.error(listener.port_at, concat("listeners[", i, "].port"),
                           concat("port ", listener.port, " is already taken by ", other->second->name, where));
      }
      by_port.emplace(listener.port, &listener);
    }
  }

  /// An admin listener's address and port; port 0 when it is off or a Unix socket.
  static Listener admin_as_listener(const char* name, const AdminListen& listen, Position at) {
    Listener admin;
    admin.name = name;
    admin.at = at;
    if (const auto* const tcp = std::get_if<TcpAddress>(&listen)) {
      admin.address = tcp->address;
      admin.port = tcp->port;
    }
    return admin;
  }

  void check_proxy_protocol(const ProxyProtocol& protocol, const std::string& path) {
    std::set<std::string> seen;
    for (const Network& network : protocol.trusted) {
      if (seen.insert(to_text(network)).second) continue;
      diagnostics_.error(network.text.at, path + ".trusted",
                         concat("the network ", to_text(network), " is in this list already"));
    }
  }

  void warn_of_proxy_protocol(const ProxyProtocol& protocol, const std::string& path) {
    if (protocol.version == ProxyVersion::Off && !protocol.trusted.empty()) {
      diagnostics_.warning(protocol.at, path, "trusted means nothing here: proxy_protocol version is off");
      return;
    }
    for (const Network& network : protocol.trusted) {
      if (network.prefix > 0) continue;
      diagnostics_.warning(network.text.at, path + ".trusted",
                           concat(to_text(network), " trusts everybody who comes over IPv",
                                  network.address.is_v4() ? 4 : 6, ": they may claim any address"));
    }
  }

  void check_rules(const Listener& listener, const std::string& path) {
    Seen names;
    std::map<int, const Rule*> by_priority;
    for (std::size_t i = 0; i < listener.rules.size(); ++i) {
      const Rule& rule = listener.rules[i];
      const std::string rule_path = concat(path, ".rules[", i, ']');
      if (check_conditions("a rule", rule.conditions, rule.at, rule_path + ".conditions", diagnostics_) >
          kDocumentedWildcards) {
        diagnostics_.warning(
            rule.at, rule_path + ".conditions",
            concat("ALB may refuse a rule with more than ", kDocumentedWildcards, " wildcards (* and ?)"));
      }
      check_transforms(rule, rule_path + ".transforms");
      check_action(rule, listener, rule_path + ".action");
      if (rule.priority == 0) continue;  // reported by parse()
      const auto [first, fresh] = by_priority.try_emplace(rule.priority, &rule);
      if (fresh) {
        check_name(names, "rule", rule, rule_path);
      } else {
        diagnostics_.error(rule.priority_at, rule_path + ".priority",
                           concat("priority ", rule.priority, " is already used by rule ",
                                  in_quotes(first->second->name), " in line ", first->second->priority_at.line));
      }
    }
    check_action(listener.default_rule, listener, path + ".default_action");
  }

  void check_transforms(const Rule& rule, const std::string& path) {
    if (std::holds_alternative<Forward>(rule.action.of)) return;
    for (const auto& rewrite : {rule.transforms.host_header_rewrite, rule.transforms.url_rewrite}) {
      if (!rewrite) continue;
      diagnostics_.error(rewrite->regex.at, path,
                         "transforms change what a target is sent: they work with a forward action only");
    }
  }

  /// The redirect of a listener leads to what was asked for; one that says so in each part is parse()'s fault.
  static bool leads_back(const Redirect& redirect, const Listener& listener) {
    const Redirect same;
    const bool written = redirect.protocol != same.protocol || redirect.port != same.port;
    return written && (redirect.protocol == same.protocol || redirect.protocol == "HTTP") &&
           redirect.host == same.host && redirect.path == same.path && redirect.query == same.query &&
           (redirect.port == same.port || redirect.port == std::to_string(listener.port));
  }

  void check_action(const Rule& rule, const Listener& listener, const std::string& path) {
    const auto* const redirect = std::get_if<Redirect>(&rule.action.of);
    if (redirect != nullptr && leads_back(*redirect, listener)) {
      diagnostics_.warning(rule.action.at, path,
                           "this redirect changes nothing on this listener: it leads back to itself");
    }
    const auto* const forward = std::get_if<Forward>(&rule.action.of);
    if (forward == nullptr || forward->target_groups.empty()) return;  // empty: reported by parse()
    if (forward->target_groups.size() > kGroupsPerAction) {
      diagnostics_.error(rule.action.at, path,
                         concat("a forward action has at most ", kGroupsPerAction, " target groups, not ",
                                forward->target_groups.size()));
    }
    Seen seen;
    for (const WeightedGroup& group : forward->target_groups) {
      check_reference(group.name, path);
      if (!seen.try_emplace(group.name.value, group.name.at).second) {
        diagnostics_.error(group.name.at, path,
                           concat("the target group ", in_quotes(group.name.value), " is in this action already"));
      }
    }
    if (std::ranges::all_of(forward->target_groups, [](const WeightedGroup& group) { return group.weight == 0; })) {
      diagnostics_.warning(rule.action.at, path, "all weights are 0: every request of this rule is answered 503");
    }
  }

  void check_reference(const Text& name, const std::string& path) {
    used_.insert(name.value);
    if (groups_.contains(name.value)) return;
    std::vector<std::string_view> known;
    for (const auto& [group, of] : groups_) known.push_back(group);
    diagnostics_.error(name.at, path,
                       concat("there is no target group ", in_quotes(name.value), did_you_mean(name.value, known)));
  }

  void warn_of_covered_rules(const Listener& listener, const std::string& path) {
    // Looks at pairs of rules: bounded, because a warning must not make a large file slow.
    constexpr std::size_t kMostRules = 2000;
    if (listener.rules.size() > kMostRules) return;
    for (std::size_t i = 0; i < listener.rules.size(); ++i) {
      const Rule& below = listener.rules[i];
      const auto above = std::ranges::find_if(
          listener.rules, [&](const Rule& rule) { return rule.priority < below.priority && covers(rule, below); });
      if (above == listener.rules.end()) continue;
      diagnostics_.warning(below.at, concat(path, ".rules[", i, ']'),
                           concat("rule ", in_quotes(below.name), " never matches: rule ", in_quotes(above->name),
                                  " above it takes all of its requests"));
    }
  }

  void warn_of_failovers(const Listener& listener, const std::string& path) {
    for (std::size_t i = 0; i < listener.rules.size(); ++i) {
      warn_of_failover(listener.rules[i].action, concat(path, ".rules[", i, "].action"));
    }
    warn_of_failover(listener.default_rule.action, path + ".default_action");
  }

  void warn_of_failover(const Action& action, const std::string& path) {
    const auto* const forward = std::get_if<Forward>(&action.of);
    if (forward == nullptr || !forward->failover) return;
    if (forward->target_groups.size() == 1) {
      diagnostics_.warning(action.at, path, "failover means nothing with a single target group");
      return;
    }
    for (const WeightedGroup& group : forward->target_groups) {
      if (group.weight == 0 || groups_.at(group.name.value)->health_check.enabled) continue;
      diagnostics_.warning(
          group.name.at, path,
          concat("failover never leaves the target group ", in_quotes(group.name.value), ": its health_check is off"));
    }
  }

  void warn_of_health(const TargetGroup& group, const std::string& path) {
    const auto is_socket = [](const Target& target) { return target.unix_socket; };
    const auto is_name = [](const Target& target) {
      return !target.unix_socket && std::holds_alternative<std::string>(target.host);
    };
    if (group.targets.empty()) return;
    if (group.health_check.port && std::ranges::all_of(group.targets, is_socket)) {
      diagnostics_.warning(group.name_at, path + ".health_check.port",
                           "the port of a health check means nothing here: all targets are Unix sockets");
    }
    // How many targets there are is known unless one is a name.
    const int least = group.unhealthy_state_routing.minimum_healthy_targets_count;
    if (static_cast<std::size_t>(least) > group.targets.size() && std::ranges::none_of(group.targets, is_name)) {
      diagnostics_.warning(group.name_at, path + ".target_group_health",
                           concat("minimum_healthy_targets_count is ", least, ", and there are ", group.targets.size(),
                                  ": unhealthy targets always take traffic"));
    }
  }

  void warn_of_unused_groups() {
    for (std::size_t i = 0; i < model_.target_groups.size(); ++i) {
      const TargetGroup& group = model_.target_groups[i];
      if (group.name.empty() || used_.contains(group.name)) continue;
      diagnostics_.warning(group.name_at, concat("target_groups[", i, ']'),
                           concat("no rule uses the target group ", in_quotes(group.name)));
    }
  }

  const Model& model_;
  Diagnostics& diagnostics_;
  std::map<std::string_view, const TargetGroup*> groups_;
  std::set<std::string_view> used_;
};

}  // namespace

void validate(const Model& model, Diagnostics& diagnostics) {
  Validation(model, diagnostics).run();
}

}  // namespace kanaria::config
