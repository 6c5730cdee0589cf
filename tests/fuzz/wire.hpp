// Looks at a head that we wrote as bytes, without our parser: a fault that parser and writer share would stay unseen.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "fuzz/check.hpp"
#include "kanaria/http/headers.hpp"

namespace kanaria {

/// The start line and the fields, without line ends. No byte in them ends a line for whoever reads it.
inline std::vector<std::string_view> lines_of(std::string_view head) {
  std::vector<std::string_view> lines;
  while (!head.starts_with("\r\n")) {
    const std::size_t end = head.find("\r\n");
    expect_equal(end != std::string_view::npos, true, "a head that we wrote has no end");
    lines.push_back(head.substr(0, end));
    const bool clean = lines.back().find_first_of(std::string_view("\r\n\0", 3)) == std::string_view::npos;
    expect_equal(clean, true, "a line that we wrote can be read as two");
    head.remove_prefix(end + 2);
  }
  expect_equal(head.size(), std::size_t{2}, "something follows a head that we wrote");
  return lines;
}

/// The values of all fields of that name.
inline std::vector<std::string> values_of(const std::vector<std::string_view>& lines, std::string_view name) {
  std::vector<std::string> values;
  for (const std::string_view line : lines) {
    const std::size_t colon = std::min(line.find(": "), line.size());
    if (http::iequals(line.substr(0, colon), name)) values.emplace_back(line.substr(std::min(colon + 2, line.size())));
  }
  return values;
}

/// What a target is sent for a request.
class Forwarded {
 public:
  Forwarded(const http::RequestHead& received, const http::ForwardingPolicy& policy) {
    const http::PeerText peer{"203.0.113.7", "203.0.113.7:4711", "192.0.2.1"};
    Random random(1);
    std::string_view trace_id;
    http::make_request(received, peer, policy, {}, WallTime{}, random, arena_, head_, trace_id);
  }
  const http::RequestHead& head() const { return head_; }
  std::string bytes() { return std::string(http::write_head(head_, arena_)); }

 private:
  BlockPool pool_;
  Arena arena_{pool_};
  http::RequestHead head_;
};

/// At most one field frames, and no field of the sender's connection is there, but for `Connection` itself.
inline void expect_fields_of_a_proxy(const std::vector<std::string_view>& lines) {
  const std::size_t framing = values_of(lines, "Content-Length").size() + values_of(lines, "Transfer-Encoding").size();
  expect_equal(framing <= 1, true, "two fields frame what we wrote");
  for (const std::string_view name : {"Keep-Alive", "Proxy-Connection", "TE", "Trailer", "Close"})
    expect_equal(values_of(lines, name).size(), std::size_t{0}, "a hop-by-hop field was passed on");
}

}  // namespace kanaria
