// bench_target PORT...: the application behind the proxies of bench/compare.sh. It has to cost much less than they do,
// so it does as little as HTTP/1.1 allows: one thread, epoll, answers that were made before.
//
//   GET .../0, .../10k, .../1m    18 bytes (as kanaria-echo's), 10 KiB, 1 MiB; 404 for anything else
//   GET .../head                  the request's head, to see what a proxy made of it
//   POST                          takes a body of any length, by Content-Length, then answers 18 bytes
//
// Connections are kept, whatever a request says of them. Several ports are several targets in one process.
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cerrno>
#include <charconv>
#include <set>
#include <string_view>
#include <vector>

#include "sockets.hpp"

namespace {

using bench::check;

std::string make_answer(std::string_view status, const std::string& body) {
  return "HTTP/1.1 " + std::string(status) +
         "\r\nContent-Type: text/plain\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

const std::string kSmall = make_answer("200 OK", "APP_NAME: app-main");
const std::string kTenKibibytes = make_answer("200 OK", std::string(10 << 10, '.'));
const std::string kMebibyte = make_answer("200 OK", std::string(1 << 20, '.'));
const std::string kNotFound = make_answer("404 Not Found", "");

struct Connection {
  std::string head;         // what came of the next request, until its head is whole
  std::size_t body = 0;     // bytes of the request's body still to come
  std::string_view answer;  // what is still to be sent once the body is here
  std::string made;         // an answer that was not made before
};

std::string_view answer_to(std::string_view head, std::string& made) {
  if (head.starts_with("POST ")) return kSmall;
  const std::string_view path = head.substr(0, head.find(" HTTP/1.1\r\n"));
  if (path.ends_with("/0")) return kSmall;
  if (path.ends_with("/10k")) return kTenKibibytes;
  if (path.ends_with("/1m")) return kMebibyte;
  if (path.ends_with("/head")) return made = make_answer("200 OK", std::string(head));
  return kNotFound;
}

std::size_t body_length(std::string_view head) {
  constexpr std::string_view kName = "content-length: ";  // proxies send it in either letter case
  const auto* const name = std::search(head.begin(), head.end(), kName.begin(), kName.end(), [](char sent, char lower) {
    return std::tolower(static_cast<unsigned char>(sent)) == lower;
  });
  std::size_t length = 0;
  if (name != head.end()) std::from_chars(name + kName.size(), head.end(), length);
  return length;
}

/// Takes whole requests out of the bytes that came. One answer at a time: the next request waits until it is sent.
void take_request(Connection& connection) {
  const std::size_t end = connection.head.find("\r\n\r\n");
  if (end == std::string::npos) return;
  const std::string_view head = std::string_view(connection.head).substr(0, end + 4);
  connection.answer = answer_to(head, connection.made);
  const std::size_t body = head.starts_with("POST ") ? body_length(head) : 0;
  const std::size_t here = std::min(body, connection.head.size() - head.size());
  connection.body = body - here;
  connection.head.erase(0, head.size() + here);
}

/// False when the other side closed.
bool receive(int socket, Connection& connection) {
  static std::array<char, 16 << 10> buffer;
  // MSG_TRUNC discards the bytes of a body without copying them.
  const ssize_t count = connection.body > 0 ? ::recv(socket, nullptr, connection.body, MSG_TRUNC)
                                            : ::recv(socket, buffer.data(), buffer.size(), 0);
  if (count < 0) return errno == EAGAIN || errno == EINTR;
  if (count == 0) return false;
  if (connection.body > 0) {
    connection.body -= static_cast<std::size_t>(count);
  } else {
    connection.head.append(buffer.data(), static_cast<std::size_t>(count));
    take_request(connection);
  }
  return true;
}

/// False when the other side is gone.
bool send(int epoll, int socket, Connection& connection) {
  while (!connection.answer.empty() && connection.body == 0) {
    const ssize_t count = ::send(socket, connection.answer.data(), connection.answer.size(), MSG_NOSIGNAL);
    if (count < 0 && errno == EAGAIN) {
      bench::watch(epoll, EPOLL_CTL_MOD, socket, EPOLLOUT);
      return true;
    }
    if (count < 0) return false;
    connection.answer.remove_prefix(static_cast<std::size_t>(count));
    if (connection.answer.empty()) take_request(connection);
  }
  return true;
}

bool serve(int epoll, int socket, Connection& connection, std::uint32_t events) {
  if ((events & EPOLLOUT) != 0) bench::watch(epoll, EPOLL_CTL_MOD, socket, EPOLLIN);
  if ((events & EPOLLOUT) == 0 && !receive(socket, connection)) return false;
  return send(epoll, socket, connection);
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 2) {
    std::fputs("usage: bench_target PORT...\n", stderr);
    return 2;
  }
  const int epoll = check(::epoll_create1(0), "epoll_create1");
  std::set<int> listeners;
  for (int i = 1; i < count; ++i) {
    listeners.insert(bench::listen_on(bench::port_of(arguments[i])));
  }
  for (const int listener : listeners) bench::watch(epoll, EPOLL_CTL_ADD, listener, EPOLLIN);

  std::vector<Connection> connections;  // by descriptor
  for (std::array<epoll_event, 256> events;;) {
    const int ready = ::epoll_wait(epoll, events.data(), static_cast<int>(events.size()), -1);
    for (int i = 0; i < ready; ++i) {
      const epoll_event& event = events.at(static_cast<std::size_t>(i));
      const int socket = event.data.fd;
      if (listeners.contains(socket)) {
        for (int client = bench::accept_from(socket); client >= 0; client = bench::accept_from(socket)) {
          connections.resize(std::max(connections.size(), static_cast<std::size_t>(client) + 1));
          connections.at(static_cast<std::size_t>(client)) = {};
          bench::watch(epoll, EPOLL_CTL_ADD, client, EPOLLIN);
        }
      } else if (!serve(epoll, socket, connections.at(static_cast<std::size_t>(socket)), event.events)) {
        ::close(socket);
      }
    }
  }
}
