// Each case stands with the section of the specification that it is about, where it is about one.
#include "kanaria/net/proxy_header.hpp"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "support/proxy_header.hpp"

namespace kanaria::net {
namespace {

using test::addresses_from;
using test::binary_header;
using test::describe;
using test::kProxySignature;
using test::tlv;
using namespace std::string_literals;

constexpr int kLocal = 0x20;
constexpr int kProxy = 0x21;
constexpr int kTcp4 = 0x11;
constexpr int kTcp6 = 0x21;

struct Case {
  const char* description;
  std::string bytes;
  std::string verdict;
};

/// Each case whole, in single bytes and in pieces of seven; what is whole also with a request behind it.
void check(const std::vector<Case>& cases) {
  for (const Case& one : cases) {
    EXPECT_EQ(describe(parse_proxy_header(one.bytes)), one.verdict) << one.description;
    for (const std::size_t piece : {1U, 7U})
      EXPECT_EQ(describe(test::feed_proxy_header(one.bytes, piece)), one.verdict) << one.description << ", cut";
    if (one.verdict == "needs more") continue;
    EXPECT_EQ(describe(parse_proxy_header(one.bytes + "GET / HTTP/1.1\r\n\r\n")), one.verdict) << one.description;
  }
}

std::string refused(const std::string& why) {
  return "refused: " + why;
}

const std::string kNone = refused("it does not begin with a PROXY header");
const std::string kAddress = refused("one of its addresses is none of its family");
const std::string kPort = refused("one of its ports is no number 0-65535");
const std::string kLineEnd = refused("its line does not end with CR and LF");
const std::string kWord = refused("its protocol is not TCP4, TCP6 or UNKNOWN");

TEST(ProxyHeaderLine, IsReadAsItIsSpecified) {
  const std::string v6 = "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff";
  check({
      {"§2.1, the example", "PROXY TCP4 192.168.0.1 192.168.0.11 56324 443\r\n",
       "version 1, 47 bytes, 192.168.0.1 56324"},
      {"§2.1, the longest of IPv4", "PROXY TCP4 255.255.255.255 255.255.255.255 65535 65535\r\n",
       "version 1, 56 bytes, 255.255.255.255 65535"},
      {"§2.1, the longest of IPv6", "PROXY TCP6 " + v6 + " " + v6 + " 65535 65535\r\n",
       "version 1, 104 bytes, " + v6 + " 65535"},
      {"§2.1, port 0", "PROXY TCP4 1.2.3.4 5.6.7.8 0 0\r\n", "version 1, 32 bytes, 1.2.3.4 0"},
      {"§2.1, upper case and a double colon", "PROXY TCP6 2001:DB8::1 ::1 1 2\r\n",
       "version 1, 32 bytes, 2001:db8::1 1"},
      {"an IPv4-mapped source comes as IPv4", "PROXY TCP6 ::ffff:1.2.3.4 ::1 1 2\r\n",
       "version 1, 35 bytes, 1.2.3.4 1"},
      {"§2.1, UNKNOWN, short", "PROXY UNKNOWN\r\n", "version 1, 15 bytes, no source"},
      {"§2.1, UNKNOWN, the worst case", "PROXY UNKNOWN " + v6 + " " + v6 + " 65535 65535\r\n",
       "version 1, 107 bytes, no source"},
      {"§2.1, UNKNOWN, anything before CRLF is ignored", "PROXY UNKNOWN \r \n GET / \0\r\n"s,
       "version 1, 27 bytes, no source"},
  });
}

TEST(ProxyHeaderLine, IsRefusedWhereItDiffers) {
  check({
      {"a request", "GET / HTTP/1.1\r\nHost: a\r\n\r\n", kNone},
      {"a request that begins like it", "PROPFIND / HTTP/1.1\r\n", kNone},
      {"TLS", "\x16\x03\x01"s, kNone},
      {"lower case", "proxy TCP4 1.2.3.4 5.6.7.8 1 2\r\n", kNone},
      {"two spaces after PROXY", "PROXY  TCP4 1.2.3.4 5.6.7.8 1 2\r\n", kWord},
      {"a tab for a space", "PROXY\tTCP4 1.2.3.4 5.6.7.8 1 2\r\n", kNone},
      {"another protocol", "PROXY UDP4 1.2.3.4 5.6.7.8 1 2\r\n", kWord},
      {"another family", "PROXY TCP5 1.2.3.4 5.6.7.8 1 2\r\n", kWord},
      {"no protocol", "PROXY \r\n", kWord},
      {"a word that begins with UNKNOWN", "PROXY UNKNOWNS\r\n", kLineEnd},
      {"UNKNOWN and a bare LF", "PROXY UNKNOWN\nGET", kLineEnd},
      {"UNKNOWN and a bare CR", "PROXY UNKNOWN\rGET", kLineEnd},
      {"two spaces before an address", "PROXY TCP4  1.2.3.4 5.6.7.8 1 2\r\n", kAddress},
      {"IPv6 after TCP4", "PROXY TCP4 ::1 ::1 1 2\r\n", kAddress},
      {"IPv4 after TCP6", "PROXY TCP6 1.2.3.4 5.6.7.8 1 2\r\n", kAddress},
      {"the destination's family differs", "PROXY TCP4 1.2.3.4 ::1 1 2\r\n", kAddress},
      {"three parts", "PROXY TCP4 1.2.3 5.6.7.8 1 2\r\n", kAddress},
      {"five parts", "PROXY TCP4 1.2.3.4.5 5.6.7.8 1 2\r\n", kAddress},
      {"a part over 255", "PROXY TCP4 1.2.3.256 5.6.7.8 1 2\r\n", kAddress},
      {"a heading zero", "PROXY TCP4 1.2.3.04 5.6.7.8 1 2\r\n", kAddress},
      {"a destination that is none", "PROXY TCP4 1.2.3.4 5.6.7 1 2\r\n", kAddress},
      {"two double colons", "PROXY TCP6 1::2::3 ::1 1 2\r\n", kAddress},
      {"less than 128 bits", "PROXY TCP6 1:2:3 ::1 1 2\r\n", kAddress},
      {"a zone", "PROXY TCP6 fe80::1%lo ::1 1 2\r\n", kAddress},
      {"a name", "PROXY TCP4 localhost 5.6.7.8 1 2\r\n", kAddress},
      {"the line ends too early", "PROXY TCP4 1.2.3.4\r\n", kAddress},
      {"no ports", "PROXY TCP4 1.2.3.4 5.6.7.8\r\n", kAddress},
      {"one port", "PROXY TCP4 1.2.3.4 5.6.7.8 1\r\n", kPort},
      {"a port over 65535", "PROXY TCP4 1.2.3.4 5.6.7.8 65536 2\r\n", kPort},
      {"a port far over 65535", "PROXY TCP4 1.2.3.4 5.6.7.8 1 99999999999999999999\r\n", kPort},
      {"a port with a heading zero", "PROXY TCP4 1.2.3.4 5.6.7.8 080 2\r\n", kPort},
      {"port 00", "PROXY TCP4 1.2.3.4 5.6.7.8 1 00\r\n", kPort},
      {"a port with a sign", "PROXY TCP4 1.2.3.4 5.6.7.8 +1 2\r\n", kPort},
      {"a port in hexadecimal", "PROXY TCP4 1.2.3.4 5.6.7.8 0x1 2\r\n", kPort},
      {"two spaces before a port", "PROXY TCP4 1.2.3.4 5.6.7.8  1 2\r\n", kPort},
      {"a space at the end", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 \r\n", kPort},
      {"a third port", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2 3\r\n", kPort},
      {"a bare LF", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\nGET", kPort},
      {"a bare CR", "PROXY TCP4 1.2.3.4 5.6.7.8 1 2\rGET", kLineEnd},
      {"the unspecified source", "PROXY TCP4 0.0.0.0 5.6.7.8 1 2\r\n",
       refused("its source is the unspecified address")},
      {"no end after 107 bytes", "PROXY UNKNOWN " + std::string(92, 'x') + "\r\n",
       refused("its line is longer than 107 bytes")},
      {"no end after 107 bytes, inside an address", "PROXY TCP4 " + std::string(96, '1'),
       refused("its line is longer than 107 bytes")},
  });
}

TEST(ProxyHeaderLine, IsWaitedForWhileItCanStillBecomeOne) {
  const std::string line = "PROXY TCP6 2001:db8::1 ::1 56324 443\r\n";
  for (std::size_t size = 0; size < line.size(); ++size)
    EXPECT_EQ(describe(parse_proxy_header(line.substr(0, size))), "needs more") << size;
  EXPECT_EQ(describe(parse_proxy_header("PROXY UNKNOWN " + std::string(92, 'x'))), "needs more") << "106 bytes";
}

TEST(ProxyHeaderBinary, IsReadAsItIsSpecified) {
  const std::string v4 = addresses_from({boost::asio::ip::make_address("192.0.2.1"), 56324});
  const std::string v6 = addresses_from({boost::asio::ip::make_address("2001:db8::1"), 56324});
  const std::string mapped = addresses_from({boost::asio::ip::make_address("::ffff:192.0.2.1"), 1});
  check({
      {"§2.2, TCP over IPv4", binary_header(kProxy, kTcp4, v4), "version 2, 28 bytes, 192.0.2.1 56324"},
      {"§2.2, UDP over IPv4", binary_header(kProxy, 0x12, v4), "version 2, 28 bytes, 192.0.2.1 56324"},
      {"§2.2, TCP over IPv6", binary_header(kProxy, kTcp6, v6), "version 2, 52 bytes, 2001:db8::1 56324"},
      {"§2.2, UDP over IPv6", binary_header(kProxy, 0x22, v6), "version 2, 52 bytes, 2001:db8::1 56324"},
      {"an IPv4-mapped source comes as IPv4", binary_header(kProxy, kTcp6, mapped), "version 2, 52 bytes, 192.0.2.1 1"},
      {"§2.2, Unix", binary_header(kProxy, 0x31, std::string(216, '/')), "version 2, 232 bytes, no source"},
      {"§2.2, Unix datagrams", binary_header(kProxy, 0x32, std::string(216, '/')), "version 2, 232 bytes, no source"},
      {"§2.2, unspecified", binary_header(kProxy, 0, ""), "version 2, 16 bytes, no source"},
      {"§2.2, unspecified: what follows is skipped", binary_header(kProxy, 0, "any"), "version 2, 19 bytes, no source"},
      {"§2.2, LOCAL", binary_header(kLocal, 0, ""), "version 2, 16 bytes, no source"},
      {"§2.2, LOCAL: family and block are skipped", binary_header(kLocal, 0xFF, v4 + "\x01"),
       "version 2, 29 bytes, no source"},
      {"§2.2, TLVs that say nothing to us",
       binary_header(kProxy, kTcp4, v4 + tlv(1, "h2") + tlv(0xEA, "") + tlv(4, "\0\0"s)),
       "version 2, 41 bytes, 192.0.2.1 56324"},
      {"4 KiB", binary_header(kProxy, kTcp4, v4 + tlv(4, std::string(4096 - 16 - 12 - 3, 'n'))),
       "version 2, 4096 bytes, 192.0.2.1 56324"},
  });
}

TEST(ProxyHeaderBinary, IsRefusedWhereItDiffers) {
  const std::string v4 = addresses_from({boost::asio::ip::make_address("192.0.2.1"), 56324});
  const std::string pair = refused("its address family and protocol are no known pair");
  std::string last = std::string(kProxySignature);
  last.back() = '\r';
  check({
      {"an empty line before a request", "\r\nGET / HTTP/1.1\r\n", kNone},
      {"the signature's last byte", last, kNone},
      {"§2.2, version 1", binary_header(0x11, kTcp4, v4), refused("its binary format is not version 2")},
      {"§2.2, version 3", binary_header(0x31, kTcp4, v4), refused("its binary format is not version 2")},
      {"§2.2, a command that is none", binary_header(0x22, kTcp4, v4), refused("its command is not LOCAL or PROXY")},
      {"§2.2, a family that is none", binary_header(kProxy, 0x41, v4), pair},
      {"§2.2, a protocol that is none", binary_header(kProxy, 0x13, v4), pair},
      {"§2.2, a family without a protocol", binary_header(kProxy, 0x10, v4), pair},
      {"§2.2, a protocol without a family", binary_header(kProxy, 0x01, v4), pair},
      {"§2.2, no room for IPv4", binary_header(kProxy, kTcp4, v4.substr(1)),
       refused("it is shorter than its addresses")},
      {"§2.2, no room for IPv6", binary_header(kProxy, kTcp6, std::string(35, 'x')),
       refused("it is shorter than its addresses")},
      {"§2.2, no room for a path", binary_header(kProxy, 0x31, std::string(215, 'x')),
       refused("it is shorter than its addresses")},
      {"over 4 KiB", binary_header(kProxy, kTcp4, std::string(4096 - 16 + 1, 'n')), refused("it is longer than 4 KiB")},
      {"over 4 KiB, LOCAL", binary_header(kLocal, 0, std::string(4096 - 16 + 1, 'n')),
       refused("it is longer than 4 KiB")},
      {"§2.2, one byte of a TLV", binary_header(kProxy, kTcp4, v4 + "\x04"), refused("a TLV is cut")},
      {"§2.2, a TLV that goes on behind the header", binary_header(kProxy, kTcp4, v4 + "\x04\0\x02x"s),
       refused("a TLV is longer than the header")},
      {"§2.2, behind one that is well", binary_header(kProxy, kTcp4, v4 + tlv(4, "") + "\x04\xff\xff"s),
       refused("a TLV is longer than the header")},
      {"§2.2, behind a path", binary_header(kProxy, 0x31, std::string(216, '/') + "x"), refused("a TLV is cut")},
      {"the unspecified source", binary_header(kProxy, kTcp4, std::string(12, '\0')),
       refused("its source is the unspecified address")},
  });
}

TEST(ProxyHeaderBinary, IsRefusedBeforeItIsWhole) {
  const std::string v4 = addresses_from({boost::asio::ip::make_address("192.0.2.1"), 56324});
  const auto first = [](const std::string& header, std::size_t size) {
    return describe(parse_proxy_header(header.substr(0, size)));
  };
  EXPECT_NE(first(binary_header(0x22, kTcp4, v4), 13), "needs more") << "the command";
  EXPECT_NE(first(binary_header(kProxy, 0x41, v4), 14), "needs more") << "the family";
  EXPECT_NE(first(binary_header(kProxy, kTcp4, v4.substr(1)), 16), "needs more") << "the length";
  EXPECT_NE(first("GET", 1), "needs more");
  EXPECT_NE(first("\r\nG", 3), "needs more");
}

TEST(ProxyHeaderBinary, IsWaitedForWhileItCanStillBecomeOne) {
  const std::string header =
      binary_header(kProxy, kTcp4, addresses_from({boost::asio::ip::make_address("192.0.2.1"), 1}) + tlv(4, "padding"));
  for (std::size_t size = 0; size < header.size(); ++size)
    EXPECT_EQ(describe(parse_proxy_header(header.substr(0, size))), "needs more") << size;
}

// The checksums were computed with another program: bit by bit, reflected, as RFC 4960, appendix B, has it.
TEST(ProxyHeaderChecksum, IsVerifiedWhereItIsGiven) {
  const std::string v4 = addresses_from({boost::asio::ip::make_address("192.0.2.1"), 56324});
  const auto with = [&](const std::string& checksum) {
    return binary_header(kProxy, kTcp4, v4 + tlv(3, checksum) + tlv(4, "x"));
  };
  const std::string wrong = refused("its checksum is wrong");
  check({
      {"§2.2.3, right", with("\xD4\xF9\x64\x21"), "version 2, 39 bytes, 192.0.2.1 56324"},
      {"§2.2.3, the other byte order", with("\x21\x64\xF9\xD4"), wrong},
      {"§2.2.3, zeros", with("\0\0\0\0"s), wrong},
      {"§2.2.3, three bytes", with("\0\0\0"s), refused("its checksum has not four bytes")},
      {"§2.2.3, of a LOCAL header: skipped", binary_header(kLocal, kTcp4, v4 + tlv(3, "\0\0\0\0"s)),
       "version 2, 35 bytes, no source"},
  });
  std::string changed = with("\xD4\xF9\x64\x21");
  changed.back() = 'y';
  EXPECT_EQ(describe(parse_proxy_header(changed)), wrong) << "what stands behind the checksum counts too";
}

}  // namespace
}  // namespace kanaria::net
