#include "kanaria/runtime/snapshot.hpp"

#include <algorithm>

#include "kanaria/base/random.hpp"
#include "kanaria/rules/policy.hpp"

namespace kanaria::runtime {

ProxyProtocol::ProxyProtocol(const config::ProxyProtocol& written)
    : version_(written.version), trusted_(written.trusted.begin(), written.trusted.end()) {}

config::ProxyVersion ProxyProtocol::expected_from(const boost::asio::ip::address& peer) const {
  if (version_ == config::ProxyVersion::Off) return version_;
  const bool trusts = std::ranges::any_of(trusted_, [&](const rules::Network& network) { return network.holds(peer); });
  return trusts ? version_ : config::ProxyVersion::Off;
}

Snapshot::~Snapshot() {
  for (const std::uint32_t row : route_rows_) metrics_.routes().release(row);
  for (const std::uint32_t row : group_rows_) metrics_.groups().release(row);
  for (const std::uint32_t row : target_rows_) metrics_.targets().release(row);
  // A listener's row is never released: connections outlive their listener and count to the end.
}

Prepared prepare(std::shared_ptr<const config::Model> model, unsigned workers, const Snapshot* previous,
                 config::Diagnostics& diagnostics) {
  Prepared prepared;
  for (const config::Listener& listener : model->listeners) {
    std::shared_ptr<const rules::RuleTable> table;
    if (previous != nullptr) {
      const auto& before = previous->model().listeners;
      if (const auto same = std::ranges::find(before, listener); same != before.end())
        table = previous->listeners()[static_cast<std::size_t>(same - before.begin())].rules;
    }
    if (!table) table = rules::RuleTable::compile(listener, workers, diagnostics);
    prepared.tables.push_back(std::move(table));
  }
  if (diagnostics.has_errors()) return {};
  for (const config::TargetGroup& group : model->target_groups) {
    for (const config::Target& target : group.targets) {
      const auto* const name = std::get_if<std::string>(&target.host);
      if (name == nullptr || target.unix_socket || prepared.names.contains(*name)) continue;
      std::string error;
      std::vector<boost::asio::ip::address> found = net::resolve(*name, error);
      if (found.empty())
        diagnostics.warning(target.text.at, "target_groups[" + group.name + "]",
                            "target " + target.text.value + ": " + error);
      prepared.names.emplace(*name, std::move(found));
    }
  }
  prepared.model = std::move(model);
  return prepared;
}

class Compiler {
 public:
  Compiler(Prepared prepared, const Snapshot* previous, observe::Metrics& metrics)
      : previous_(previous), metrics_(metrics), made_(new Snapshot(metrics)) {
    made_->revision_ = previous == nullptr ? 1 : previous->revision() + 1;
    made_->prepared_ = std::move(prepared);
    made_->connection_policy_ = rules::connection_policy(made_->settings());
  }

  std::shared_ptr<const Snapshot> run(const std::vector<std::uint32_t>& bindings) {
    for (const config::TargetGroup& group : made_->model().target_groups) add_group(group);
    const auto& listeners = made_->model().listeners;
    for (std::size_t i = 0; i < listeners.size(); ++i) add_listener(listeners[i], made_->prepared_.tables[i]);
    for (std::size_t i = 0; i < bindings.size(); ++i) {
      if (made_->by_binding_.size() <= bindings[i]) made_->by_binding_.resize(bindings[i] + 1);
      made_->by_binding_[bindings[i]] = &made_->listeners_[i];
    }
    return made_;
  }

 private:
  template <class Table>
  static std::uint32_t acquire(Table& table, const typename Table::Name& name, std::vector<std::uint32_t>& held) {
    held.push_back(table.acquire(name));
    return held.back();
  }

  void add_group(const config::TargetGroup& from) {
    auto group = std::make_shared<targets::Group>();
    group->name = from.name;
    group->target_idle_timeout = from.target_idle_timeout;
    group->row = acquire(metrics_.groups(), {from.name}, made_->group_rows_);
    for (const config::Target& target : from.targets)
      for (const net::Endpoint& endpoint : endpoints_of(target)) add_target(*group, endpoint);
    made_->groups_.push_back(std::move(group));
  }

  std::vector<net::Endpoint> endpoints_of(const config::Target& target) {
    if (const auto* const address = std::get_if<boost::asio::ip::address>(&target.host))
      return {net::Endpoint::of(*address, target.port)};
    const std::string& name = std::get<std::string>(target.host);
    if (target.unix_socket) {
      const auto endpoint = net::Endpoint::of_unix(name);
      return endpoint ? std::vector{*endpoint} : std::vector<net::Endpoint>{};
    }
    auto& addresses = made_->prepared_.names[name];
    if (addresses.empty() && previous_ != nullptr) {  // not found this time: what it was
      const auto before = previous_->prepared_.names.find(name);
      if (before != previous_->prepared_.names.end()) addresses = before->second;
    }
    std::vector<net::Endpoint> endpoints;
    for (const auto& address : addresses) endpoints.push_back(net::Endpoint::of(address, target.port));
    return endpoints;
  }

  void add_target(targets::Group& group, const net::Endpoint& endpoint) {
    // Two names may resolve to one address: one target.
    for (const auto& already : group.targets)
      if (already->endpoint == endpoint) return;
    const std::string text = endpoint.to_string();
    const std::uint32_t row = acquire(metrics_.targets(), {group.name, text}, made_->target_rows_);
    std::shared_ptr<const targets::Target> target = previous_target(group.name, endpoint);
    if (!target) target = std::make_shared<targets::Target>(targets::Target{endpoint, text, row});
    group.targets.push_back(target);
    made_->targets_.push_back(std::move(target));
  }

  std::shared_ptr<const targets::Target> previous_target(const std::string& group,
                                                         const net::Endpoint& endpoint) const {
    if (previous_ == nullptr) return nullptr;
    for (const auto& before : previous_->groups_) {
      if (before->name != group) continue;
      for (const auto& target : before->targets)
        if (target->endpoint == endpoint) return target;
    }
    return nullptr;
  }

  void add_listener(const config::Listener& from, const std::shared_ptr<const rules::RuleTable>& table) {
    Listener listener;
    listener.name = from.name;
    listener.rules = table;
    listener.routes.resize(table->forwards());
    listener.policy = rules::forwarding_policy(made_->settings(), from.port);
    listener.proxy_protocol = ProxyProtocol(from.proxy_protocol);
    listener.row = metrics_.listeners().acquire({from.name});
    for (const rules::Rule& rule : table->rules()) {
      listener.rule_rows.push_back(acquire(metrics_.routes(), {from.name, rule.name(), ""}, made_->route_rows_));
      if (const auto* const forward = std::get_if<rules::Forward>(&rule.action()))
        listener.routes[forward->index] = route_of(from.name, rule.name(), *forward);
    }
    made_->listeners_.push_back(std::move(listener));
  }

  Route route_of(const std::string& listener, const std::string& rule, const rules::Forward& forward) {
    Route route;
    std::vector<std::uint32_t> weights;
    for (const config::WeightedGroup& weighted : forward.groups) {
      const auto group = std::ranges::find(made_->groups_, weighted.name.value, &targets::Group::name);
      route.groups.push_back(*group);  // validate() saw to it that it exists
      route.rows.push_back(acquire(metrics_.routes(), {listener, rule, weighted.name.value}, made_->route_rows_));
      weights.push_back(static_cast<std::uint32_t>(weighted.weight));
    }
    route.split = previous_split(listener, rule, forward);
    if (!route.split)
      route.split =
          std::make_shared<targets::Split>(std::move(weights), forward.split, secure_random(), secure_random());
    return route;
  }

  /// A split goes on where it was as long as (listener, rule, groups with weights, mode) stay.
  std::shared_ptr<targets::Split> previous_split(const std::string& listener, const std::string& rule,
                                                 const rules::Forward& forward) const {
    if (previous_ == nullptr) return nullptr;
    const auto before = std::ranges::find(previous_->listeners_, listener, &Listener::name);
    if (before == previous_->listeners_.end()) return nullptr;
    for (const rules::Rule& candidate : before->rules->rules()) {
      if (candidate.name() != rule) continue;
      const auto* const same = std::get_if<rules::Forward>(&candidate.action());
      if (same != nullptr && same->groups == forward.groups && same->split == forward.split)
        return before->routes[same->index].split;
    }
    return nullptr;
  }

  const Snapshot* previous_;
  observe::Metrics& metrics_;
  std::shared_ptr<Snapshot> made_;
};

std::shared_ptr<const Snapshot> compile(Prepared prepared, const std::vector<std::uint32_t>& bindings,
                                        const Snapshot* previous, observe::Metrics& metrics) {
  return Compiler(std::move(prepared), previous, metrics).run(bindings);
}

}  // namespace kanaria::runtime
