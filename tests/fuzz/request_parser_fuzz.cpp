// Three properties of RequestParser: its verdict does not depend on how the bytes are cut, it consumes no more than it
// got, and a head that it accepted is the same head after we wrote it and read it again.
#include <cstdint>

#include "fuzz/check.hpp"
#include "kanaria/http/headers.hpp"
#include "unit/http/outcome.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanaria;
  using namespace kanaria::http;
  if (size == 0) return 0;
  // The first byte cuts the rest.
  const std::size_t piece = 1 + data[0] % 32;
  const std::string bytes(reinterpret_cast<const char*>(data + 1), size - 1);

  RequestParser parser;
  parser.reset();
  const Outcome cut = feed(parser, bytes, piece);
  parser.reset();
  const Outcome whole = feed(parser, bytes);
  expect_equal(cut, whole, "the cut changed the verdict");
  expect_equal(whole.consumed <= bytes.size(), true, "more was consumed than there was");
  // HTTP/1.0 is written as HTTP/1.1, which asks for a Host and reads Connection differently: not the same head.
  if (whole.head.empty() || parser.head().minor == 0) return 0;

  BlockPool pool;
  Arena arena(pool);
  const RequestHead& head = parser.head();
  RequestHead sent = head;
  sent.upgrade_websocket = false;  // its Connection and Upgrade are among the fields still
  const std::string written(write_head(sent, arena));
  RequestParser again;
  again.reset();
  const HeadProgress progress = again.parse_head(written);
  expect_equal(progress.consumed, written.size(), "what we wrote is not one head");
  expect_equal(describe(again.head()), whole.head, "what we wrote is another head");
  expect_equal(describe(again.head().framing, again.head().content_length), whole.framing, "another framing");
  return 0;
}
