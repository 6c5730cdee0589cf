// The configuration, compiled: what a request reads, and nothing that changes. compile() makes one from a model and
// shares every unchanged piece with the one before, so that a snapshot pinned by a long WebSocket costs only what
// changed, and a split whose weights were left alone goes on where it was. Made and destroyed on control; read by all
// workers between, who pin it with a SnapshotPin.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/config/model.hpp"
#include "kanaria/cookies/key_ring.hpp"
#include "kanaria/http/exchange.hpp"
#include "kanaria/http/headers.hpp"
#include "kanaria/observe/metrics.hpp"
#include "kanaria/rules/network.hpp"
#include "kanaria/rules/rule_table.hpp"
#include "kanaria/runtime/names.hpp"
#include "kanaria/runtime/rollout_shares.hpp"
#include "kanaria/targets/split.hpp"
#include "kanaria/targets/target.hpp"
#include "kanaria/targets/target_table.hpp"

namespace kanaria::runtime {

/// A rollout's `match`, compiled.
struct RolloutMatch {
  std::vector<rules::Condition> conditions;  // all must hold
  std::string target_group;
};

/// What a rollout in progress does to the requests of a route.
struct Experiment {
  std::shared_ptr<evidence::Trial> trial;
  evidence::Coin coin;     // of the weights in force
  std::size_t stable = 0;  // indexes of Route::groups, by role
  std::size_t canary = 0;
  std::shared_ptr<targets::Split> without_canary;            // all for stable, while the canary can't have its share
  std::shared_ptr<const std::vector<RolloutMatch>> matches;  // null: none are in force
};

/// The live parts of one forward action.
struct Route {
  std::uint64_t scope = 0;  // name_hash() of LISTENER/RULE: whose cookies' entries are this rule's
  std::shared_ptr<targets::Split> split;
  /// With failover, what splits where only some groups are alive: by their set, a bit for each as in `groups`. Null for
  /// sets that have none of the weight or all of it, and then `split` does.
  std::vector<std::shared_ptr<targets::Split>> survivors;
  std::vector<std::shared_ptr<const targets::Group>> groups;  // as Forward::groups
  std::vector<std::uint32_t> rows;                            // of (listener, rule, group), as Forward::groups
  std::shared_ptr<const Experiment> experiment;               // null: no rollout is in progress
};

/// A place to listen at. Its id is dense, and its own as long as the daemon listens there: connections refer to it,
/// over reloads.
struct Binding {
  std::optional<boost::asio::ip::address> address;  // none: both families
  std::uint16_t port = 0;
  friend bool operator==(const Binding&, const Binding&) = default;
};

/// Whose connections must begin with a PROXY header.
class ProxyProtocol {
 public:
  ProxyProtocol() = default;  // nobody's
  explicit ProxyProtocol(const config::ProxyProtocol& written);
  /// Off: a client like any other, or a balancer that isn't trusted.
  config::ProxyVersion expected_from(const boost::asio::ip::address& peer) const;

 private:
  config::ProxyVersion version_ = config::ProxyVersion::Off;
  std::vector<rules::Network> trusted_;
};

struct Listener {
  std::string name;
  std::shared_ptr<const rules::RuleTable> rules;
  std::vector<Route> routes;             // by rules::Forward::index
  std::vector<std::uint32_t> rule_rows;  // of (listener, rule, no group), by rules::Rule::index
  http::ForwardingPolicy policy;
  ProxyProtocol proxy_protocol;
  std::uint32_t row = 0;
};

/// What can be made of a model without control: rule tables and resolved names. On the blocking thread.
struct Prepared {
  std::shared_ptr<const config::Model> model;
  std::vector<std::shared_ptr<const rules::RuleTable>> tables;         // as model->listeners
  std::map<std::string, std::vector<boost::asio::ip::address>> names;  // of targets given by name
  std::shared_ptr<const cookies::KeyRing> keys;                        // null: no cookies are sealed
  /// By the name of the rollout.
  std::map<std::string, std::shared_ptr<const std::vector<RolloutMatch>>> matches;
};

class Snapshot {
 public:
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

  std::uint64_t revision() const { return revision_; }
  const config::Model& model() const { return *prepared_.model; }
  const config::LoadBalancer& settings() const { return model().load_balancer; }
  /// Null: no cookies are sealed.
  const std::shared_ptr<const cookies::KeyRing>& keys() const { return prepared_.keys; }
  const http::ConnectionPolicy& connection_policy() const { return connection_policy_; }
  /// Null: that binding has no listener any more.
  const Listener* listener(std::uint32_t binding) const {
    return binding < by_binding_.size() ? by_binding_[binding] : nullptr;
  }
  const std::vector<std::shared_ptr<const targets::Target>>& targets() const { return targets_; }
  const std::vector<Listener>& listeners() const { return listeners_; }
  /// As model().target_groups.
  const std::vector<std::shared_ptr<const targets::Group>>& groups() const { return groups_; }
  /// Where a target of the model is: nowhere, while its name can't be resolved.
  std::vector<net::Endpoint> endpoints_of(const config::Target& target) const;

 private:
  friend class Compiler;
  explicit Snapshot(observe::Metrics& metrics) : metrics_(metrics) {}

  observe::Metrics& metrics_;
  std::uint64_t revision_ = 0;
  Prepared prepared_;
  http::ConnectionPolicy connection_policy_;
  std::vector<Listener> listeners_;
  std::vector<const Listener*> by_binding_;
  std::vector<std::shared_ptr<const targets::Group>> groups_;
  std::vector<std::shared_ptr<const targets::Target>> targets_;  // each once a group
  // Rows acquired from the tables, to be released.
  std::vector<std::uint32_t> route_rows_, group_rows_;
};

/// The names of the model's targets, with the smallest dns_max_ttl of the groups that use each.
Names::Wanted names_of(const config::Model& model);

/// Everything that needs no control: compiles rule tables, taking over those of `previous` whose listener is the same,
/// and takes what the model's names mean from `known`; a name without an address is a warning. Blocking. No model in
/// the result: `diagnostics` has errors.
Prepared prepare(std::shared_ptr<const config::Model> model, unsigned workers, const Snapshot* previous,
                 const std::map<std::string, Known>& known, config::Diagnostics& diagnostics);

/// The snapshot of a prepared model. `bindings`: the ids of the listeners' places, as model->listeners. `previous` may
/// be null. `table` has the targets that are known already, and gets new ones. `shares`: applied to the model already.
/// On control.
std::shared_ptr<const Snapshot> compile(Prepared prepared, const std::vector<std::uint32_t>& bindings,
                                        const Snapshot* previous, observe::Metrics& metrics,
                                        targets::TargetTable& table, const RolloutShares& shares = {});

}  // namespace kanaria::runtime
