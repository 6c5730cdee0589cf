#include "kanaria/net/sockets.hpp"

#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>
#include <system_error>
#include <utility>

#include "shortage.hpp"

namespace kanaria::net {
namespace ip = boost::asio::ip;
namespace {

constinit Shortage no_accept("accept connections");
constinit Shortage no_connect("connect to targets");

void set(int descriptor, int level, int option) {
  const int on = 1;
  ::setsockopt(descriptor, level, option, &on, sizeof on);
}

SocketError failed(std::string_view call, const Endpoint& where, int number) {
  return {std::string(call) + " " + where.to_string() + ": " + std::generic_category().message(number), number};
}

OwnedSocket make(int family) {
  return OwnedSocket(::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

bool is_socket(const std::string& path) {
  struct stat status{};
  return ::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode);
}

struct Bound {
  OwnedSocket socket;
  std::optional<SocketError> error;
};

Bound bind_tcp(const Endpoint& where, bool dual, bool shared) {
  Bound bound{make(where.family()), std::nullopt};
  const int descriptor = bound.socket.get();
  if (descriptor < 0) {
    bound.error = failed("socket", where, errno);
    return bound;
  }
  set(descriptor, SOL_SOCKET, SO_REUSEADDR);
  if (shared) set(descriptor, SOL_SOCKET, SO_REUSEPORT);
  if (where.family() == AF_INET6) {
    const int only = dual ? 0 : 1;
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  set(descriptor, IPPROTO_TCP, TCP_NODELAY);  // what is accepted from it inherits it
  if (::bind(descriptor, where.data(), where.size()) != 0) bound.error = failed("bind", where, errno);
  return bound;
}

}  // namespace

Endpoint Endpoint::of(const ip::address& address, std::uint16_t port) {
  Endpoint endpoint;
  if (address.is_v4()) {
    sockaddr_in in{};
    in.sin_family = AF_INET;
    in.sin_port = htons(port);
    const auto bytes = address.to_v4().to_bytes();
    std::memcpy(&in.sin_addr, bytes.data(), bytes.size());
    std::memcpy(&endpoint.storage_, &in, sizeof in);
    endpoint.size_ = sizeof in;
  } else {
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port);
    const auto bytes = address.to_v6().to_bytes();
    std::memcpy(&in.sin6_addr, bytes.data(), bytes.size());
    in.sin6_scope_id = static_cast<std::uint32_t>(address.to_v6().scope_id());
    std::memcpy(&endpoint.storage_, &in, sizeof in);
    endpoint.size_ = sizeof in;
  }
  return endpoint;
}

std::optional<Endpoint> Endpoint::of_unix(std::string_view path) {
  sockaddr_un un{};
  if (path.empty() || path.size() >= sizeof un.sun_path) return std::nullopt;
  un.sun_family = AF_UNIX;
  std::memcpy(un.sun_path, path.data(), path.size());
  Endpoint endpoint;
  std::memcpy(&endpoint.storage_, &un, sizeof un);
  endpoint.size_ = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + 1);
  return endpoint;
}

Endpoint Endpoint::of(const sockaddr* address, socklen_t size) {
  Endpoint endpoint;
  endpoint.size_ = std::min<socklen_t>(size, sizeof endpoint.storage_);
  std::memcpy(&endpoint.storage_, address, endpoint.size_);
  return endpoint;
}

ip::address Endpoint::address() const {
  if (family() == AF_INET) {
    ip::address_v4::bytes_type bytes;
    std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(&storage_)->sin_addr, bytes.size());
    return ip::address_v4(bytes);
  }
  if (family() == AF_INET6) {
    const auto* in = reinterpret_cast<const sockaddr_in6*>(&storage_);
    ip::address_v6::bytes_type bytes;
    std::memcpy(bytes.data(), &in->sin6_addr, bytes.size());
    return unmapped(ip::address_v6(bytes, in->sin6_scope_id));
  }
  return {};
}

ip::address unmapped(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  return address;
}

std::uint16_t Endpoint::port() const {
  if (family() == AF_INET) return ntohs(reinterpret_cast<const sockaddr_in*>(&storage_)->sin_port);
  if (family() == AF_INET6) return ntohs(reinterpret_cast<const sockaddr_in6*>(&storage_)->sin6_port);
  return 0;
}

std::string Endpoint::to_string() const {
  if (family() == AF_UNIX) return std::string("unix:") + reinterpret_cast<const sockaddr_un*>(&storage_)->sun_path;
  const ip::address host = address();
  const std::string text = host.to_string();
  return (host.is_v6() ? "[" + text + "]" : text) + ":" + std::to_string(port());
}

bool operator==(const Endpoint& a, const Endpoint& b) {
  return a.size_ == b.size_ && std::memcmp(&a.storage_, &b.storage_, a.size_) == 0;
}

OwnedSocket& OwnedSocket::operator=(OwnedSocket&& other) noexcept {
  if (this != &other) {
    close();
    descriptor_ = other.release();
  }
  return *this;
}

int OwnedSocket::release() {
  return std::exchange(descriptor_, -1);
}

void OwnedSocket::close() {
  if (descriptor_ >= 0) ::close(release());
}

Listening listen_tcp(const std::optional<ip::address>& address, std::uint16_t port, unsigned copies, bool shared) {
  Listening result;
  const bool dual = !address.has_value();
  Endpoint where = Endpoint::of(address.value_or(ip::address(ip::address_v6::any())), port);
  Bound probe = bind_tcp(where, dual, shared);
  if (dual && probe.error && probe.error->number == EAFNOSUPPORT) {
    where = Endpoint::of(ip::address(ip::address_v4::any()), port);  // a machine without IPv6
    probe = bind_tcp(where, false, shared);
  }
  // Two sockets may be bound where neither listens yet; only listen() tells.
  if (!probe.error && !shared && ::listen(probe.socket.get(), 1) != 0) probe.error = failed("listen", where, errno);
  if (probe.error) {
    result.error = std::move(probe.error);
    return result;
  }
  where = local_endpoint(probe.socket.get());
  probe.socket.close();
  for (unsigned i = 0; i < copies; ++i) {
    Bound bound = bind_tcp(where, dual, true);
    if (!bound.error && ::listen(bound.socket.get(), kBacklog) != 0) bound.error = failed("listen", where, errno);
    if (bound.error) {
      result.sockets.clear();
      result.error = std::move(bound.error);
      return result;
    }
    result.sockets.push_back(std::move(bound.socket));
  }
  result.bound = where;
  return result;
}

Listening listen_unix(const std::string& path) {
  Listening result;
  const auto where = Endpoint::of_unix(path);
  if (!where) {
    result.error = SocketError{"unix:" + path + ": the path is longer than a socket address holds", ENAMETOOLONG};
    return result;
  }
  OwnedSocket socket = make(AF_UNIX);
  OwnedSocket probe = make(AF_UNIX);
  if (socket.get() < 0 || probe.get() < 0) {
    result.error = failed("socket", *where, errno);
    return result;
  }
  const auto bind = [&] { return ::bind(socket.get(), where->data(), where->size()) == 0; };
  if (!bind()) {
    const int number = errno;
    // A file that is no socket refuses connections too.
    const bool stale = number == EADDRINUSE && is_socket(path) &&
                       ::connect(probe.get(), where->data(), where->size()) != 0 && errno == ECONNREFUSED;
    if (!stale || ::unlink(path.c_str()) != 0 || !bind()) {
      result.error = failed("bind", *where, number);
      return result;
    }
  }
  ::chmod(path.c_str(), 0660);
  if (::listen(socket.get(), kBacklog) != 0) {
    result.error = failed("listen", *where, errno);
    return result;
  }
  result.bound = *where;
  result.sockets.push_back(std::move(socket));
  return result;
}

bool Accepted::is_short() const {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

Accepted accept(int listening) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  auto* const address = reinterpret_cast<sockaddr*>(&storage);
  Accepted accepted;
  do {
    accepted.descriptor = ::accept4(listening, address, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  } while (accepted.descriptor < 0 && (errno == EINTR || errno == ECONNABORTED));
  if (accepted.descriptor < 0) {
    accepted.error = errno;
    if (accepted.is_short()) no_accept.tell(accepted.error);
    return accepted;
  }
  const Endpoint peer = Endpoint::of(address, size);
  accepted.peer = {peer.address(), peer.port(), peer.family() == AF_UNIX};
  ucred who{};
  socklen_t length = sizeof who;
  if (accepted.peer.is_unix && ::getsockopt(accepted.descriptor, SOL_SOCKET, SO_PEERCRED, &who, &length) == 0)
    accepted.peer.uid = who.uid;
  return accepted;
}

Result<int> start_connect(const Endpoint& to) {
  OwnedSocket socket = make(to.family());
  if (socket.get() >= 0) {
    if (to.family() != AF_UNIX) set(socket.get(), IPPROTO_TCP, TCP_NODELAY);
    if (::connect(socket.get(), to.data(), to.size()) == 0 || errno == EINPROGRESS) return socket.release();
  }
  const Error error(connect_fault(errno), errno);
  if (error.fault == Fault::OutOfResources) no_connect.tell(error.number);
  return error;
}

int connect_result(int descriptor) {
  int number = 0;
  socklen_t size = sizeof number;
  return ::getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &number, &size) == 0 ? number : errno;
}

Fault connect_fault(int number) {
  switch (number) {
    case ECONNREFUSED:
    case ENOENT:  // a Unix socket that isn't there
      return Fault::ConnectRefused;
    case EMFILE:
    case ENFILE:
    case ENOBUFS:
    case ENOMEM:
    case EADDRNOTAVAIL:  // no local port left
      return Fault::OutOfResources;
    case ETIMEDOUT: return Fault::ConnectTimeout;
    default: return Fault::ConnectFailed;
  }
}

Endpoint local_endpoint(int descriptor) {
  sockaddr_storage storage{};
  socklen_t size = sizeof storage;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&storage), &size);
  return Endpoint::of(reinterpret_cast<const sockaddr*>(&storage), size);
}

std::vector<ip::address> resolve(const std::string& name, std::string& error) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(name.c_str(), nullptr, &hints, &found);
  if (code != 0) {
    error = ::gai_strerror(code);
    return {};
  }
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owned(found, ::freeaddrinfo);
  std::vector<ip::address> addresses;
  for (const addrinfo* at = found; at != nullptr; at = at->ai_next) {
    const ip::address address = Endpoint::of(at->ai_addr, at->ai_addrlen).address();
    if (std::find(addresses.begin(), addresses.end(), address) == addresses.end()) addresses.push_back(address);
  }
  return addresses;
}

std::uint64_t raise_descriptor_limit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return 0;
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

}  // namespace kanaria::net
