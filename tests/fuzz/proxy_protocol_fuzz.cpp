// Four properties of the PROXY header's parser: its verdict does not depend on how the bytes are cut, it consumes no
// more than there is and than it says, bytes behind a header change nothing, and a source that it read is read again
// from a header of version 2 that we write.
#include <cstdint>

#include "fuzz/check.hpp"
#include "support/proxy_header.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace kanaria;
  using namespace kanaria::net;
  if (size == 0) return 0;
  // The first byte cuts the rest.
  const std::size_t piece = 1 + data[0] % 32;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);

  const ProxyHeader whole = parse_proxy_header(bytes);
  expect_equal(test::describe(test::feed_proxy_header(bytes, piece)), test::describe(whole),
               "the cut changed the verdict");
  if (whole.step == ProxyHeader::Step::NeedMore) {
    expect_equal(bytes.size() < kLongestProxyHeader, true, "it waits for more than a header may have");
    return 0;
  }
  expect_equal(test::describe(parse_proxy_header(std::string(bytes) + "GET / HTTP/1.1\r\n")), test::describe(whole),
               "what follows changed the verdict");
  if (whole.step == ProxyHeader::Step::Refused) {
    expect_equal(whole.why.empty(), false, "it does not say why");
    return 0;
  }
  expect_equal(whole.consumed <= std::min(bytes.size(), kLongestProxyHeader), true, "more was consumed than there was");
  if (!whole.source) return 0;

  const int pair = whole.source->address.is_v4() ? 0x11 : 0x21;
  const std::string written = test::binary_header(0x21, pair, test::addresses_from(*whole.source));
  const ProxyHeader again = parse_proxy_header(written);
  expect_equal(again.consumed, written.size(), "what we wrote is not one header");
  expect_equal(again.source && again.source->address == whole.source->address, true, "another address");
  expect_equal(again.source->port, whole.source->port, "another port");
  return 0;
}
