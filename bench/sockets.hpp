// What the bench's two programs share: loopback sockets, an epoll set, and the end of the program when a call fails.
// There is no other error handling: whoever reads a row of the bench wants a program that stopped, not one that
// struggled on.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace bench {

inline int check(int result, const char* call) {
  if (result >= 0) return result;
  std::perror(call);
  std::exit(1);
}

inline std::uint16_t port_of(const char* text) {
  const unsigned long port = std::strtoul(text, nullptr, 10);
  if (port == 0 || port > 65535) {
    std::fprintf(stderr, "not a port: %s\n", text);
    std::exit(2);
  }
  return static_cast<std::uint16_t>(port);
}

inline sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

inline void set(int socket, int level, int option) {
  const int on = 1;
  check(::setsockopt(socket, level, option, &on, sizeof on), "setsockopt");
}

inline int listen_on(std::uint16_t port) {
  const int socket = check(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), "socket");
  set(socket, SOL_SOCKET, SO_REUSEADDR);
  const sockaddr_in address = loopback(port);
  check(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address), "bind");
  check(::listen(socket, 4096), "listen");
  return socket;
}

/// -1 when nobody waits.
inline int accept_from(int listener) {
  const int socket = ::accept4(listener, nullptr, nullptr, SOCK_NONBLOCK);
  if (socket >= 0) set(socket, IPPROTO_TCP, TCP_NODELAY);
  return socket;
}

/// Registers `socket`, or changes what is waited for.
inline void watch(int epoll, int operation, int socket, std::uint32_t events) {
  epoll_event event{};
  event.events = events;
  event.data.fd = socket;
  check(::epoll_ctl(epoll, operation, socket, &event), "epoll_ctl");
}

}  // namespace bench
