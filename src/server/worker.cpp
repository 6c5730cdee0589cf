#include "worker.hpp"

#include <pthread.h>
#include <spdlog/spdlog.h>

#include <string>

namespace kanaria::server {

Worker::Worker(unsigned index, observe::Counters& counters, observe::AccessLog::Lane& access_log,
               observe::ErrorLog::Lane& errors, runtime::PinBoard::Release release, ConnectionLimit& limit)
    : loop_(index), context_(loop_, counters, access_log, errors, std::move(release)), limit_(limit) {}

Worker::~Worker() {
  join();
}

void Worker::start() {
  thread_ = std::thread([this] {
    ::pthread_setname_np(::pthread_self(), ("worker-" + std::to_string(loop_.index())).c_str());
    loop_.run();
  });
}

void Worker::join() {
  if (thread_.joinable()) thread_.join();
}

void Worker::install(std::shared_ptr<const runtime::Snapshot> snapshot) {
  for (auto& [binding, handler] : handlers_)
    if (snapshot->listener(binding) == nullptr) handler->keep_present();
  context_.pool.keep_only(snapshot->targets());
  context_.snapshots.install(std::move(snapshot));
}

void Worker::listen(std::uint32_t binding, int socket) {
  auto& handler = handlers_[binding];
  if (!handler) handler = std::make_unique<proxy::RequestHandler>(context_, binding);
  auto& listener = listeners_[binding];
  Listener::Owner& owner = *this;
  listener = std::make_shared<Listener>(loop_, socket, binding, connections_, owner);
  listener->start();
}

void Worker::stop_listening(std::uint32_t binding) {
  const auto at = listeners_.find(binding);
  if (at == listeners_.end()) return;
  at->second->stop();
  listeners_.erase(at);
  connections_.drain(binding);
}

void Worker::abort(std::uint32_t binding) {
  connections_.abort(binding, Fault::ShuttingDown);
  handlers_.at(binding)->let_go();
}

void Worker::abort(const targets::Target& target) {
  context_.pool.abort(target, Fault::TargetDeregistered);
}

void Worker::drain(std::function<void()> empty) {
  for (auto& [binding, listener] : listeners_) listener->stop();
  listeners_.clear();
  connections_.drain();
  empty_ = std::move(empty);  // only now: what stop() took from the queues may have ended already
  call_when_empty();
}

void Worker::abort_all() {
  connections_.abort(Fault::ShuttingDown);
}

void Worker::close() {
  context_.pool.close();
  loop_.stop();
}

http::Handler& Worker::handler(std::uint32_t binding) {
  return *handlers_.at(binding);
}

bool Worker::let_in(std::uint32_t) {
  if (limit_.enter()) return true;
  if (limit_.note_refusal(loop_.now().time))
    spdlog::warn("max_connections: {} client connections are open, more are closed unheard", limit_.open());
  return false;
}

observe::ListenerRow* Worker::row(std::uint32_t binding) {
  const runtime::Listener* const listener = configured(binding);
  return listener == nullptr ? nullptr : &context_.counters.listener(listener->row);
}

const runtime::Listener* Worker::configured(std::uint32_t binding) {
  return handlers_.at(binding)->listener();
}

void Worker::ended(std::uint32_t) {
  limit_.leave();
  call_when_empty();
}

void Worker::call_when_empty() {
  if (!empty_ || !connections_.empty()) return;
  // Taken out first: it is called once.
  const auto empty = std::exchange(empty_, nullptr);
  empty();
}

}  // namespace kanaria::server
