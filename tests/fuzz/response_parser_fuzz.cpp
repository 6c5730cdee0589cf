// A target's bytes up to what the client is sent, with the properties of request_parser_fuzz.cpp.
#include <cstdint>

#include "fuzz/check.hpp"
#include "fuzz/wire.hpp"
#include "kanaria/http/headers.hpp"
#include "unit/http/outcome.hpp"

namespace {

using namespace kanaria;
using namespace kanaria::http;

constexpr std::string_view kDate = "Mon, 23 Nov 2026 03:15:52 GMT";

// What a client that speaks HTTP/1.`minor` and asked with `method` is sent for `received`.
void check_forwarded(const ResponseHead& received, std::string_view method, std::uint8_t minor) {
  if (received.status < 200 && minor == 0) return;  // not for such a client
  ResponseHead sent;
  make_response(received, minor, received.status == 101, kDate, sent);
  const auto connection = sent.keep_alive ? ConnectionField::None : ConnectionField::Close;

  BlockPool pool;
  Arena arena(pool);
  std::string written(write_head(sent, connection, arena));
  const std::vector<std::string_view> lines = lines_of(written);
  expect_equal(std::string(lines.front().substr(0, 13)), "HTTP/1.1 " + std::to_string(received.status) + " ",
               "another status line");
  expect_fields_of_a_proxy(lines);
  const bool has_connection = connection == ConnectionField::Close || received.status == 101;
  expect_equal(values_of(lines, "Connection").size() >= has_connection, true, "no word about the connection");
  expect_equal(values_of(lines, "Date").empty(), received.status < 200 && find(received.fields, "Date") == nullptr,
               "a final answer without a date");
  if (received.status != 101)
    expect_equal(values_of(lines, "Upgrade").size(), std::size_t{0}, "an Upgrade without a switch");

  ResponseParser again;
  again.reset(method);
  const Outcome read = feed(again, written);
  expect_equal(read.fault == Fault::None, true, "we refuse what we wrote");
  expect_equal(read.consumed, written.size(), "what we wrote is not one head");
  expect_equal(read.framing, describe(sent.framing, sent.content_length), "what we wrote is framed in another way");
  expect_equal(describe(again.head().fields).starts_with(describe(sent.fields)), true, "other fields");
  const bool has_chunks = values_of(lines, "Transfer-Encoding").size() == 1;
  expect_equal(has_chunks, sent.framing == Framing::Chunked, "chunks that were not announced, or not sent");
  expect_equal(has_chunks && minor == 0, false, "chunks for HTTP/1.0");
}

// HTTP/1.0 is written as HTTP/1.1, which reads Connection differently; with 101 goes a field of ours.
void check_unchanged(const ResponseHead& received, std::string_view method, const Outcome& outcome) {
  BlockPool pool;
  Arena arena(pool);
  std::string written(write_head(received, ConnectionField::None, arena));
  ResponseParser again;
  again.reset(method);
  const Outcome read = feed(again, written);
  expect_equal(read.consumed, written.size(), "what we wrote is not one head");
  // After a 1xx or 204 that announced a body the connection is given up, and the announcement is not written.
  if (again.head().keep_alive == received.keep_alive)
    expect_equal(read.head, outcome.head, "what we wrote is another head");
  if (received.framing != Framing::None) expect_equal(read.framing, outcome.framing, "another framing");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte cuts the rest, and says who asked and what.
  const std::size_t piece = 1 + data[0] % 32;
  const std::uint8_t client_minor = (data[0] & 0x40) != 0 ? 0 : 1;
  const std::string_view method = (data[0] & 0x80) != 0 ? "HEAD" : "GET";
  std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);

  ResponseParser parser;
  parser.reset(method);
  const Outcome cut = feed(parser, bytes, piece);
  parser.reset(method);
  const Outcome whole = feed(parser, bytes);
  expect_equal(cut, whole, "the cut changed the verdict");
  expect_equal(whole.consumed <= bytes.size(), true, "more was consumed than there was");
  if (whole.head.empty()) return 0;

  expect_equal(describe(parser.head()), whole.head, "the body changed the head");
  check_forwarded(parser.head(), method, client_minor);
  if (parser.head().minor > 0 && parser.head().status != 101) check_unchanged(parser.head(), method, whole);
  return 0;
}
