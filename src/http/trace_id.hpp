// The value of X-Amzn-Trace-Id that a target is sent (alb.md §6.4).
#pragma once

#include <string_view>

#include "kanaria/base/block.hpp"
#include "kanaria/base/clock.hpp"
#include "kanaria/base/random.hpp"

namespace kanaria::http {

/// `received`: the client's value, empty: none. Without a Root the request gets one; with a Root, or a Self of a proxy
/// before us, ours is the Self. What else is in it stays, unless that is longer than 7 KB: then it is dropped whole.
std::string_view next_trace_id(std::string_view received, WallTime now, Random& random, Arena& arena);

}  // namespace kanaria::http
