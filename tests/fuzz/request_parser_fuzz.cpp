// A client's bytes up to what a target is sent. The verdict does not depend on how the bytes are cut, and no more is
// consumed than there was. A head that was accepted goes out as one head with one Host, framed by one field at the
// most, which says what our parser found; and it is the same request when it is read again.
#include <array>
#include <cstdint>

#include "fuzz/check.hpp"
#include "fuzz/wire.hpp"
#include "kanaria/http/headers.hpp"
#include "unit/http/outcome.hpp"

namespace {

using namespace kanaria;
using namespace kanaria::http;

// The settings that change what goes out, by a number below eight.
ForwardingPolicy policy_of(unsigned bits) {
  constexpr std::array kModes{ForwardedFor::Append, ForwardedFor::Preserve, ForwardedFor::Remove};
  ForwardingPolicy policy;
  policy.preserve_host = (bits & 1) != 0;
  policy.client_port = (bits & 2) != 0;
  policy.listener_port = (bits & 2) != 0 ? 8080 : 80;
  policy.forwarded_for = kModes[bits % kModes.size()];
  return policy;
}

void expect_request_line(std::string_view line, const RequestHead& received) {
  const std::size_t target = received.method.size() + 1;
  expect_equal(std::string(line.substr(0, target)), std::string(received.method) + " ", "another method");
  expect_equal(line.ends_with(" HTTP/1.1"), true, "a version that is not ours");
  const std::string_view sent = line.substr(target, line.size() - target - std::string_view(" HTTP/1.1").size());
  expect_equal(sent.find(' '), std::string_view::npos, "a request line of four words");
  expect_equal(sent.starts_with('/') || (sent == "*" && received.method == "OPTIONS"), true, "no form for an origin");
}

// What the target is sent for `received`, whose framing was described as `framing`.
void check_forwarded(const RequestHead& received, const std::string& framing, const ForwardingPolicy& policy) {
  Forwarded sent(received, policy);
  const std::string written = sent.bytes();
  const std::vector<std::string_view> lines = lines_of(written);
  expect_request_line(lines.front(), received);
  expect_equal(values_of(lines, "Host").size(), std::size_t{1}, "not one Host");
  const std::size_t lists = values_of(lines, "X-Forwarded-For").size();
  if (policy.forwarded_for == ForwardedFor::Append) expect_equal(lists, std::size_t{1}, "not one X-Forwarded-For");
  if (policy.forwarded_for == ForwardedFor::Remove) expect_equal(lists, std::size_t{0}, "an X-Forwarded-For");
  expect_fields_of_a_proxy(lines);
  expect_equal(values_of(lines, "Connection").size(), std::size_t{received.upgrade_websocket}, "a Connection");
  expect_equal(values_of(lines, "Upgrade").size(), std::size_t{received.upgrade_websocket}, "an Upgrade");

  RequestParser again;
  again.reset();
  const Outcome read = feed(again, written);
  expect_equal(read.fault == Fault::None, true, "we refuse what we wrote");
  expect_equal(read.consumed, written.size(), "what we wrote is not one head");
  expect_equal(read.framing, framing, "what we wrote is framed in another way");
  expect_equal(again.head().keep_alive, true, "a connection to a target that ends");
  expect_equal(describe(again.head().fields).starts_with(describe(sent.head().fields)), true, "other fields");
}

// HTTP/1.0 is written as HTTP/1.1, which asks for a Host and reads Connection differently: not the same head.
void check_unchanged(const RequestHead& received, const Outcome& outcome) {
  BlockPool pool;
  Arena arena(pool);
  RequestHead sent = received;
  sent.upgrade_websocket = false;  // its Connection and Upgrade are among the fields still
  std::string written(write_head(sent, arena));
  RequestParser again;
  again.reset();
  const Outcome read = feed(again, written);
  expect_equal(read.consumed, written.size(), "what we wrote is not one head");
  RequestHead same = again.head();
  if (!received.scheme.empty()) {  // an absolute target is written in origin form, and its host is not Host's
    same.target = received.target;
    same.scheme = received.scheme;
    same.authority = received.authority;
  }
  expect_equal(describe(same), outcome.head, "what we wrote is another head");
  expect_equal(read.framing, outcome.framing, "another framing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte cuts the rest, and is the policy.
  const std::size_t piece = 1 + data[0] % 32;
  std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);

  RequestParser parser;
  parser.reset();
  const Outcome cut = feed(parser, bytes, piece);
  parser.reset();
  const Outcome whole = feed(parser, bytes);
  expect_equal(cut, whole, "the cut changed the verdict");
  expect_equal(whole.consumed <= bytes.size(), true, "more was consumed than there was");
  if (whole.head.empty()) return 0;

  expect_equal(describe(parser.head()), whole.head, "the body changed the head");
  check_forwarded(parser.head(), whole.framing, policy_of(data[0] / 32));
  if (parser.head().minor > 0) check_unchanged(parser.head(), whole);
  return 0;
}
