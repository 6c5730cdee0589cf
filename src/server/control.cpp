#include "control.hpp"

#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>

#include "kanaria/config/print.hpp"
#include "kanaria/net/spawn.hpp"
#include "logging.hpp"

namespace kanaria::server {
namespace {

// Second signals come in pairs from some supervisors; only one that comes later means "now".
constexpr std::chrono::seconds kImpatient{1};
constexpr std::uint32_t kAdminBinding = 0;

// FNV-1a, 64 bits: to tell one configuration from another, not a secret.
std::string hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return std::string(digits, 12);
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
  Parts(unsigned worker_count, runtime::Publisher& publisher)
      : metrics(worker_count),
        access_log(worker_count),
        signals(control.executor()),
        store(control, blocking, publisher, metrics, worker_count),
        bindings(worker_count) {
    for (unsigned i = 0; i < worker_count; ++i)
      workers.push_back(std::make_unique<Worker>(
          i, metrics.worker(i), access_log.lane(i), [this](std::shared_ptr<const runtime::Snapshot> snapshot) {
            // Freed on control, which made it.
            control.post([freed = std::move(snapshot)]() mutable { freed.reset(); });
          }));
  }

  observe::Metrics metrics;
  observe::AccessLog access_log;
  net::Loop control;
  net::asio::basic_signal_set<net::Executor> signals;
  net::Blocking blocking;
  runtime::Store store;
  Bindings bindings;
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
  config::Loaded loaded = config::load(config_file_, config::process_environment());
  if (!loaded.diagnostics.empty()) std::fputs(config::render(loaded).c_str(), stderr);
  if (!loaded.model) return End::BadConfiguration;
  const auto model = std::make_shared<const config::Model>(std::move(*loaded.model));

  std::signal(SIGPIPE, SIG_IGN);
  set_up_logging(model->log);
  net::raise_descriptor_limit();
  const unsigned workers = model->workers ? static_cast<unsigned>(*model->workers) : automatic_workers();
  runtime::Publisher& publisher = *this;
  parts_ = std::make_unique<Parts>(workers, publisher);
  note_reload(true, loaded);
  for (const int signal : {SIGHUP, SIGTERM, SIGINT, SIGQUIT, SIGUSR2}) parts_->signals.add(signal);
  wait_for_signal();
  for (auto& worker : parts_->workers) worker->start();
  net::spawn(parts_->control, start(model));
  parts_->control.run();
  for (auto& worker : parts_->workers) worker->join();
  parts_->access_log.stop();
  spdlog::info(end_ == End::Drained ? "stopped" : "could not start");
  return end_;
}

net::Awaitable<void> Server::Control::start(std::shared_ptr<const config::Model> model) {
  std::string failure = listen_admin(model->admin.address);
  if (failure.empty()) failure = configure_logs(*model);
  if (failure.empty()) {
    const runtime::Store::Edit edit = [&](const config::Model*) { return model; };
    const runtime::Outcome outcome = co_await parts_->store.change(edit, std::nullopt);
    for (const std::string& warning : outcome.warnings) spdlog::warn("{}", warning);
    failure = outcome.refusal;
    if (outcome.status == runtime::Outcome::Status::Faulty) {
      config::Loaded faulty = config::load(config_file_, config::process_environment());
      faulty.diagnostics = outcome.diagnostics;
      std::fputs(config::render(faulty).c_str(), stderr);
      end_ = End::BadConfiguration;
      begin_drain();
      co_return;
    }
  }
  if (!failure.empty()) {
    spdlog::error("{}", failure);
    end_ = End::CouldNotStart;
    begin_drain();
    co_return;
  }
  if (draining_) co_return;
  ready_ = true;
  spdlog::info("ready: {} worker{}, {} listener{}, configuration {} ({})", parts_->workers.size(),
               parts_->workers.size() == 1 ? "" : "s", model->listeners.size(), model->listeners.size() == 1 ? "" : "s",
               config_file_, facts_.config_hash);
}

std::string Server::Control::listen_admin(const std::string& address) {
  if (address == "none") return {};
  net::Listening listening;
  if (address.starts_with("unix:")) {
    listening = net::listen_unix(address.substr(5));
    if (!listening.error) parts_->admin_path = address.substr(5);
  } else {
    const auto colon = address.rfind(':');
    std::string host = address.substr(0, colon);
    if (host.starts_with('[')) host = host.substr(1, host.size() - 2);
    listening = net::listen_tcp(net::asio::ip::make_address(host),
                                static_cast<std::uint16_t>(std::stoul(address.substr(colon + 1))), 1);
  }
  if (listening.error) return "admin: " + listening.error->message;
  parts_->admin_socket = std::move(listening.sockets.front());
  Listener::Owner& owner = *this;
  parts_->admin_listener = std::make_shared<Listener>(parts_->control, parts_->admin_socket.get(), kAdminBinding,
                                                      parts_->admin_connections, owner);
  parts_->admin_listener->start();
  return {};
}

std::string Server::Control::configure_logs(const config::Model& model) {
  set_up_logging(model.log);
  const std::string failure = parts_->access_log.configure(model.access_logs.enabled, model.access_logs.path);
  return failure.empty() ? failure : "access_logs: " + failure;
}

std::string Server::Control::bind(const config::Model& model, std::vector<std::uint32_t>& bindings) {
  return parts_->bindings.bind(model, bindings);
}

net::Awaitable<void> Server::Control::publish(std::shared_ptr<const runtime::Snapshot> snapshot) {
  std::vector<std::pair<std::uint32_t, std::vector<int>>>
      fresh;  // places that nobody takes from yet, a socket a worker
  for (auto& [id, place] : parts_->bindings.places()) {
    if (std::exchange(place.listening, true)) continue;
    auto& sockets = fresh.emplace_back(id, std::vector<int>()).second;
    for (const net::OwnedSocket& socket : place.sockets) sockets.push_back(socket.get());
  }
  std::function<void(Worker&)> install = [&](Worker& worker) {
    worker.install(snapshot);
    for (const auto& [binding, sockets] : fresh) worker.listen(binding, sockets[worker.loop().index()]);
  };
  co_await all_workers(std::move(install));
  for (const std::uint32_t id : parts_->bindings.unused(snapshot->model()))
    co_await retire(id, snapshot->settings().drain_timeout);
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

net::Awaitable<Reloaded> Server::Control::reload() {
  Reloaded result;
  auto read = [file = config_file_] { return config::load(file, config::process_environment()); };
  config::Loaded loaded = co_await parts_->blocking.run(parts_->control, read);
  std::shared_ptr<const config::Model> model;
  if (loaded.model) model = std::make_shared<const config::Model>(std::move(*loaded.model));
  runtime::Outcome outcome;
  outcome.status = runtime::Outcome::Status::Faulty;
  if (draining_) {
    outcome.status = runtime::Outcome::Status::Refused;
    outcome.refusal = "kanaria is stopping";
  } else if (model) {
    const runtime::Store::Edit edit = [&](const config::Model*) { return model; };
    outcome = co_await parts_->store.change(edit, std::nullopt);
    loaded.diagnostics = outcome.diagnostics;
  }
  switch (outcome.status) {
    case runtime::Outcome::Status::Faulty:
      result.status = Reloaded::Status::Faulty;
      for (const config::Diagnostic& fault : loaded.diagnostics.sorted())
        result.faults.push_back(config::render(fault, loaded.file, loaded.text));
      break;
    case runtime::Outcome::Status::Refused:
      result.status = Reloaded::Status::Refused;
      result.refusal = outcome.refusal;
      break;
    default:
      result.status = outcome.changes.empty() ? Reloaded::Status::Unchanged : Reloaded::Status::Applied;
      result.changes = outcome.changes;
      if (const std::string failure = configure_logs(*model); !failure.empty()) outcome.warnings.push_back(failure);
  }
  for (const std::string& warning : outcome.warnings) spdlog::warn("{}", warning);
  const bool success = result.status == Reloaded::Status::Applied || result.status == Reloaded::Status::Unchanged;
  note_reload(success, loaded);
  for (const std::string& fault : result.faults) spdlog::error("reload refused: {}", fault);
  if (!result.refusal.empty()) spdlog::error("reload refused: {}", result.refusal);
  for (const std::string& change : result.changes) spdlog::info("reload: {}", change);
  if (success)
    spdlog::info("reload applied: {} change{}, configuration {}", result.changes.size(),
                 result.changes.size() == 1 ? "" : "s", facts_.config_hash);
  co_return result;
}

void Server::Control::note_reload(bool success, const config::Loaded& loaded) {
  facts_.last_reload_success = success;
  facts_.last_reload = std::chrono::system_clock::now();
  if (success) facts_.config_hash = hash_of(loaded.text);
}

std::string Server::Control::metrics() const {
  observe::ProcessFacts facts = facts_;
  facts.access_log_dropped = parts_->access_log.dropped();
  if (const auto& current = parts_->store.current())
    for (const runtime::Listener& listener : current->listeners())
      for (const runtime::Route& route : listener.routes)
        for (std::size_t i = 0; i < route.rows.size(); ++i)
          facts.split_weights.push_back({route.rows[i], route.split->weight(i)});
  return parts_->metrics.text(facts);
}

void Server::Control::wait_for_signal() {
  parts_->signals.async_wait([this](const boost::system::error_code& error, int signal) {
    if (error) return;
    on_signal(signal);
    wait_for_signal();
  });
}

void Server::Control::on_signal(int signal) {
  switch (signal) {
    case SIGHUP:
      // More of them while one is carried out make one more.
      reload_again_ = true;
      if (!reloading_ && !draining_) net::spawn(parts_->control, reload_by_signal());
      break;
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

net::Awaitable<void> Server::Control::reload_by_signal() {
  reloading_ = true;
  while (reload_again_ && ready_) {
    reload_again_ = false;
    co_await reload();
  }
  reloading_ = false;
}

void Server::Control::begin_drain() {
  draining_ = true;
  drain_began_ = std::chrono::steady_clock::now();
  net::spawn(parts_->control, drain());
}

net::Awaitable<void> Server::Control::drain() {
  const bool was_ready = std::exchange(ready_, false);
  config::LoadBalancer settings;
  if (parts_->store.current()) settings = parts_->store.current()->settings();
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
  if (parts_->admin_listener) parts_->admin_listener->stop();
  if (!parts_->admin_path.empty()) std::remove(parts_->admin_path.c_str());
  parts_->admin_connections.abort(Fault::ShuttingDown);
  parts_->signals.cancel();
  parts_->control.stop();
}

}  // namespace kanaria::server
