// The one door for sockets: making, binding, listening, accepting, connecting, and addresses as text. Plain system
// calls, no loop.
#pragma once

#include <sys/socket.h>

#include <boost/asio/ip/address.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kanaria/base/error.hpp"

namespace kanaria::net {

/// A socket address with its text. Comparable: two endpoints are one if their bytes are.
class Endpoint {
 public:
  Endpoint() = default;
  static Endpoint of(const boost::asio::ip::address& address, std::uint16_t port);
  static std::optional<Endpoint> of_unix(std::string_view path);  // none: longer than a sockaddr_un holds
  static Endpoint of(const sockaddr* address, socklen_t size);

  const sockaddr* data() const { return reinterpret_cast<const sockaddr*>(&storage_); }
  socklen_t size() const { return size_; }
  int family() const { return storage_.ss_family; }
  boost::asio::ip::address address() const;  // unspecified for a Unix socket; IPv4-mapped comes as IPv4
  std::uint16_t port() const;
  std::string to_string() const;  // "127.0.0.1:80", "[::1]:80", "unix:/path"
  friend bool operator==(const Endpoint& a, const Endpoint& b);

 private:
  sockaddr_storage storage_{};
  socklen_t size_ = 0;
};

/// Who is at the other end of a connection: what a request needs of an Endpoint, in a third of its size.
struct Peer {
  boost::asio::ip::address address;  // IPv4-mapped comes as IPv4; unspecified for a Unix socket
  std::uint16_t port = 0;            // 0 for a Unix socket
  bool is_unix = false;
  std::uint32_t uid = UINT32_MAX;  // who runs the other end of a Unix socket; UINT32_MAX: not known
};

/// IPv4 where it is IPv4-mapped, as IPv4 peers of a dual-stack socket are; else the same.
boost::asio::ip::address unmapped(const boost::asio::ip::address& address);

/// An owned descriptor, -1: none.
class OwnedSocket {
 public:
  OwnedSocket() = default;
  explicit OwnedSocket(int descriptor) : descriptor_(descriptor) {}
  OwnedSocket(OwnedSocket&& other) noexcept : descriptor_(other.release()) {}
  OwnedSocket& operator=(OwnedSocket&& other) noexcept;
  OwnedSocket(const OwnedSocket&) = delete;
  OwnedSocket& operator=(const OwnedSocket&) = delete;
  ~OwnedSocket() { close(); }

  int get() const { return descriptor_; }
  int release();
  void close();

 private:
  int descriptor_ = -1;
};

/// A failed system call in words: "bind 0.0.0.0:80: Permission denied".
struct SocketError {
  std::string message;
  int number = 0;
};

struct Listening {
  std::vector<OwnedSocket> sockets;  // one a worker
  Endpoint bound;                    // with the port that the kernel chose for 0
  std::optional<SocketError> error;
};

/// Binds and listens `copies` times on one address with SO_REUSEPORT, the kernel spreads connections over them. A plain
/// bind first makes sure that nobody else, not even another kanaria with SO_REUSEPORT, has the port; unless `shared`,
/// for a port that we hold already at another address. No address: both families.
Listening listen_tcp(const std::optional<boost::asio::ip::address>& address, std::uint16_t port, unsigned copies,
                     bool shared = false);
/// A Unix socket; one that a dead process left behind is replaced, one that answers is "in use".
Listening listen_unix(const std::string& path);

/// How many connections wait at most to be accepted; the kernel lowers it to net.core.somaxconn.
inline constexpr int kBacklog = 4096;

struct Accepted {
  int descriptor = -1;  // non-blocking, no delay
  int error = 0;        // errno when there is none; EAGAIN: the queue is empty
  Peer peer;
  /// There is none because the process or the system has nothing left for it.
  bool is_short() const;
};
/// Of a socket that listen_tcp() or listen_unix() made. A shortage is told to the log, and so is one of
/// start_connect().
Accepted accept(int listening);

/// Starts a non-blocking connect; its end shows as writability. An immediate refusal is an error.
Result<int> start_connect(const Endpoint& to);
/// The end of a connect in progress: 0 or an errno.
int connect_result(int descriptor);
/// What a failed connect means.
Fault connect_fault(int number);

Endpoint local_endpoint(int descriptor);

/// Addresses of a name, in the resolver's order; blocking, for start and reload. Empty: not found, `error` says why.
std::vector<boost::asio::ip::address> resolve(const std::string& name, std::string& error);

/// Raises the descriptor limit to its hard limit; returns the limit now.
std::uint64_t raise_descriptor_limit();

}  // namespace kanaria::net
