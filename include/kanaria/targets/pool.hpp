// One worker's connections to targets: take() hands out an idle one, connect() makes one; what comes back in order
// waits for the next request, up to the group's target_idle_timeout. Idle connections are bounded, the longest unused
// goes first; one whose target closes it, or speaks unasked, is closed at once. On its worker's thread.
#pragma once

#include <functional>
#include <memory>

#include "kanaria/net/loop.hpp"
#include "kanaria/observe/counters.hpp"
#include "kanaria/targets/attempt.hpp"
#include "kanaria/targets/target.hpp"

namespace kanaria::targets {

struct AttemptTimeouts {
  Milliseconds connect{3'000};
  Milliseconds idle{60'000};
};

class Pool {
 public:
  static constexpr std::size_t kMaxIdle = 1024;  // over all targets

  /// Has other workers close their idle connections to this target; returns when they have.
  using Shed = std::function<net::Awaitable<void>(const Target& target)>;

  Pool(net::Loop& loop, observe::Counters& counters);
  /// Before the first connect() of a group with max_connections, where there are other workers.
  void set_shed_elsewhere(Shed shed);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  // The target and the group must outlive the attempt.
  /// An idle connection; null: there is none.
  AttemptPtr take(const Group& group, const Target& target, const AttemptTimeouts& timeouts);
  /// A new connection; where the target has max_connections already, others' idle ones make room for it. `client`:
  /// whose leaving ends a connect in progress; may be null.
  net::Awaitable<Result<AttemptPtr>> connect(const Group& group, const Target& target, const AttemptTimeouts& timeouts,
                                             http::Exchange* client = nullptr);

  /// Only these targets' connections are kept from now on; idle ones of others are closed, used ones when they come
  /// back.
  void keep_only(const std::vector<std::shared_ptr<const Target>>& targets);
  /// Closes the idle connections to this target.
  void shed(const Target& target);
  /// Ends what goes on with this target.
  void abort(const Target& target, Fault fault);
  /// Closes all idle connections and keeps none from now on.
  void close();
  std::size_t idle() const;

 private:
  friend class Connection;
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace kanaria::targets
