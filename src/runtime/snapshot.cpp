#include "kanaria/runtime/snapshot.hpp"

#include <algorithm>

#include "kanaria/base/random.hpp"
#include "kanaria/base/siphash.hpp"
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
  // A listener's row is never released: connections outlive their listener and count to the end.
}

std::vector<net::Endpoint> Snapshot::endpoints_of(const config::Target& target) const {
  if (const auto* const address = std::get_if<boost::asio::ip::address>(&target.host))
    return {net::Endpoint::of(*address, target.port)};
  const std::string& name = std::get<std::string>(target.host);
  if (target.unix_socket) {
    const auto endpoint = net::Endpoint::of_unix(name);
    return endpoint ? std::vector{*endpoint} : std::vector<net::Endpoint>{};
  }
  std::vector<net::Endpoint> endpoints;
  const auto meaning = prepared_.names.find(name);
  if (meaning == prepared_.names.end()) return endpoints;
  for (const auto& address : meaning->second) endpoints.push_back(net::Endpoint::of(address, target.port));
  return endpoints;
}

namespace {

/// Null: it is given by address or path.
const std::string* name_of(const config::Target& target) {
  return target.unix_socket ? nullptr : std::get_if<std::string>(&target.host);
}

}  // namespace

Names::Wanted names_of(const config::Model& model) {
  Names::Wanted wanted;
  for (const config::TargetGroup& group : model.target_groups) {
    for (const config::Target& target : group.targets) {
      const std::string* const name = name_of(target);
      if (name == nullptr) continue;
      const auto known = wanted.emplace(*name, group.dns_max_ttl).first;
      known->second = std::min(known->second, group.dns_max_ttl);
    }
  }
  return wanted;
}

Prepared prepare(std::shared_ptr<const config::Model> model, unsigned workers, const Snapshot* previous,
                 const std::map<std::string, Known>& known, config::Diagnostics& diagnostics) {
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
  for (const config::Rollout& rollout : model->rollouts) {
    auto matches = std::make_shared<std::vector<RolloutMatch>>();
    for (const config::RolloutMatch& match : rollout.match) {
      RolloutMatch& made = matches->emplace_back(RolloutMatch{{}, match.target_group.value});
      for (const config::Condition& condition : match.conditions)
        made.conditions.push_back(
            rules::Condition::compile(condition, workers, "rollouts[" + rollout.name + "].match", diagnostics));
    }
    if (!matches->empty()) prepared.matches.emplace(rollout.name, std::move(matches));
  }
  if (diagnostics.has_errors()) return {};
  for (const config::TargetGroup& group : model->target_groups) {
    for (const config::Target& target : group.targets) {
      const std::string* const name = name_of(target);
      if (name == nullptr || prepared.names.contains(*name)) continue;
      const auto found = known.find(*name);
      const Known nothing;
      const Known& meaning = found == known.end() ? nothing : found->second;
      if (meaning.addresses.empty())
        diagnostics.warning(target.text.at, "target_groups[" + group.name + "]",
                            "target " + target.text.value + ": " + meaning.error);
      prepared.names.emplace(*name, meaning.addresses);
    }
  }
  prepared.model = std::move(model);
  return prepared;
}

class Compiler {
 public:
  Compiler(Prepared prepared, const Snapshot* previous, observe::Metrics& metrics, targets::TargetTable& table,
           const RolloutShares& shares)
      : previous_(previous), metrics_(metrics), table_(table), shares_(shares), made_(new Snapshot(metrics)) {
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
    group->id = name_hash(from.name);
    group->state = table_.group_state(from.name);
    group->target_idle_timeout = from.target_idle_timeout;
    group->algorithm = from.load_balancing_algorithm_type;
    group->stickiness = from.stickiness;
    group->retries = from.retries;
    group->passive_health = from.passive_health;
    if (from.max_connections_per_target)
      group->max_connections = static_cast<std::uint32_t>(*from.max_connections_per_target);
    group->max_pending = static_cast<std::uint32_t>(from.max_pending);
    group->pending_timeout = from.pending_timeout;
    group->row = acquire(metrics_.groups(), {from.name}, made_->group_rows_);
    for (const config::Target& target : from.targets)
      for (const net::Endpoint& endpoint : made_->endpoints_of(target)) add_target(*group, endpoint);
    made_->groups_.push_back(std::move(group));
  }

  void add_target(targets::Group& group, const net::Endpoint& endpoint) {
    // Two names may resolve to one address: one target.
    for (const auto& already : group.targets)
      if (already->endpoint == endpoint) return;
    group.targets.push_back(table_.target(group.name, endpoint));
    made_->targets_.push_back(group.targets.back());
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
    route.scope = name_hash(listener + "/" + rule);
    std::vector<std::uint32_t> weights;
    for (const config::WeightedGroup& weighted : forward.groups) {
      const auto group = std::ranges::find(made_->groups_, weighted.name.value, &targets::Group::name);
      route.groups.push_back(*group);  // validate() saw to it that it exists
      route.rows.push_back(acquire(metrics_.routes(), {listener, rule, weighted.name.value}, made_->route_rows_));
      weights.push_back(static_cast<std::uint32_t>(weighted.weight));
    }
    const Route* const before = previous_route(listener, rule, forward);
    route.split = before != nullptr ? before->split : split_of(weights, forward.split);
    const auto share = shares_.find(listener + "/" + rule);
    if (share != shares_.end() && share->second.trial) {
      route.experiment = experiment_of(share->second, route, forward);
      return route;  // who spills to whom is the rollout's to say
    }
    if (!forward.failover) return route;
    if (before != nullptr) route.survivors = before->survivors;
    if (route.survivors.empty()) route.survivors = survivors_of(weights, forward.split);
    return route;
  }

  std::shared_ptr<const Experiment> experiment_of(const RolloutShare& share, const Route& route,
                                                  const rules::Forward& forward) const {
    const auto index_of = [&](const std::string& name) {
      return static_cast<std::size_t>(std::ranges::find(route.groups, name, &targets::Group::name) -
                                      route.groups.begin());
    };
    auto made = std::make_shared<Experiment>();
    made->trial = share.trial;
    made->stable = index_of(share.stable);
    made->canary = index_of(share.canary);
    made->coin = evidence::coin_of(share.weight.value_or(0) / double{config::kWholeRule}, share.tolerance);
    std::vector<std::uint32_t> stable_alone(route.groups.size());
    stable_alone[made->stable] = 1;
    made->without_canary = split_of(stable_alone, forward.split);
    const auto matches = made_->prepared_.matches.find(share.rollout);
    if (share.matches && matches != made_->prepared_.matches.end()) made->matches = matches->second;
    return made;
  }

  static std::shared_ptr<targets::Split> split_of(const std::vector<std::uint32_t>& weights, config::SplitMode mode) {
    return std::make_shared<targets::Split>(weights, mode, secure_random(), secure_random());
  }

  /// The splits among each set of groups that may be alive, so that none has to be made when one dies.
  static std::vector<std::shared_ptr<targets::Split>> survivors_of(const std::vector<std::uint32_t>& weights,
                                                                   config::SplitMode mode) {
    std::vector<std::shared_ptr<targets::Split>> survivors(std::size_t{1} << weights.size());
    for (std::size_t alive = 0; alive < survivors.size(); ++alive) {
      std::vector<std::uint32_t> left = weights;
      for (std::size_t i = 0; i < left.size(); ++i)
        if ((alive >> i & 1) == 0) left[i] = 0;
      const bool has_some = std::ranges::any_of(left, [](std::uint32_t weight) { return weight > 0; });
      if (has_some && left != weights) survivors[alive] = split_of(left, mode);
    }
    return survivors;
  }

  /// A split goes on where it was as long as (listener, rule, groups with weights, mode) stay.
  const Route* previous_route(const std::string& listener, const std::string& rule,
                              const rules::Forward& forward) const {
    if (previous_ == nullptr) return nullptr;
    const auto before = std::ranges::find(previous_->listeners_, listener, &Listener::name);
    if (before == previous_->listeners_.end()) return nullptr;
    for (const rules::Rule& candidate : before->rules->rules()) {
      if (candidate.name() != rule) continue;
      const auto* const same = std::get_if<rules::Forward>(&candidate.action());
      if (same != nullptr && same->groups == forward.groups && same->split == forward.split)
        return &before->routes[same->index];
    }
    return nullptr;
  }

  const Snapshot* previous_;
  observe::Metrics& metrics_;
  targets::TargetTable& table_;
  const RolloutShares& shares_;
  std::shared_ptr<Snapshot> made_;
};

std::shared_ptr<const Snapshot> compile(Prepared prepared, const std::vector<std::uint32_t>& bindings,
                                        const Snapshot* previous, observe::Metrics& metrics,
                                        targets::TargetTable& table, const RolloutShares& shares) {
  return Compiler(std::move(prepared), previous, metrics, table, shares).run(bindings);
}

}  // namespace kanaria::runtime
