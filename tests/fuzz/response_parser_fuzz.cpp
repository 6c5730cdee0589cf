// The properties of request_parser_fuzz.cpp for ResponseParser.
#include <cstdint>

#include "fuzz/check.hpp"
#include "kanaria/http/headers.hpp"
#include "unit/http/outcome.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanaria;
  using namespace kanaria::http;
  if (size == 0) return 0;
  // The first byte cuts the rest and says what was asked.
  const std::size_t piece = 1 + data[0] % 32;
  const std::string_view method = (data[0] & 0x80) != 0 ? "HEAD" : "GET";
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);

  ResponseParser parser;
  parser.reset(method);
  const Outcome cut = feed(parser, bytes, piece);
  parser.reset(method);
  const Outcome whole = feed(parser, bytes);
  expect_equal(cut, whole, "the cut changed the verdict");
  expect_equal(whole.consumed <= bytes.size(), true, "more was consumed than there was");
  // HTTP/1.0 is written as HTTP/1.1, which reads Connection differently; with 101 goes a field of ours.
  const ResponseHead& head = parser.head();
  if (whole.head.empty() || head.minor == 0 || head.status == 101) return 0;

  BlockPool pool;
  Arena arena(pool);
  const std::string written(write_head(head, ConnectionField::None, arena));
  ResponseParser again;
  again.reset(method);
  const HeadProgress progress = again.parse_head(written);
  expect_equal(progress.consumed, written.size(), "what we wrote is not one head");
  // After a 1xx or 204 that announced a body the connection is given up, and the announcement is not written.
  if (again.head().keep_alive == head.keep_alive)
    expect_equal(describe(again.head()), whole.head, "what we wrote is another head");
  if (head.framing != Framing::None)
    expect_equal(describe(again.head().framing, again.head().content_length), whole.framing, "another framing");
  return 0;
}
