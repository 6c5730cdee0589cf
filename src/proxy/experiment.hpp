// The part of a request in the rollout that owns its rule: which arm it goes to, and what it tells of that arm.
#pragma once

#include "kanaria/proxy/request.hpp"
#include "kanaria/rules/action.hpp"

namespace kanaria::proxy {

/// The group of this request by its index in `route`, which has an experiment; begins request.exposure.
Stay::Choice choose_arm(Request& request, const rules::Forward& action, const runtime::Route& route);

/// The request's first try failed, or none could be made. Later tries say nothing of it: a second call does nothing.
void tell_failure(Request& request, Fault fault);

}  // namespace kanaria::proxy
