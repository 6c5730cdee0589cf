#include "control.hpp"

#include <spdlog/spdlog.h>

#include <csignal>
#include <cstdio>

#include "by_hand.hpp"
#include "kanaria/config/text.hpp"
#include "kanaria/net/spawn.hpp"
#include "logging.hpp"
#include "notify.hpp"
#include "parts.hpp"

namespace kanaria::server {
namespace {

// Second signals come in pairs from some supervisors; only one that comes later means "now".
constexpr std::chrono::seconds kImpatient{1};
// What a drain may take besides its two time-outs: a change in progress, the access log.
constexpr std::chrono::seconds kDrainSlack{5};
constexpr unsigned kMostAdminConnections = 64;

}  // namespace

Control::Control(std::string config_file) : config_file_(std::move(config_file)) {}

Control::~Control() = default;

Server::End Control::run(http::Handler& admin, http::Handler& read_only) {
  // Until they are handled these must not end us; TERM may, while names are looked up.
  for (const int signal : {SIGPIPE, SIGHUP, SIGUSR1, SIGUSR2}) std::signal(signal, SIG_IGN);
  Read read = read_config(config_file_, Plain::No);
  if (!read.loaded.model) {
    std::fputs(config::render(read.loaded).c_str(), stderr);
    return End::BadConfiguration;
  }
  net::hold_signals(kHandledSignals);
  for (const int signal : {SIGHUP, SIGUSR1, SIGUSR2}) std::signal(signal, SIG_DFL);  // what is ignored is never told
  const std::optional<int> wanted = read.loaded.model->workers;
  set_up_logging(read.loaded.model->log);
  descriptors_ = net::raise_descriptor_limit();
  const unsigned workers = wanted ? static_cast<unsigned>(*wanted) : automatic_workers();
  runtime::Publisher& publisher = *this;
  parts_ = std::make_unique<Parts>(
      workers, config_file_, publisher, [this](int signal) { on_signal(signal); },
      [this] { net::spawn(parts_->control, follow_names()); });
  parts_->admin[0].handler = &admin;
  parts_->admin[1].handler = &read_only;
  for (auto& worker : parts_->workers) worker->start();
  net::spawn(parts_->control, start(std::move(read)));
  parts_->control.run();
  for (auto& worker : parts_->workers) worker->join();
  parts_->access_log.stop();
  spdlog::info(end_ == End::Drained ? "stopped" : "could not start");
  return end_;
}

net::Awaitable<void> Control::start(Read read) {
  auto model = std::make_shared<const config::Model>(std::move(*read.loaded.model));
  std::string failure = listen_admin(0, "admin", model->admin.listen);
  if (failure.empty()) failure = listen_admin(1, "admin read_only_address", model->admin.read_only_listen);
  if (!failure.empty()) {
    spdlog::error("{}", failure);
    end_ = End::CouldNotStart;
    co_return begin_drain();
  }
  tokens_ = std::move(read.tokens);
  if (model->state_dir) co_await restore(*model);
  const runtime::Store::Edit edit = [&](const auto&) { return model; };
  const runtime::ChangeOptions options{"the start", std::chrono::system_clock::now()};
  const runtime::Outcome outcome = co_await parts_->store.change(edit, options);
  read.loaded.diagnostics = outcome.diagnostics;
  if (draining_) co_return;
  if (!parts_->store.current()) {
    std::fputs(config::render(read.loaded).c_str(), stderr);
    end_ = outcome.status == runtime::Outcome::Status::Faulty ? End::BadConfiguration : End::CouldNotStart;
    co_return begin_drain();
  }
  note_applied(read.loaded, options);
  log(read.loaded);
  log_overrides(parts_->store.overrides());
  ready_ = true;
  spdlog::info("ready: {}, {}, configuration {} ({})", config::counted(parts_->workers.size(), "worker"),
               config::counted(model->listeners.size(), "listener"), config_file_, facts_.config_hash);
  notify_ready("ready: " + in_force());
  if (reload_again_) net::spawn(parts_->control, reload_by_signal());  // HUP came early
}

/// What was changed by hand before a restart. What can't be read doesn't keep us from starting: the file's word counts.
net::Awaitable<void> Control::restore(const config::Model& model) {
  auto work = [&] { return runtime::read_overrides(model.state_dir->value, model, damaged_state_); };
  runtime::Overrides overrides = co_await parts_->blocking.run(parts_->control, work);
  if (!damaged_state_.empty()) spdlog::error("nothing of what was changed by hand is in force: {}", damaged_state_);
  const WallTime now = std::chrono::system_clock::now();
  std::erase_if(overrides.weights, [&](const auto& ours) { return ours.second.until && *ours.second.until <= now; });
  parts_->store.restore(std::move(overrides));
  const std::string lost = co_await parts_->rollouts.restore(model.state_dir->value);
  if (!lost.empty()) spdlog::error("rollouts have lost their state, and their canaries get nothing: {}", lost);
}

std::string Control::listen_admin(std::uint32_t binding, std::string_view key, const config::AdminListen& listen) {
  Parts::AdminPlace& place = parts_->admin[binding];
  net::Listening listening;
  if (const auto* const tcp = std::get_if<config::TcpAddress>(&listen)) {
    listening = net::listen_tcp(tcp->address, tcp->port, 1);
  } else if (const auto* const path = std::get_if<config::UnixPath>(&listen)) {
    listening = net::listen_unix(path->path);
    if (!listening.error) place.path = path->path;
  } else {
    return {};
  }
  if (listening.error) return std::string(key) + ": " + listening.error->message;
  place.socket = std::move(listening.sockets.front());
  Listener::Owner& owner = *this;
  place.listener =
      std::make_shared<Listener>(parts_->control, place.socket.get(), binding, parts_->admin_connections, owner);
  place.listener->start();
  return {};
}

bool Control::let_in(std::uint32_t binding) {
  unsigned& connections = parts_->admin[binding].connections;
  if (connections == kMostAdminConnections) return false;
  ++connections;
  return true;
}

void Control::ended(std::uint32_t binding) {
  --parts_->admin[binding].connections;
}

http::Handler& Control::handler(std::uint32_t binding) {
  return *parts_->admin[binding].handler;
}

std::vector<std::uint32_t> Control::bind(const config::Model& model, config::Diagnostics& diagnostics) {
  std::vector<std::uint32_t> ids = parts_->bindings.bind(model, diagnostics);
  if (!diagnostics.has_errors()) {
    const std::string failure = configure_logs(model, parts_->access_log);
    if (!failure.empty()) diagnostics.error({}, "access_logs", failure);
  }
  if (diagnostics.has_errors()) parts_->bindings.forget_new();
  return ids;
}

net::Awaitable<void> Control::publish(std::shared_ptr<const runtime::Snapshot> snapshot) {
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

void Control::limit_connections(const config::LoadBalancer& settings) {
  const std::uint64_t most = max_connections_of(settings, descriptors_);
  if (most == parts_->connection_limit.most()) return;
  parts_->connection_limit.set(most);
  if (most > descriptors_)
    spdlog::warn("max_connections: {} is more than the {} descriptors that this process may open", most, descriptors_);
}

/// A place that a reload removed: its queue is taken and its sockets close now; its connections have until the
/// time-out.
net::Awaitable<void> Control::retire(std::uint32_t binding, Milliseconds timeout) {
  std::function<void(Worker&)> stop = [binding](Worker& worker) { worker.stop_listening(binding); };
  co_await all_workers(std::move(stop));
  parts_->bindings.close(binding);
  parts_->retirements.push_back(std::make_unique<Retirement>(*this, binding));
  parts_->control.wheel().schedule(*parts_->retirements.back(), parts_->control.wheel().now() + ticks_of(timeout));
}

void Control::Retirement::expire() {
  control_.for_each_worker([binding = binding_](Worker& worker) { worker.abort(binding); });
  std::erase_if(control_.parts_->retirements, [this](const auto& mine) { return mine.get() == this; });
}

void Control::for_each_worker(const std::function<void(Worker&)>& call) {
  for (auto& worker : parts_->workers) worker->loop().post([&worker = *worker, call] { call(worker); });
}

net::Awaitable<void> Control::all_workers(std::function<void(Worker&)> call) {
  net::Countdown done(parts_->control, parts_->workers.size());
  for_each_worker([&call, &done, &control = parts_->control](Worker& worker) {
    call(worker);
    control.post([&done] { done.done(); });
  });
  co_await done.wait();
}

void Control::on_signal(int signal) {
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

void Control::begin_drain() {
  draining_ = true;
  drain_began_ = std::chrono::steady_clock::now();
  const config::LoadBalancer settings =
      parts_->store.current() ? parts_->store.current()->settings() : config::LoadBalancer();
  notify_stopping(settings.drain_delay + settings.drain_timeout + kDrainSlack);
  net::spawn(parts_->control, drain());
}

net::Awaitable<void> Control::drain() {
  const bool was_ready = std::exchange(ready_, false);
  config::LoadBalancer settings;
  if (parts_->store.current()) settings = parts_->store.current()->settings();
  co_await parts_->store.close();  // a change in progress still needs the workers
  co_await parts_->rollouts.close();
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
  for (Parts::AdminPlace& place : parts_->admin) {
    if (place.listener) place.listener->stop();
    if (!place.path.empty()) std::remove(place.path.c_str());
  }
  parts_->admin_connections.abort(Fault::ShuttingDown);
  parts_->control.stop();
}

std::unique_ptr<Server> make_server(std::string config_file) {
  return std::make_unique<Control>(std::move(config_file));
}

}  // namespace kanaria::server
