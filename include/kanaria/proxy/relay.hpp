// One attempt's traffic: the request's body up, the answer down. We don't read on before a write is done: that is the
// back-pressure.
#pragma once

#include "kanaria/net/spawn.hpp"
#include "kanaria/proxy/request.hpp"
#include "kanaria/targets/attempt.hpp"

namespace kanaria::proxy {

class TargetLease;

/// A request body that is still coming, or a tunnel's way up: a child coroutine beside the answer's. Joined before it
/// dies.
class Upload {
 public:
  Upload(Request& request, targets::Attempt& attempt)
      : child_(request.context.loop), request_(request), attempt_(attempt) {}

  /// The request's head has gone out. No other try can be made from here on, so most of what came of it is forgotten.
  void start();
  bool started() const { return started_; }
  /// It waits for bytes of the client's: a target that says nothing meanwhile owes nothing.
  bool waits_for_client() const { return child_.running() && waiting_; }
  /// Waits for its own end.
  net::Awaitable<void> join() { return child_.join(); }
  /// Ends it: the answer is whole, or the attempt failed.
  net::Awaitable<void> end();

 private:
  net::Awaitable<void> run();

  net::Child child_;
  Request& request_;
  targets::Attempt& attempt_;
  bool started_ = false;
  bool waiting_ = false;
};

/// Receives the answer's head(s) and sends them on, then the body; a 101 becomes a tunnel. None: the answer is whole.
/// `lease`: of the target that answers; told of the final head.
net::Awaitable<Fault> relay_answer(Request& request, targets::Attempt& attempt, Upload& upload, TargetLease& lease);

}  // namespace kanaria::proxy
