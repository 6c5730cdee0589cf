// Control: the loop that carries no traffic. It owns the workers, the sockets and the store, publishes snapshots, and
// drains. Everything here runs on its thread, which is the one that called run().
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "bindings.hpp"
#include "kanaria/net/countdown.hpp"
#include "kanaria/runtime/store.hpp"
#include "kanaria/server/server.hpp"
#include "worker.hpp"

namespace kanaria::server {

class Server::Control final : private runtime::Publisher, private Listener::Owner {
 public:
  explicit Control(std::string config_file);
  ~Control();

  End run(http::Handler& admin);
  net::Awaitable<Reloaded> reload(std::string who);
  net::Awaitable<TargetsChanged> change_targets(const runtime::TargetChange& change);
  GroupTargets targets_of(const std::string& group) const;
  bool ready() const { return ready_; }
  std::string metrics() const;

 private:
  // Parts that exist once the first configuration is read; control's loop outlives the workers that post to it.
  struct Parts;
  class Retirement;

  net::Awaitable<void> start(config::Loaded loaded);
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
  std::string listen_admin(const config::Admin& admin);
  void log(const config::Loaded& loaded) const;
  /// What runs, in a few words for the service manager.
  std::string in_force() const;
  /// In force with the snapshot that has these settings.
  void limit_connections(const config::LoadBalancer& settings);
  void note_reload(bool success, const config::Loaded& loaded);

  // runtime::Publisher
  std::vector<std::uint32_t> bind(const config::Model& model, config::Diagnostics& diagnostics) override;
  net::Awaitable<void> publish(std::shared_ptr<const runtime::Snapshot> snapshot) override;

  // Listener::Owner, of the admin listener
  http::Handler& handler(std::uint32_t) override { return *admin_; }
  bool let_in() override { return true; }  // who looks after us gets in when clients don't
  observe::ListenerRow* row(std::uint32_t) override { return nullptr; }
  const runtime::Listener* configured(std::uint32_t) override { return nullptr; }
  void ended() override {}

  std::string config_file_;
  http::Handler* admin_ = nullptr;
  std::unique_ptr<Parts> parts_;
  End end_ = End::Drained;
  bool ready_ = false;
  bool draining_ = false;
  bool reload_again_ = false;
  bool reloading_ = false;
  Time drain_began_{};
  std::uint64_t descriptors_ = 0;  // how many this process may open, since its start
  observe::ProcessFacts facts_;
};

}  // namespace kanaria::server
