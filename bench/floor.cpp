// bench_floor PORT TARGET_PORT: the floor under the proxies of bench/compare.sh. It relays bytes between each client
// and a connection to the target of its own, on raw epoll in one thread, and knows nothing of HTTP: no proxy that reads
// and writes the same bytes by the same calls can cost less. (One that uses splice(2) for long bodies can.)
//
// A turn is one recv and one send. What can't be sent at once waits in the connection, and nothing more is read for it
// until then.
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <vector>

#include "sockets.hpp"

namespace {

using bench::check;

constexpr std::size_t kBuffer = 128 << 10;

struct Side {
  int peer = -1;
  std::string unsent;  // bytes for this side
};

class Floor {
 public:
  Floor(std::uint16_t port, std::uint16_t target)
      : epoll_(check(::epoll_create1(0), "epoll_create1")), listener_(bench::listen_on(port)), target_(target) {
    bench::watch(epoll_, EPOLL_CTL_ADD, listener_, EPOLLIN);
  }

  [[noreturn]] void run() {
    for (std::array<epoll_event, 256> events;;) {
      const int ready = ::epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
      for (int i = 0; i < ready; ++i) {
        const epoll_event& event = events.at(static_cast<std::size_t>(i));
        turn(event.data.fd);
      }
      // Not before: a closed descriptor's number may come again within the same events.
      for (const int socket : closed_) ::close(socket);
      closed_.clear();
    }
  }

 private:
  void turn(int socket) {
    if (socket == listener_) return accept_all();
    if (side(socket).peer < 0) return;  // its peer ended it in this round of events
    if (!side(socket).unsent.empty()) return send_rest(socket);
    relay(socket);
  }

  void accept_all() {
    for (int client = bench::accept_from(listener_); client >= 0; client = bench::accept_from(listener_)) {
      const int target = check(::socket(AF_INET, SOCK_STREAM, 0), "socket");
      const sockaddr_in address = bench::loopback(target_);
      check(::connect(target, reinterpret_cast<const sockaddr*>(&address), sizeof address), "connect");
      bench::set(target, IPPROTO_TCP, TCP_NODELAY);
      side(client) = {target, {}};
      side(target) = {client, {}};
      bench::watch(epoll_, EPOLL_CTL_ADD, client, EPOLLIN);
      bench::watch(epoll_, EPOLL_CTL_ADD, target, EPOLLIN);
    }
  }

  /// From this side to the other.
  void relay(int from) {
    const int to = side(from).peer;
    if (!side(to).unsent.empty()) return end(from);  // nothing is awaited from this side: it hung up
    const ssize_t count = ::recv(from, buffer_->data(), buffer_->size(), MSG_DONTWAIT);
    if (count < 0 && errno == EAGAIN) return;
    if (count <= 0) return end(from);
    const ssize_t sent = ::send(to, buffer_->data(), static_cast<std::size_t>(count), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent == count) return;
    if (sent < 0 && errno != EAGAIN) return end(from);
    const ssize_t taken = sent < 0 ? 0 : sent;
    side(to).unsent.assign(buffer_->data() + taken, static_cast<std::size_t>(count - taken));
    bench::watch(epoll_, EPOLL_CTL_MOD, from, 0);
    bench::watch(epoll_, EPOLL_CTL_MOD, to, EPOLLOUT);
  }

  void send_rest(int to) {
    std::string& unsent = side(to).unsent;
    const ssize_t sent = ::send(to, unsent.data(), unsent.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0 && errno == EAGAIN) return;
    if (sent < 0) return end(to);
    unsent.erase(0, static_cast<std::size_t>(sent));
    if (!unsent.empty()) return;
    bench::watch(epoll_, EPOLL_CTL_MOD, to, EPOLLIN);
    bench::watch(epoll_, EPOLL_CTL_MOD, side(to).peer, EPOLLIN);
  }

  void end(int socket) {
    const int peer = side(socket).peer;
    side(socket) = side(peer) = {};
    closed_.insert(closed_.end(), {socket, peer});
  }

  Side& side(int socket) {
    const auto index = static_cast<std::size_t>(socket);
    if (sides_.size() <= index) sides_.resize(index + 1);
    return sides_[index];
  }

  int epoll_;
  int listener_;
  std::uint16_t target_;
  std::vector<Side> sides_;  // by descriptor
  std::vector<int> closed_;
  std::unique_ptr<std::array<char, kBuffer>> buffer_ = std::make_unique<std::array<char, kBuffer>>();
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 3) {
    std::fputs("usage: bench_floor PORT TARGET_PORT\n", stderr);
    return 2;
  }
  Floor(bench::port_of(arguments[1]), bench::port_of(arguments[2])).run();
}
