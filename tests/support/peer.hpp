// The other end of a connection under test: a plain socket whose calls never wait.
#pragma once

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/ip/address_v4.hpp>
#include <cerrno>
#include <string>
#include <string_view>

#include "kanaria/net/sockets.hpp"

namespace kanaria::test {

class Peer {
 public:
  explicit Peer(int descriptor) : socket_(descriptor) {}

  void send(std::string_view bytes) {
    EXPECT_EQ(::send(socket_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  void send_urgent(char byte) { EXPECT_EQ(::send(socket_.get(), &byte, 1, MSG_OOB | MSG_NOSIGNAL), 1); }
  /// Waits until something has come, or the end; false: neither within ten seconds.
  bool wait() {
    pollfd ready{socket_.get(), POLLIN, 0};
    return ::poll(&ready, 1, 10'000) == 1;
  }
  /// All that has come so far.
  const std::string& received() {
    take_all();
    return received_;
  }
  /// FIN or RST has come.
  bool has_ended() {
    take_all();
    return ended_;
  }
  bool was_reset() const { return reset_; }
  void forget() {
    take_all();
    received_.clear();
  }

  void finish() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.close(); }
  void reset() {
    const linger at_once{1, 0};
    ::setsockopt(socket_.get(), SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
    socket_.close();
  }

 private:
  void take_all() {
    std::array<char, 65536> room;
    while (!ended_) {
      const ssize_t got = ::recv(socket_.get(), room.data(), room.size(), MSG_DONTWAIT);
      if (got > 0) {
        received_.append(room.data(), static_cast<std::size_t>(got));
      } else {
        if (got < 0 && errno == EAGAIN) return;
        ended_ = true;
        reset_ = got < 0;
      }
    }
  }

  net::OwnedSocket socket_;
  std::string received_;
  bool ended_ = false;
  bool reset_ = false;
};

/// A connection whose one end is ours.
struct Joined {
  int ours;
  Peer peer;
};

inline Joined joined_by_unix() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0);
  return {ends[0], Peer(ends[1])};
}

/// The next connection in a listening socket's queue; it is on its way.
inline Peer accept_next(int listening) {
  pollfd ready{listening, POLLIN, 0};
  EXPECT_EQ(::poll(&ready, 1, 10'000), 1) << "nobody connects";
  return Peer(net::accept(listening).descriptor);
}

inline Joined joined_by_tcp() {
  const net::Listening listening = net::listen_tcp(boost::asio::ip::address_v4::loopback(), 0, 1);
  EXPECT_FALSE(listening.error);
  const int ours = *net::start_connect(listening.bound);
  return {ours, accept_next(listening.sockets.front().get())};
}

}  // namespace kanaria::test
