// Cookie and Set-Cookie fields of any bytes: they pass byte for byte, in number and order, and nothing else of the
// message changes because of them. One that may not stand in a message refuses it, and no other does.
#include <algorithm>
#include <cstdint>

#include "fuzz/check.hpp"
#include "fuzz/wire.hpp"
#include "kanaria/http/headers.hpp"
#include "unit/http/outcome.hpp"

namespace {

using namespace kanaria;
using namespace kanaria::http;

constexpr std::size_t kMostCookies = 64;  // with their bytes below every limit: these are tested elsewhere
constexpr std::size_t kMostBytes = 8192;

/// A message's bytes with a field of that name for each value, between two other fields.
std::string message(std::string_view start, std::string_view name, const std::vector<std::string_view>& values) {
  std::string text(start);
  text.append("Accept: */*\r\n");
  for (const std::string_view value : values) text.append(name).append(": ").append(value).append("\r\n");
  return text.append("ETag: \"a\"\r\nContent-Length: 5\r\n\r\nhello");
}

std::string forwarded(const RequestHead& head) {
  const ForwardingPolicy policy{.listener_port = 80};
  return Forwarded(head, policy).bytes();
}

std::string forwarded(const ResponseHead& head) {
  BlockPool pool;
  Arena arena(pool);
  ResponseHead sent;
  make_response(head, 1, false, "Mon, 23 Nov 2026 03:15:52 GMT", sent);
  return std::string(write_head(sent, ConnectionField::None, arena));
}

void reset(RequestParser& parser) {
  parser.reset();
}
void reset(ResponseParser& parser) {
  parser.reset("GET");
}

bool may_stand_in_a_field(std::string_view value) {
  return std::ranges::all_of(value,
                             [](char c) { return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != 0x7f); });
}

std::string trimmed(std::string_view value) {
  const std::size_t begin = std::min(value.find_first_not_of(" \t"), value.size());
  return std::string(value.substr(begin, value.find_last_not_of(" \t") + 1 - begin));
}

/// What goes out for the message without cookies, and how its body was understood.
struct Plain {
  std::string head;
  std::string body;
};

template <class Parser>
Plain plain_message(std::string_view start) {
  Parser parser;
  reset(parser);
  std::string bytes = message(start, {}, {});
  const Outcome outcome = feed(parser, bytes);
  expect_equal(outcome.complete, true, "the message without cookies");
  return {forwarded(parser.head()), outcome.framing + outcome.body};
}

template <class Parser>
void check(std::string_view start, std::string_view name, const std::vector<std::string_view>& values) {
  static const Plain plain = plain_message<Parser>(start);
  Parser parser;
  reset(parser);
  std::string bytes = message(start, name, values);
  const Outcome outcome = feed(parser, bytes);
  expect_equal(outcome.fault == Fault::None, std::ranges::all_of(values, may_stand_in_a_field),
               "the verdict on a cookie");
  if (outcome.fault != Fault::None) return;
  expect_equal(outcome.framing + outcome.body, plain.body, "a cookie changed the body");

  const std::string written = forwarded(parser.head());
  std::vector<std::string> sent;
  for (const std::string_view value : values) sent.push_back(trimmed(value));
  const std::vector<std::string_view> lines = lines_of(written);
  expect_equal(values_of(lines, name) == sent, true, written.c_str());
  std::string others;
  for (const std::string_view line : lines)
    if (!line.starts_with(name)) others.append(line).append("\r\n");
  expect_equal(others + "\r\n", plain.head, "a cookie changed the rest of the message");

  reset(parser);
  std::string with_body = written + "hello";
  const Outcome again = feed(parser, with_body);
  expect_equal(again.complete && again.body == "hello", true, "we read what we wrote in another way");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  // Each line is one cookie.
  std::string_view bytes(reinterpret_cast<const char*>(data), std::min(size, kMostBytes));
  std::vector<std::string_view> values;
  while (!bytes.empty() && values.size() < kMostCookies) {
    const std::size_t end = std::min(bytes.find('\n'), bytes.size());
    values.push_back(bytes.substr(0, end));
    bytes.remove_prefix(std::min(end + 1, bytes.size()));
  }
  check<RequestParser>("POST / HTTP/1.1\r\nHost: a\r\n", "cookie", values);
  check<ResponseParser>("HTTP/1.1 200 OK\r\n", "Set-Cookie", values);
  return 0;
}
