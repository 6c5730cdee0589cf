// Whether a request may be tried again. Pure. The rules:
//
//   * never once a byte of the answer went out, nor when bytes of the request are gone
//   * a failed connect: another target, whatever the method. Where `retry_on` has connect_failure and `max` isn't 0 it
//     costs nothing: no target has worked for it. kMaxTries targets and the caller's bound in time end it
//   * a reused connection that was closed under us, and an answer that ended before it began: once bytes were sent only
//     an idempotent request (RFC 9110 §9.2.2, RFC 9112 §9.3.1). At most `max` times, each paid from the group's budget
//   * a target that is only slow, never: it may be at work
#pragma once

#include <string_view>

#include "kanaria/base/error.hpp"
#include "kanaria/config/target_group.hpp"

namespace kanaria::proxy {

struct Failure {
  Fault fault = Fault::None;
  bool sent = false;            // bytes of the request may have reached the target
  bool answer_started = false;  // bytes of an answer may have reached the client
  bool body_consumed = false;   // bytes of the request's body are gone that can't be sent again
};

struct Retry {
  bool again = false;
  bool counts = false;  // against Retries::max, and costs one of the group's RetryBudget
  /// On a new connection: others may have died with that one. And where no other target is left, to the same one.
  bool fresh = false;
  friend bool operator==(const Retry&, const Retry&) = default;
};

/// `counted`: further tries of the request that counted, so far.
Retry retry(const Failure& failure, std::string_view method, const config::Retries& policy, int counted);

}  // namespace kanaria::proxy
