#include "listener.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <system_error>

#include "kanaria/net/spawn.hpp"
#include "kanaria/server/http1.hpp"

namespace kanaria::server {
namespace {

constexpr int kAcceptsPerTurn = 64;  // then others run
constexpr Milliseconds kPause{200};  // when the process has no descriptor left

}  // namespace

Listener::Listener(net::Loop& loop, int socket, std::uint32_t binding, Connections& connections, Owner& owner)
    : loop_(loop), acceptor_(loop.executor(), socket), binding_(binding), connections_(connections), owner_(owner) {}

Listener::~Listener() {
  if (open_) acceptor_.release();
}

void Listener::start() {
  open_ = true;
  wait();
}

void Listener::stop() {
  if (!open_) return;
  while (accept_waiting()) {
  }
  open_ = false;
  loop_.wheel().schedule(*this, kNever);
  // Now, not when the last connection lets go of us: the server closes the descriptor, and its number is used again.
  acceptor_.release();
}

void Listener::wait() {
  acceptor_.async_wait(net::Descriptor::wait_read, [self = shared_from_this()](const boost::system::error_code& error) {
    if (error || !self->open_) return;
    self->accept_waiting();
    if (self->open_ && !self->scheduled()) self->wait();
  });
}

/// True: there may be more.
bool Listener::accept_waiting() {
  observe::ListenerRow* const row = owner_.row(binding_);
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const net::Accepted accepted = net::accept(acceptor_.native_handle());
    if (accepted.descriptor >= 0) {
      starved_ = false;
      net::spawn(loop_,
                 serve(accepted.descriptor, accepted.peer, row == nullptr ? uncounted_ : row->client_connections));
      continue;
    }
    const bool starved =
        accepted.error == EMFILE || accepted.error == ENFILE || accepted.error == ENOBUFS || accepted.error == ENOMEM;
    if (!starved) return false;  // nothing waits, or the connection died in the queue (accept(2) lists the ways)
    if (row != nullptr) row->connections_refused_descriptors.add();
    if (!std::exchange(starved_, true))
      spdlog::error("can't accept connections: {}", std::generic_category().message(accepted.error));
    loop_.wheel().schedule(*this, loop_.wheel().now() + ticks_of(kPause));
    return false;
  }
  return true;
}

net::Awaitable<void> Listener::serve(int descriptor, net::Endpoint peer, observe::Cell& gauge) {
  const std::shared_ptr<Listener> self = shared_from_this();
  const Arrived arrived{descriptor, peer, binding_};
  co_await serve_http1(loop_, arrived, owner_.handler(binding_), connections_, gauge);
  owner_.ended();
}

void Listener::expire() {
  wait();
}

}  // namespace kanaria::server
