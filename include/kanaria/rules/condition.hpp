// The six conditions of a rule, compiled: matches(), and words for what didn't. ALB's semantics: alb.md §2.
// Immutable after compile; shared by all workers.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kanaria/config/model.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::rules {

/// What conditions look at. `worker` picks this worker's own copy of each regular expression: RE2's cache takes a lock.
struct Subject {
  const http::RequestHead& head;
  const boost::asio::ip::address& peer;  // the TCP peer; unspecified for a Unix socket
  unsigned worker = 0;
};

}  // namespace kanaria::rules
