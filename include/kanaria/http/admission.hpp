// What the operator lets in of the requests that the parser found valid. Pure.
#pragma once

#include <cstdint>
#include <vector>

#include "kanaria/base/error.hpp"
#include "kanaria/http/desync.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::http {

struct Admission {
  DesyncMode desync_mode = DesyncMode::Defensive;
  bool drop_invalid_header_fields = false;      // names that are not [-A-Za-z0-9]+ (ALB)
  std::uint64_t max_request_body = UINT64_MAX;  // bytes; UINT64_MAX: no bound
};

/// None: the request goes on, without fields that are dropped, and isolated where the mode says so. The size of a body
/// that comes in chunks is for its reader to judge. More than 30 addresses in X-Forwarded-For are refused, whatever
/// becomes of the list.
Fault admit(const Admission& admission, RequestHead& head);

/// The same for the trailers of a request that was admitted. False: they refuse it.
bool admit_trailers(const TrailerRules& rules, std::vector<Field>& trailers);

}  // namespace kanaria::http
