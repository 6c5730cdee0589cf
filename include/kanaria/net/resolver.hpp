// Addresses of names by DNS, without blocking: c-ares on a loop's poller. /etc/hosts is asked first, as everybody
// does, and search domains are tried as /etc/resolv.conf says. On its loop's thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/loop.hpp"

namespace kanaria::net {

struct Resolution {
  std::vector<boost::asio::ip::address> addresses;  // A and AAAA, each once, sorted
  Milliseconds ttl{0};                              // the smallest one; 0 where there is none (/etc/hosts)
  /// Why there are no addresses; or, beside those of one family, why nothing is known of the other.
  std::string error;
};

class Resolver {
 public:
  /// `servers`: "127.0.0.1:5353,..." instead of /etc/resolv.conf's; empty: those, also after the file has changed.
  /// Throws std::invalid_argument if `servers` is no such list.
  explicit Resolver(Loop& loop, const std::string& servers = {});
  /// As cancel(): who waits is told at the loop's next turn.
  ~Resolver();
  Resolver(const Resolver&) = delete;
  Resolver& operator=(const Resolver&) = delete;

  /// Gives up after five seconds. Any number may be under way; they take their turns at the servers.
  Awaitable<Resolution> resolve(std::string name);
  /// Ends all that is under way, with an error.
  void cancel();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kanaria::net
