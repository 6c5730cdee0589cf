#include "kanaria/proxy/answer.hpp"

#include <array>
#include <charconv>

namespace kanaria::proxy {
namespace {

/// The body's rest is not wanted. What is here already is dropped, so that a small request keeps its connection.
void give_up_body(http::Exchange& client) {
  const Result<http::Piece> piece = client.ready();
  if (!piece || !piece->last) client.stop_reading();
}

// ALB's wording, where it differs from the RFC's.
std::string_view title_of(std::uint16_t status) {
  switch (status) {
    case 503: return "Service Temporarily Unavailable";
    case 504: return "Gateway Time-out";
    case 463: return "Too Many Forwarded Addresses";  // ALB's code, which no RFC names
    default: return http::reason_of(status);
  }
}

}  // namespace

net::Awaitable<Result<void>> answer(http::Exchange& client, const OwnAnswer& what, http::ResponseHead& head) {
  give_up_body(client);
  head.clear();
  head.status = what.status;
  head.reason = title_of(what.status);
  head.fields.push_back({"Date", current_date(std::chrono::system_clock::now())});
  head.fields.push_back({"Server", "kanaria"});
  if (!what.allow.empty()) head.fields.push_back({"Allow", what.allow});
  if (!what.etag.empty()) head.fields.push_back({"ETag", what.etag});
  if (!what.www_authenticate.empty()) head.fields.push_back({"WWW-Authenticate", what.www_authenticate});
  if (!what.location.empty()) head.fields.push_back({"Location", what.location});
  if (!what.content_type.empty()) head.fields.push_back({"Content-Type", what.content_type});
  head.keep_alive = !what.close;
  http::Piece body{what.body, true, nullptr};
  if (what.status == 204) {
    body.data = {};
  } else {
    head.content_length = body.data.size();
    head.describes_length = client.head().method == "HEAD";
    head.framing = head.describes_length ? http::Framing::None : http::Framing::Length;
    if (head.describes_length) body.data = {};
  }
  const Result<void> sent = co_await client.send(head, body);
  co_return sent;
}

std::string_view error_page(std::uint16_t status, Arena& arena) {
  std::array<char, 5> digits{};
  const std::string_view code(
      digits.data(),
      static_cast<std::size_t>(std::to_chars(digits.data(), digits.data() + 5, status).ptr - digits.data()));
  const std::string_view title = title_of(status);
  return arena.join({"<html>\r\n<head><title>", code, " ", title, "</title></head>\r\n<body>\r\n<center><h1>", code,
                     " ", title, "</h1></center>\r\n</body>\r\n</html>\r\n"});
}

std::string_view current_date(WallTime now) {
  struct Made {
    std::time_t second = -1;
    std::array<char, 29> text{};
  };
  thread_local Made made;
  const std::time_t second = std::chrono::system_clock::to_time_t(now);
  if (second != made.second) {
    http::write_date(now, made.text.data());
    made.second = second;
  }
  return {made.text.data(), made.text.size()};
}

}  // namespace kanaria::proxy
