// Answers that kanaria gives itself: fixed responses, redirects, and ALB's pages for faults (alb.md §7). Also used by
// the admin API.
#pragma once

#include <string_view>

#include "kanaria/http/exchange.hpp"

namespace kanaria::proxy {

struct OwnAnswer {
  std::uint16_t status = 200;
  std::string_view content_type;  // empty: none
  std::string_view body;
  std::string_view location;          // empty: none
  std::string_view allow;             // empty: none
  std::string_view etag;              // with its quotes; empty: none
  std::string_view www_authenticate;  // with 401; empty: none
  bool close = false;                 // the connection ends with it
};

/// Sends it whole, with Date, Server and Content-Length; no body to HEAD. What is left of the request's body is given
/// up unjudged. `head` is scratch.
net::Awaitable<Result<void>> answer(http::Exchange& client, const OwnAnswer& what, http::ResponseHead& head);

/// ALB's page for a status: "<html>\r\n<head><title>502 Bad Gateway</title></head>...", 122 bytes for that one.
std::string_view error_page(std::uint16_t status, Arena& arena);

/// The value of Date at that time, made once a second a thread.
std::string_view current_date(WallTime now);

}  // namespace kanaria::proxy
