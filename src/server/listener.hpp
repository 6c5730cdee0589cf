// One worker's side of a listening socket: accepts and serves. The socket belongs to the server; this only listens to
// it. On its loop's thread.
#pragma once

#include <memory>

#include "kanaria/http/exchange.hpp"
#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/net/sockets.hpp"
#include "kanaria/observe/counters.hpp"
#include "kanaria/runtime/snapshot.hpp"
#include "kanaria/server/connections.hpp"
#include "kanaria/server/http1.hpp"

namespace kanaria::server {

class Listener final : public std::enable_shared_from_this<Listener>,
                       private net::Poller::Entry,
                       private net::Loop::Late,
                       private net::Wheel::Entry {
 public:
  /// What a connection of this listener needs; all of it outlives the connection.
  struct Owner {
    virtual http::Handler& handler(std::uint32_t binding) = 0;
    /// A connection has come, and is counted until ended(); false: there are too many, it is not.
    virtual bool let_in(std::uint32_t binding) = 0;
    /// Where connections are counted; null: not counted.
    virtual observe::ListenerRow* row(std::uint32_t binding) = 0;
    /// The listener as its connections are to be served, also while a removed one takes the last of its queue. Null: it
    /// has no configuration.
    virtual const runtime::Listener* configured(std::uint32_t binding) = 0;
    /// A connection that was let in has ended.
    virtual void ended(std::uint32_t binding) = 0;

   protected:
    ~Owner() = default;
  };

  Listener(net::Loop& loop, int socket, std::uint32_t binding, Connections& connections, Owner& owner);
  ~Listener() override;

  void start();
  /// Takes what waits in the kernel's queue now (a close would reset it), then takes no more.
  void stop();

 private:
  void on_ready(net::Readiness) override { accept_some(); }
  void at_turn_end() override { accept_some(); }
  void expire() override { accept_some(); }
  void accept_some();
  bool accept_waiting();
  net::Awaitable<void> serve(Arrived arrived, observe::Cell& gauge);
  net::Awaitable<bool> hear(Arrived& arrived, config::ProxyVersion expected, observe::Cell& gauge);
  void refuse(const net::Peer& peer, std::string_view why);

  net::Loop& loop_;
  int socket_;
  std::uint32_t binding_;
  Connections& connections_;
  Owner& owner_;
  observe::Cell uncounted_;
  bool open_ = false;
  Tick silent_until_ = 0;  // about refused connections
};

}  // namespace kanaria::server
