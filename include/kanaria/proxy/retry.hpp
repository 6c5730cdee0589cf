// Whether a request may be tried again. Pure. The rules: never once a byte of the answer went out; a failed connect
// always, on another target; a reused connection that was closed under us only for an idempotent request whose body is
// still here (RFC 9110 §9.2.2, RFC 9112 §9.3.1).
#pragma once

#include <string_view>

#include "kanaria/base/error.hpp"

namespace kanaria::proxy {

struct Failure {
  Fault fault = Fault::None;
  bool answer_started = false;
  bool body_consumed = false;  // bytes of the request's body are gone that can't be sent again
};

enum class Retry : std::uint8_t { No, AnotherTarget, SameTarget };

Retry retry(const Failure& failure, std::string_view method);

}  // namespace kanaria::proxy
