// The forward action: choose a group, pick a target, open an attempt, try; failed? again. The one loop that this
// program is about.
#pragma once

#include "kanaria/proxy/answer.hpp"
#include "kanaria/proxy/request.hpp"
#include "kanaria/rules/rule_table.hpp"

namespace kanaria::proxy {

/// Answers the request by a target, or with a fault's page when none could. The record tells what happened. `first`:
/// what of its body is here.
net::Awaitable<void> forward(Request& request, const rules::Rule& rule, const rules::Forward& action,
                             const http::Piece& first);

/// Answers the request with what we say ourselves, and records it: no failure.
net::Awaitable<void> respond(Request& request, const OwnAnswer& what);

/// Ends the request with a fault: its page where an answer is still possible, else the connection.
net::Awaitable<void> answer_fault(Request& request, Fault fault);

}  // namespace kanaria::proxy
