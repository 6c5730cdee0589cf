// What the names of targets mean now: each wanted name is asked for again by its TTL, and at least every dns_max_ttl of
// the groups that use it. As long as DNS fails, the last good answer counts. On control's loop.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/net/resolver.hpp"

namespace kanaria::runtime {

/// How many addresses of a name are targets; others are left out, with a warning.
inline constexpr std::size_t kMaxAddresses = 64;

struct Known {
  std::vector<boost::asio::ip::address> addresses;  // of the last good answer, sorted; empty: there was none yet
  std::string error;                                // of the last look-up; empty: it was good
  unsigned failures = 0;                            // look-ups in a row
  std::size_t left_out = 0;                         // addresses beyond kMaxAddresses
};

/// What follows from an answer.
struct Consequence {
  bool changed = false;     // other addresses than before
  bool broke = false;       // the first failure in a row
  bool healed = false;      // the first good answer after failures
  bool overflowed = false;  // the first answer with too many addresses
  Milliseconds next{0};     // until the next look-up: 1 s to `max_ttl`
};

/// Pure. An answer without an address to connect to is a failure, and takes nothing away; one that knows nothing of one
/// family leaves that family as it was.
Consequence follow(Known& known, const net::Resolution& answer, Milliseconds max_ttl);

class Names {
 public:
  /// Name -> the smallest dns_max_ttl of the groups that use it.
  using Wanted = std::map<std::string, Milliseconds>;

  /// `servers`: as net::Resolver's, which throws too. `changed`: the addresses of a name in use are others; on
  /// control's thread, from the top of its loop.
  Names(net::Loop& control, const std::string& servers, std::function<void()> changed);
  /// Look-ups under way end at the loop's next turn, and are told no more.
  ~Names();
  Names(const Names&) = delete;
  Names& operator=(const Names&) = delete;

  /// Before a configuration is compiled: asks for those names that are not in use or can't be resolved. Returns when
  /// each that is not in use has an answer or has failed, after about five seconds at most. One at a time.
  net::Awaitable<void> look_up(Wanted names);
  /// After it was published: these are in use, and no others.
  void set(const Wanted& names);

  /// Of the names in use, and of the last look_up()'s.
  const std::map<std::string, Known>& known() const;

 private:
  struct State;
  std::shared_ptr<State> state_;  // shared with look-ups under way
};

}  // namespace kanaria::runtime
