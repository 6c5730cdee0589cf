// Control: the loop that carries no traffic. It owns the workers, the sockets and the store, publishes snapshots, and
// drains (control.cpp), reloads (reloading.cpp), and tells how things are (reporting.cpp, rollouts.cpp). Everything
// here runs on its thread, which is the one that called run().
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "config_file.hpp"
#include "kanaria/net/countdown.hpp"
#include "kanaria/runtime/store.hpp"
#include "kanaria/server/server.hpp"
#include "worker.hpp"

namespace kanaria::server {

class Control final : public Server, private runtime::Publisher, private Listener::Owner {
 public:
  explicit Control(std::string config_file);
  ~Control() override;

  End run(http::Handler& admin, http::Handler& read_only) override;
  bool ready() const override { return ready_; }
  bool has_snapshot() const override;
  net::Awaitable<Reloaded> reload(runtime::ChangeOptions options) override;
  std::string metrics() const override;
  const Tokens* tokens() const override { return tokens_ ? &*tokens_ : nullptr; }
  net::Awaitable<Changed> change_targets(const runtime::TargetChange& change) override;
  GroupTargets targets_of(const std::string& group) const override;
  net::Awaitable<WeightsChanged> change_weights(const runtime::WeightChange& change) override;
  std::optional<RuleWeights> weights_of(const std::string& listener, const std::string& rule,
                                        runtime::OverrideFault& fault) const override;
  std::vector<rollout::Report> rollouts() override;
  net::Awaitable<rollout::Changed> change_rollout(const rollout::Command& command) override;
  net::Awaitable<Status> status() override;
  const observe::ErrorLog& errors() override;
  const runtime::Snapshot& snapshot() const override;
  const config::Model& file() const override;
  std::shared_ptr<const config::Model> without_rollouts() const override;

 private:
  // Parts that exist once the first configuration is read; control's loop outlives the workers that post to it.
  struct Parts;
  class Retirement;

  net::Awaitable<void> start(Read read);
  net::Awaitable<void> restore(const config::Model& model);
  net::Awaitable<void> drain();
  void on_signal(int signal);
  net::Awaitable<void> reload_by_signal();
  net::Awaitable<void> follow_names();
  net::Awaitable<void> retire(std::uint32_t binding, Milliseconds timeout);
  void begin_drain();
  /// Posts the call to every worker.
  void for_each_worker(const std::function<void(Worker&)>& call);
  /// The same, and returns when all have carried it out.
  net::Awaitable<void> all_workers(std::function<void(Worker&)> call);
  /// Returns what went wrong, or "".
  std::string listen_admin(std::uint32_t binding, std::string_view key, const config::AdminListen& listen);
  void log(const config::Loaded& loaded) const;
  /// What runs, in a few words for the service manager.
  std::string in_force() const;
  /// In force with the snapshot that has these settings.
  void limit_connections(const config::LoadBalancer& settings);
  void note_applied(const config::Loaded& loaded, const runtime::ChangeOptions& options);
  void add_traffic(const std::string& listener, const std::string& rule, RuleWeights& weights) const;
  void add_rollout(RuleWeights& weights) const;
  void add_rollouts(observe::ProcessFacts& facts) const;

  // runtime::Publisher
  std::vector<std::uint32_t> bind(const config::Model& model, config::Diagnostics& diagnostics) override;
  net::Awaitable<void> publish(std::shared_ptr<const runtime::Snapshot> snapshot) override;

  // Listener::Owner, of the admin listeners
  http::Handler& handler(std::uint32_t binding) override;
  /// Who looks after us gets in when clients don't: these are not among max_connections, and each address has its own
  /// few, so that none can take the descriptors of traffic, nor those of the other.
  bool let_in(std::uint32_t binding) override;
  observe::ListenerRow* row(std::uint32_t) override { return nullptr; }
  const runtime::Listener* configured(std::uint32_t) override { return nullptr; }
  void ended(std::uint32_t binding) override;

  std::string config_file_;
  std::unique_ptr<Parts> parts_;
  End end_ = End::Drained;
  bool ready_ = false;
  bool draining_ = false;
  bool reload_again_ = false;
  bool reloading_ = false;
  Time drain_began_{};
  std::uint64_t descriptors_ = 0;  // how many this process may open, since its start
  observe::ProcessFacts facts_;
  std::optional<Tokens> tokens_;
  std::string applied_by_;
  std::uint64_t config_number_ = 0;
  std::string damaged_state_;
  Time began_ = std::chrono::steady_clock::now();
};

}  // namespace kanaria::server
