// What control is made of, once the first configuration is read. Its loop outlives the workers that post to it.
#pragma once

#include <array>
#include <csignal>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "bindings.hpp"
#include "config_file.hpp"
#include "control.hpp"
#include "kanaria/config/parse.hpp"
#include "kanaria/net/signals.hpp"
#include "kanaria/rollout/controller.hpp"
#include "observer.hpp"
#include "target_control.hpp"
#include "weights_by_hand.hpp"
#include "worker.hpp"

namespace kanaria::server {

constexpr std::initializer_list<int> kHandledSignals{SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2};

/// Instead of resolv.conf's: KANARIA_DNS_SERVERS.
inline std::string name_servers() {
  return config::process_environment()("KANARIA_DNS_SERVERS").value_or("");
}

/// Connections of a place that is gone are ended when this expires.
class Control::Retirement final : public net::Wheel::Entry {
 public:
  Retirement(Control& control, std::uint32_t binding) : control_(control), binding_(binding) {}

 private:
  void expire() override;
  Control& control_;
  std::uint32_t binding_;
};

struct Control::Parts {
  Parts(unsigned worker_count, const std::string& file, runtime::Publisher& publisher,
        std::function<void(int)> on_signal, std::function<void()> on_names)
      : metrics(worker_count),
        access_log(worker_count),
        signals(control, kHandledSignals, std::move(on_signal)),
        targets(control, metrics,
                [this](const std::shared_ptr<const targets::Target>& target) { abort_everywhere(target); }),
        names(control, name_servers(), std::move(on_names)),
        store(control, blocking, publisher, metrics, targets.table(), names, worker_count),
        weights(control, store, targets.table()),
        rollouts(control, store, journal, worker_count),
        observer(control, metrics, access_log, worker_count),
        config_file(control, file),
        bindings(worker_count) {
    for (unsigned i = 0; i < worker_count; ++i)
      workers.push_back(std::make_unique<Worker>(
          i, metrics.worker(i), access_log.lane(i), observer.errors().lane(i),
          [this](std::shared_ptr<const runtime::Snapshot> snapshot) {
            // Freed on control, which made it.
            control.post([freed = std::move(snapshot)]() mutable { freed.reset(); });
          },
          connection_limit));
    for (auto& worker : workers)
      worker->set_shed_elsewhere(
          [this, &asking = *worker](const targets::Target& target) { return shed_elsewhere(asking, target); });
    store.set_steering(rollouts);
  }

  /// On the asking worker's thread.
  net::Awaitable<void> shed_elsewhere(Worker& asking, const targets::Target& target) {
    net::Countdown done(asking.loop(), workers.size() - 1);
    for (auto& worker : workers) {
      if (worker.get() == &asking) continue;
      worker->loop().post([&other = *worker, &asking, &target, &done] {
        other.shed(target);
        asking.loop().post([&done] { done.done(); });
      });
    }
    co_await done.wait();
  }

  void abort_everywhere(const std::shared_ptr<const targets::Target>& target) {
    for (auto& worker : workers) worker->loop().post([&worker = *worker, target] { worker.abort(*target); });
  }

  observe::Metrics metrics;
  observe::AccessLog access_log;
  net::Loop control;
  net::Signals signals;
  net::Blocking blocking;
  TargetControl targets;
  runtime::Names names;
  runtime::Store store;
  WeightsByHand weights;
  net::Blocking journal;  // a thread of its own: what takes a canary back waits for no name
  rollout::Controller rollouts;
  Observer observer;
  ConfigFile config_file;
  Bindings bindings;
  ConnectionLimit connection_limit;
  std::vector<std::unique_ptr<Worker>> workers;
  /// Of the admin address and of the read-only one, by its binding.
  struct AdminPlace {
    net::OwnedSocket socket;
    std::string path;  // of a Unix socket, to be removed
    std::shared_ptr<Listener> listener;
    http::Handler* handler = nullptr;
    unsigned connections = 0;
  };
  std::array<AdminPlace, 2> admin;
  Connections admin_connections;
  std::vector<std::unique_ptr<Retirement>> retirements;
};

}  // namespace kanaria::server
