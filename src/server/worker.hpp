// One thread that carries traffic: its loop, its requests' context, its listeners and connections. Made and joined by
// the server; everything marked so runs on the worker's own thread.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <thread>

#include "kanaria/proxy/context.hpp"
#include "kanaria/proxy/handler.hpp"
#include "kanaria/server/connection_limit.hpp"
#include "listener.hpp"

namespace kanaria::server {

class Worker final : private Listener::Owner {
 public:
  Worker(unsigned index, observe::Counters& counters, observe::AccessLog::Lane& access_log,
         observe::ErrorLog::Lane& errors, runtime::PinBoard::Release release, ConnectionLimit& limit);
  ~Worker();

  void start();
  /// After close(): waits for the thread's end.
  void join();
  net::Loop& loop() { return loop_; }

  /// Before start(); see Pool.
  void set_shed_elsewhere(targets::Pool::Shed shed) { context_.pool.set_shed_elsewhere(std::move(shed)); }

  // On the worker's thread:
  void install(std::shared_ptr<const runtime::Snapshot> snapshot);
  void listen(std::uint32_t binding, int socket);
  /// Takes no more connections there; idle ones end now, the others with their answer.
  void stop_listening(std::uint32_t binding);
  void abort(std::uint32_t binding);
  void shed(const targets::Target& target) { context_.pool.shed(target); }
  /// Ends what goes on with this target.
  void abort(const targets::Target& target);
  /// The same for all; `empty` is called once, when no connection is left.
  void drain(std::function<void()> empty);
  void abort_all();
  /// No connection is left: pools close, and the loop ends.
  void close();

 private:
  http::Handler& handler(std::uint32_t binding) override;
  bool let_in(std::uint32_t) override;
  observe::ListenerRow* row(std::uint32_t binding) override;
  const runtime::Listener* configured(std::uint32_t binding) override;
  void ended(std::uint32_t) override;
  void call_when_empty();

  net::Loop loop_;
  proxy::Context context_;
  ConnectionLimit& limit_;
  Connections connections_;
  std::map<std::uint32_t, std::unique_ptr<proxy::RequestHandler>> handlers_;  // kept: connections refer to them
  std::map<std::uint32_t, std::shared_ptr<Listener>> listeners_;
  std::function<void()> empty_;
  std::thread thread_;
};

}  // namespace kanaria::server
