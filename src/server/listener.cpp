#include "listener.hpp"

#include <spdlog/spdlog.h>

#include <cerrno>

#include "kanaria/net/spawn.hpp"
#include "preface.hpp"

namespace kanaria::server {
namespace {

constexpr int kAcceptsPerTurn = 64;  // then others run
constexpr Milliseconds kPause{200};  // when the process has no descriptor left
constexpr Milliseconds kSilence{60'000};

/// Tells the owner when a connection has ended, however it did.
class Ended {
 public:
  Ended(Listener::Owner& owner, std::uint32_t binding) : owner_(owner), binding_(binding) {}
  Ended(const Ended&) = delete;
  Ended& operator=(const Ended&) = delete;
  ~Ended() { owner_.ended(binding_); }

 private:
  Listener::Owner& owner_;
  std::uint32_t binding_;
};

}  // namespace

Listener::Listener(net::Loop& loop, int socket, std::uint32_t binding, Connections& connections, Owner& owner)
    : loop_(loop), socket_(socket), binding_(binding), connections_(connections), owner_(owner) {}

Listener::~Listener() {
  if (open_) loop_.poller().remove(*this, socket_);
}

void Listener::start() {
  open_ = true;
  loop_.poller().add(*this, socket_, net::Poller::Interest::Reads);
}

void Listener::stop() {
  if (!open_) return;
  // No more than the queue could hold: those who come meanwhile must not keep us here.
  for (int turns = net::kBacklog / kAcceptsPerTurn + 1; turns > 0 && accept_waiting(); --turns) {
  }
  open_ = false;
  leave_line();
  loop_.wheel().schedule(*this, kNever);
  // Now, not when the last connection lets go of us: the server closes the descriptor, and its number is used again.
  loop_.poller().remove(*this, socket_);
}

// The kernel tells once: what is left after our share is taken in the next turn.
void Listener::accept_some() {
  if (accept_waiting()) loop_.line_up(*this);
}

/// True: there may be more.
bool Listener::accept_waiting() {
  observe::ListenerRow* const row = owner_.row(binding_);
  for (int i = 0; i < kAcceptsPerTurn; ++i) {
    const net::Accepted accepted = net::accept(socket_);
    if (accepted.descriptor >= 0) {
      if (!owner_.let_in(binding_)) {
        const net::OwnedSocket closed(accepted.descriptor);
        if (row != nullptr) row->refused(observe::Refusal::MaxConnections);
        continue;
      }
      const Arrived arrived{accepted.descriptor, accepted.peer, binding_};
      net::spawn(loop_, serve(arrived, row == nullptr ? uncounted_ : row->client_connections));
      continue;
    }
    if (accepted.error == EAGAIN) return false;  // nothing waits
    if (!accepted.is_short()) continue;          // the connection died in the queue: accept(2) lists the ways
    if (row != nullptr) row->refused(observe::Refusal::Descriptors);
    loop_.wheel().schedule(*this, loop_.wheel().now() + ticks_of(kPause));
    return false;
  }
  return true;
}

net::Awaitable<void> Listener::serve(Arrived arrived, observe::Cell& gauge) {
  const std::shared_ptr<Listener> self = shared_from_this();
  const Ended told(owner_, binding_);
  const runtime::Listener* const configured = owner_.configured(binding_);
  const auto expected = configured == nullptr ? config::ProxyVersion::Off
                                              : configured->proxy_protocol.expected_from(arrived.peer.address);
  if (expected != config::ProxyVersion::Off) {
    const bool heard = co_await hear(arrived, expected, gauge);
    if (!heard) co_return;
  }
  co_await serve_http1(loop_, arrived, owner_.handler(binding_), connections_, gauge);
}

/// The header of a trusted balancer. A coroutine of its own: what it needs is gone when the connection is idle.
net::Awaitable<bool> Listener::hear(Arrived& arrived, config::ProxyVersion expected, observe::Cell& gauge) {
  Preface preface(loop_, arrived, connections_, gauge);
  const http::ConnectionPolicy limits = owner_.handler(binding_).policy();
  const bool heard = co_await preface.hear(expected, limits);
  if (heard) {
    arrived = preface.release();
  } else if (!preface.why().empty()) {
    refuse(arrived.peer, preface.why());
  }
  co_return heard;
}

/// A balancer that sends the wrong thing sends it with each connection: one line a while.
void Listener::refuse(const net::Peer& peer, std::string_view why) {
  if (observe::ListenerRow* const row = owner_.row(binding_)) row->refused(observe::Refusal::ProxyProtocol);
  const runtime::Listener* const configured = owner_.configured(binding_);
  if (configured == nullptr || loop_.wheel().now() < silent_until_) return;
  silent_until_ = loop_.wheel().now() + ticks_of(kSilence);
  spdlog::warn("listener {}: closed a connection from {} unheard: {}; further ones are only counted for a minute",
               configured->name, net::Endpoint::of(peer.address, peer.port).to_string(), why);
}

}  // namespace kanaria::server
