#include "control.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <csignal>
#include <cstdio>

#include "kanaria/config/print.hpp"
#include "kanaria/config/text.hpp"
#include "kanaria/net/signals.hpp"
#include "kanaria/net/spawn.hpp"
#include "kanaria/rules/check.hpp"
#include "logging.hpp"
#include "notify.hpp"
#include "target_control.hpp"
#include "targets_by_hand.hpp"

namespace kanaria::server {
namespace {

// Second signals come in pairs from some supervisors; only one that comes later means "now".
constexpr std::chrono::seconds kImpatient{1};
// What a drain may take besides its two time-outs: a change in progress, the access log.
constexpr std::chrono::seconds kDrainSlack{5};
constexpr std::uint32_t kAdminBinding = 0;
constexpr std::initializer_list<int> kHandled{SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR1, SIGUSR2};

// FNV-1a, 64 bits: to tell one configuration from another, not a secret.
std::string hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return std::string(digits, 12);
}

/// The file with every fault that it has.
config::Loaded load(const std::string& file) {
  config::Loaded loaded = config::load(file, config::process_environment());
  if (!loaded.model) rules::check_patterns(loaded.draft, loaded.diagnostics);
  return loaded;
}

/// Instead of resolv.conf's: KANARIA_DNS_SERVERS.
std::string name_servers() {
  return config::process_environment()("KANARIA_DNS_SERVERS").value_or("");
}

/// "1 worker", "2 workers".
std::string counted(std::size_t count, std::string_view noun) {
  return std::to_string(count) + " " + std::string(noun) + (count == 1 ? "" : "s");
}

}  // namespace

/// Connections of a place that is gone are ended when this expires.
class Server::Control::Retirement final : public net::Wheel::Entry {
 public:
  Retirement(Control& control, std::uint32_t binding) : control_(control), binding_(binding) {}

 private:
  void expire() override;
  Control& control_;
  std::uint32_t binding_;
};

struct Server::Control::Parts {
  Parts(unsigned worker_count, runtime::Publisher& publisher, std::function<void(int)> on_signal,
        std::function<void()> on_names)
      : metrics(worker_count),
        access_log(worker_count),
        signals(control, kHandled, std::move(on_signal)),
        targets(control, metrics, [this](std::shared_ptr<const targets::Target> target) { abort_everywhere(target); }),
        names(control, name_servers(), std::move(on_names)),
        store(control, blocking, publisher, metrics, targets.table(), names, worker_count),
        bindings(worker_count) {
    for (unsigned i = 0; i < worker_count; ++i)
      workers.push_back(std::make_unique<Worker>(
          i, metrics.worker(i), access_log.lane(i),
          [this](std::shared_ptr<const runtime::Snapshot> snapshot) {
            // Freed on control, which made it.
            control.post([freed = std::move(snapshot)]() mutable { freed.reset(); });
          },
          connection_limit));
    for (auto& worker : workers)
      worker->set_shed_elsewhere(
          [this, &asking = *worker](const targets::Target& target) { return shed_elsewhere(asking, target); });
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
  Bindings bindings;
  ConnectionLimit connection_limit;
  std::vector<std::unique_ptr<Worker>> workers;
  net::OwnedSocket admin_socket;
  std::string admin_path;  // of a Unix socket, to be removed
  std::shared_ptr<Listener> admin_listener;
  Connections admin_connections;
  std::vector<std::unique_ptr<Retirement>> retirements;
};

Server::Control::Control(std::string config_file) : config_file_(std::move(config_file)) {}

Server::Control::~Control() = default;

Server::End Server::Control::run(http::Handler& admin) {
  admin_ = &admin;
  // Until they are handled these must not end us; TERM may, while names are looked up.
  for (const int signal : {SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2}) std::signal(signal, SIG_IGN);
  config::Loaded loaded = load(config_file_);
  if (!loaded.model) {
    std::fputs(config::render(loaded).c_str(), stderr);
    return End::BadConfiguration;
  }
  net::hold_signals(kHandled);
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) std::signal(signal, SIG_DFL);  // what is ignored is never told
  const std::optional<int> wanted = loaded.model->workers;
  set_up_logging(loaded.model->log);
  descriptors_ = net::raise_descriptor_limit();
  const unsigned workers = wanted ? static_cast<unsigned>(*wanted) : automatic_workers();
  runtime::Publisher& publisher = *this;
  parts_ = std::make_unique<Parts>(
      workers, publisher, [this](int signal) { on_signal(signal); },
      [this] { net::spawn(parts_->control, follow_names()); });
  note_reload(true, loaded);
  for (auto& worker : parts_->workers) worker->start();
  net::spawn(parts_->control, start(std::move(loaded)));
  parts_->control.run();
  for (auto& worker : parts_->workers) worker->join();
  parts_->access_log.stop();
  spdlog::info(end_ == End::Drained ? "stopped" : "could not start");
  return end_;
}

net::Awaitable<void> Server::Control::start(config::Loaded loaded) {
  auto model = std::make_shared<const config::Model>(std::move(*loaded.model));
  const std::string failure = listen_admin(model->admin);
  if (!failure.empty()) {
    spdlog::error("{}", failure);
    end_ = End::CouldNotStart;
    co_return begin_drain();
  }
  const runtime::Store::Edit edit = [&](const auto&) { return model; };
  const runtime::Outcome outcome = co_await parts_->store.change(edit, std::nullopt);
  loaded.diagnostics = outcome.diagnostics;
  if (draining_) co_return;
  if (!parts_->store.current()) {
    std::fputs(config::render(loaded).c_str(), stderr);
    end_ = outcome.status == runtime::Outcome::Status::Faulty ? End::BadConfiguration : End::CouldNotStart;
    co_return begin_drain();
  }
  log(loaded);
  ready_ = true;
  spdlog::info("ready: {}, {}, configuration {} ({})", counted(parts_->workers.size(), "worker"),
               counted(model->listeners.size(), "listener"), config_file_, facts_.config_hash);
  notify_ready("ready: " + in_force());
  if (reload_again_) net::spawn(parts_->control, reload_by_signal());  // HUP came early
}

/// What was found in the file, one line each.
void Server::Control::log(const config::Loaded& loaded) const {
  for (const config::Diagnostic& found : loaded.diagnostics.sorted()) {
    const std::string place =
        found.at.line == 0 ? "" : ":" + std::to_string(found.at.line) + ":" + std::to_string(found.at.column);
    const auto level = found.severity == config::Severity::Error ? spdlog::level::err : spdlog::level::warn;
    spdlog::log(level, "{}{}: {}", loaded.file, place, found.message);
  }
}

std::string Server::Control::listen_admin(const config::Admin& admin) {
  net::Listening listening;
  if (const auto* const tcp = std::get_if<config::TcpAddress>(&admin.listen)) {
    listening = net::listen_tcp(tcp->address, tcp->port, 1);
  } else if (const auto* const path = std::get_if<config::UnixPath>(&admin.listen)) {
    listening = net::listen_unix(path->path);
    if (!listening.error) parts_->admin_path = path->path;
  } else {
    return {};
  }
  if (listening.error) return "admin: " + listening.error->message;
  parts_->admin_socket = std::move(listening.sockets.front());
  Listener::Owner& owner = *this;
  parts_->admin_listener = std::make_shared<Listener>(parts_->control, parts_->admin_socket.get(), kAdminBinding,
                                                      parts_->admin_connections, owner);
  parts_->admin_listener->start();
  return {};
}

std::vector<std::uint32_t> Server::Control::bind(const config::Model& model, config::Diagnostics& diagnostics) {
  std::vector<std::uint32_t> ids = parts_->bindings.bind(model, diagnostics);
  if (!diagnostics.has_errors()) {
    const std::string failure = configure_logs(model, parts_->access_log);
    if (!failure.empty()) diagnostics.error({}, "access_logs", failure);
  }
  if (diagnostics.has_errors()) parts_->bindings.forget_new();
  return ids;
}

net::Awaitable<void> Server::Control::publish(std::shared_ptr<const runtime::Snapshot> snapshot) {
  // Places that nobody takes from yet, with a socket a worker.
  std::vector<std::pair<std::uint32_t, std::vector<int>>> fresh;
  for (auto& [id, place] : parts_->bindings.places()) {
    if (std::exchange(place.listening, true)) continue;
    auto& sockets = fresh.emplace_back(id, std::vector<int>()).second;
    for (const net::OwnedSocket& socket : place.sockets) sockets.push_back(socket.get());
  }
  std::function<void(Worker&)> install = [&](Worker& worker) {
    worker.install(snapshot);
    for (const auto& [binding, sockets] : fresh) worker.listen(binding, sockets[worker.loop().index()]);
  };
  limit_connections(snapshot->settings());
  parts_->targets.install(*snapshot);
  co_await all_workers(std::move(install));
  parts_->targets.settle();
  for (const std::uint32_t id : parts_->bindings.unused(snapshot->model()))
    co_await retire(id, snapshot->settings().drain_timeout);
}

void Server::Control::limit_connections(const config::LoadBalancer& settings) {
  const std::uint64_t most = max_connections_of(settings, descriptors_);
  if (most == parts_->connection_limit.most()) return;
  parts_->connection_limit.set(most);
  if (most > descriptors_)
    spdlog::warn("max_connections: {} is more than the {} descriptors that this process may open", most, descriptors_);
}

/// A place that a reload removed: its queue is taken and its sockets close now; its connections have until the
/// time-out.
net::Awaitable<void> Server::Control::retire(std::uint32_t binding, Milliseconds timeout) {
  std::function<void(Worker&)> stop = [binding](Worker& worker) { worker.stop_listening(binding); };
  co_await all_workers(std::move(stop));
  parts_->bindings.close(binding);
  parts_->retirements.push_back(std::make_unique<Retirement>(*this, binding));
  parts_->control.wheel().schedule(*parts_->retirements.back(), parts_->control.wheel().now() + ticks_of(timeout));
}

void Server::Control::Retirement::expire() {
  control_.for_each_worker([binding = binding_](Worker& worker) { worker.abort(binding); });
  std::erase_if(control_.parts_->retirements, [this](const auto& mine) { return mine.get() == this; });
}

void Server::Control::for_each_worker(const std::function<void(Worker&)>& call) {
  for (auto& worker : parts_->workers) worker->loop().post([&worker = *worker, call] { call(worker); });
}

net::Awaitable<void> Server::Control::all_workers(std::function<void(Worker&)> call) {
  net::Countdown done(parts_->control, parts_->workers.size());
  for_each_worker([&call, &done, &control = parts_->control](Worker& worker) {
    call(worker);
    control.post([&done] { done.done(); });
  });
  co_await done.wait();
}

net::Awaitable<Reloaded> Server::Control::reload(std::string who) {
  if (ready_) notify_reloading();
  auto read = [&] { return load(config_file_); };
  config::Loaded loaded = co_await parts_->blocking.run(parts_->control, read);
  runtime::Outcome outcome;
  outcome.status = runtime::Outcome::Status::Faulty;
  if (loaded.model) {
    auto model = std::make_shared<const config::Model>(std::move(*loaded.model));
    const runtime::Store::Edit edit = [&](const auto&) { return model; };
    outcome = co_await parts_->store.change(edit, std::nullopt);
    loaded.diagnostics = outcome.diagnostics;
  }
  log(loaded);
  Reloaded result{outcome.status, {}, {}, {}};
  for (const config::Diagnostic& found : loaded.diagnostics.sorted()) {
    auto& list = found.severity == config::Severity::Error ? result.faults : result.warnings;
    list.push_back(config::render(found, loaded.file, loaded.text));
  }
  const bool success = result.faults.empty();
  note_reload(success, loaded);
  if (success) {
    result.changes = std::move(outcome.changes);
    for (const std::string& change : result.changes) spdlog::info("reload by {}: {}", who, change);
    spdlog::info("reload by {} applied: {}, configuration {}", who, counted(result.changes.size(), "change"),
                 facts_.config_hash);
    log_overrides(parts_->store);
  } else {
    spdlog::error("reload by {} refused, nothing was changed: {}", who, counted(result.faults.size(), "fault"));
  }
  // A drain that began meanwhile has said its own word, and that is the last one.
  if (ready_) {
    notify_ready(success ? "ready: " + in_force()
                         : "reload refused: " + counted(result.faults.size(), "fault") + "; in force: " + in_force());
  }
  co_return result;
}

net::Awaitable<TargetsChanged> Server::Control::change_targets(const runtime::TargetChange& change) {
  return server::change_targets(parts_->store, change);
}

GroupTargets Server::Control::targets_of(const std::string& group) const {
  return server::targets_of(parts_->store, parts_->targets.table(), group);
}

std::string Server::Control::in_force() const {
  return counted(parts_->store.current()->listeners().size(), "listener") + ", configuration " + facts_.config_hash;
}

void Server::Control::note_reload(bool success, const config::Loaded& loaded) {
  facts_.last_reload_success = success;
  if (!success) return;
  facts_.last_reload = std::chrono::system_clock::now();
  facts_.config_hash = hash_of(loaded.text);
}

std::string Server::Control::metrics() const {
  observe::ProcessFacts facts = facts_;
  facts.access_log_dropped = parts_->access_log.dropped();
  if (const auto& current = parts_->store.current())
    for (const runtime::Listener& listener : current->listeners())
      for (const runtime::Route& route : listener.routes)
        for (std::size_t i = 0; i < route.rows.size(); ++i)
          facts.split_weights.push_back({route.rows[i], route.split->weight(i)});
  for (const targets::TargetTable::GroupReport& group : parts_->targets.table().report()) {
    std::array<std::uint64_t, targets::kHealthStates> counts{};
    for (const auto& target : group.targets) ++counts[static_cast<std::size_t>(target.state)];
    for (std::size_t state = 0; state < counts.size(); ++state)
      facts.target_counts.push_back(
          {group.name, targets::name_of(static_cast<targets::HealthState>(state)), counts[state]});
    facts.ejections.push_back({group.name, group.ejections});
  }
  return parts_->metrics.text(facts);
}

void Server::Control::on_signal(int signal) {
  switch (signal) {
    case SIGHUP:
      if (draining_) {
        spdlog::warn("HUP: ignored, kanaria is stopping");
        break;
      }
      // More of them while one is carried out make one more.
      reload_again_ = true;
      if (!reloading_ && ready_) net::spawn(parts_->control, reload_by_signal());
      break;
    case SIGUSR1: reopen(parts_->access_log); break;
    case SIGUSR2: spdlog::warn("USR2: binary upgrade is not available yet"); break;
    default:
      if (!draining_) {
        spdlog::info("{}: draining", signal == SIGTERM ? "TERM" : signal == SIGINT ? "INT" : "QUIT");
        begin_drain();
      } else if (std::chrono::steady_clock::now() - drain_began_ >= kImpatient) {
        spdlog::warn("second signal: exit now");
        std::_Exit(1);
      }
  }
}

/// Names mean other addresses: the same configuration, compiled anew.
net::Awaitable<void> Server::Control::follow_names() {
  const runtime::Store::Edit same = [](const auto& file) { return file; };
  if (!ready_) co_return;
  const runtime::Outcome outcome = co_await parts_->store.change(same, std::nullopt);
  for (const config::Diagnostic& found : outcome.diagnostics.sorted())
    if (found.severity == config::Severity::Error)
      spdlog::error("the new addresses of names are not taken: {}", found.message);
}

net::Awaitable<void> Server::Control::reload_by_signal() {
  reloading_ = true;
  while (reload_again_ && ready_) {
    reload_again_ = false;
    co_await reload("HUP");
  }
  reloading_ = false;
}

void Server::Control::begin_drain() {
  draining_ = true;
  drain_began_ = std::chrono::steady_clock::now();
  const config::LoadBalancer settings =
      parts_->store.current() ? parts_->store.current()->settings() : config::LoadBalancer();
  notify_stopping(settings.drain_delay + settings.drain_timeout + kDrainSlack);
  net::spawn(parts_->control, drain());
}

net::Awaitable<void> Server::Control::drain() {
  const bool was_ready = std::exchange(ready_, false);
  config::LoadBalancer settings;
  if (parts_->store.current()) settings = parts_->store.current()->settings();
  co_await parts_->store.close();  // a change in progress still needs the workers
  if (was_ready) {
    net::Countdown delay(parts_->control, 1);
    co_await delay.wait(settings.drain_delay);
  }
  net::Countdown empty(parts_->control, parts_->workers.size());
  std::function<void(Worker&)> drain_worker = [&](Worker& worker) {
    worker.drain([&control = parts_->control, &empty] { control.post([&empty] { empty.done(); }); });
  };
  co_await all_workers(std::move(drain_worker));
  parts_->bindings.places().clear();  // from here on connects are refused
  co_await empty.wait(settings.drain_timeout);
  if (!empty.reached()) {
    spdlog::warn("drain_timeout is over: ending the requests in flight");
    for_each_worker([](Worker& worker) { worker.abort_all(); });
    co_await empty.wait();
  }
  for_each_worker([](Worker& worker) { worker.close(); });
  co_await parts_->targets.close();
  if (parts_->admin_listener) parts_->admin_listener->stop();
  if (!parts_->admin_path.empty()) std::remove(parts_->admin_path.c_str());
  parts_->admin_connections.abort(Fault::ShuttingDown);
  parts_->control.stop();
}

}  // namespace kanaria::server
