#include "kanaria/net/proxy_header.hpp"

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <charconv>
#include <string>

namespace kanaria::net {
namespace ip = boost::asio::ip;
namespace {

using Step = ProxyHeader::Step;

constexpr std::string_view kNoHeader = "it does not begin with a PROXY header";

ProxyHeader need_more() {
  return {};
}

ProxyHeader refuse(std::string_view why) {
  ProxyHeader header;
  header.step = Step::Refused;
  header.why = why;
  return header;
}

ProxyHeader done(int version, std::size_t consumed, const std::optional<Peer>& source) {
  // What stands for a Unix socket elsewhere can't come from a network.
  if (source && source->address.is_unspecified()) return refuse("its source is the unspecified address");
  ProxyHeader header;
  header.step = Step::Done;
  header.version = version;
  header.consumed = consumed;
  header.source = source;
  return header;
}

Peer peer(const ip::address& address, std::uint16_t port) {
  return {address, port, false};
}

// ---- version 1: §2.1

/// "PROXY TCP4 192.0.2.1 192.0.2.2 56324 443\r\n", read from left to right; whatever doesn't fit ends it.
class Line {
 public:
  explicit Line(std::string_view bytes) : bytes_(bytes.substr(0, kLongest)) {}

  ProxyHeader parse() {
    std::optional<Peer> source;
    if (read(source)) return done(1, at_, source);
    return end_;
  }

 private:
  static constexpr std::size_t kLongest = 107;  // with its CRLF
  static constexpr std::string_view kDigits = "0123456789";
  static constexpr std::string_view kFamily = "its protocol is not TCP4, TCP6 or UNKNOWN";
  static constexpr std::string_view kAddress = "one of its addresses is none of its family";
  static constexpr std::string_view kPort = "one of its ports is no number 0-65535";
  static constexpr std::string_view kLineEnd = "its line does not end with CR and LF";

  // Each returns false when the line is at its end here, in end_.
  bool wait() {
    end_ = bytes_.size() < kLongest ? need_more() : refuse("its line is longer than 107 bytes");
    return false;
  }
  bool stop(std::string_view why) {
    end_ = refuse(why);
    return false;
  }

  bool literal(std::string_view text, std::string_view why) {
    for (const char c : text) {
      if (at_ == bytes_.size()) return wait();
      if (bytes_[at_] != c) return stop(why);
      ++at_;
    }
    return true;
  }

  /// Characters of `alphabet` up to `end`, which is taken too.
  bool word(std::string_view& word, std::string_view alphabet, char end, std::string_view why) {
    const std::size_t size = std::min(bytes_.find_first_not_of(alphabet, at_), bytes_.size()) - at_;
    if (at_ + size == bytes_.size()) return wait();
    if (bytes_[at_ + size] != end) return stop(why);
    word = bytes_.substr(at_, size);
    at_ += size + 1;
    return true;
  }

  bool address(ip::address& address, bool v6) {
    // No '%': a zone means something to another host only.
    std::string_view written;
    if (!word(written, v6 ? "0123456789abcdefABCDEF:." : "0123456789.", ' ', kAddress)) return false;
    boost::system::error_code failed;
    const std::string text(written);
    if (v6) {
      address = unmapped(ip::make_address_v6(text, failed));
    } else {
      address = ip::make_address_v4(text, failed);
    }
    return failed ? stop(kAddress) : true;
  }

  bool port(std::uint16_t& port, char end) {
    std::string_view written;
    if (!word(written, kDigits, end, kPort)) return false;
    if (written.empty() || (written.size() > 1 && written.front() == '0')) return stop(kPort);
    const auto [stopped, failed] = std::from_chars(written.data(), written.data() + written.size(), port);
    return failed == std::errc() ? true : stop(kPort);
  }

  bool read(std::optional<Peer>& source) {
    if (!literal("PROXY ", kNoHeader)) return false;
    if (bytes_.substr(at_, 1) == "U") return literal("UNKNOWN", kFamily) && ignored_rest();
    if (!literal("TCP", kFamily)) return false;
    const bool v6 = bytes_.substr(at_, 1) == "6";
    ip::address from;
    ip::address to;
    std::uint16_t from_port = 0;
    std::uint16_t to_port = 0;
    if (!literal(v6 ? "6 " : "4 ", kFamily)) return false;
    if (!address(from, v6) || !address(to, v6)) return false;
    if (!port(from_port, ' ') || !port(to_port, '\r') || !literal("\n", kLineEnd)) return false;
    source = peer(from, from_port);
    return true;
  }

  bool ignored_rest() {
    if (bytes_.substr(at_, 1) != " ") return literal("\r\n", kLineEnd);
    const std::size_t end = bytes_.find("\r\n", at_);
    if (end == std::string_view::npos) return wait();
    at_ = end + 2;
    return true;
  }

  std::string_view bytes_;
  std::size_t at_ = 0;
  ProxyHeader end_;
};

// ---- version 2: §2.2
//
//   0               12            13                14              16          16 + addresses      16 + length
//   [ signature     | version, command | family, protocol | length  | addresses | TLVs              ]

constexpr std::string_view kSignature("\r\n\r\n\0\r\nQUIT\n", 12);
constexpr std::size_t kFixed = 16;
constexpr std::size_t kTlvHead = 3;  // type, length
constexpr char kChecksum = 0x03;     // PP2_TYPE_CRC32C

std::uint8_t byte(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint8_t>(bytes[at]);
}

std::uint16_t number(std::string_view bytes, std::size_t at) {
  return static_cast<std::uint16_t>(byte(bytes, at) << 8 | byte(bytes, at + 1));
}

/// How many bytes the two addresses of a family and protocol have; none: the specification does not know the pair.
std::optional<std::size_t> size_of_addresses(std::uint8_t pair) {
  switch (pair) {
    case 0x00: return 0;  // unspecified
    case 0x11:
    case 0x12: return 12;  // TCP, UDP over IPv4
    case 0x21:
    case 0x22: return 36;  // TCP, UDP over IPv6
    case 0x31:
    case 0x32: return 216;  // Unix, stream and datagram
    default: return std::nullopt;
  }
}

template <class Address>
Address address(std::string_view bytes) {
  typename Address::bytes_type raw;
  std::copy_n(bytes.begin(), raw.size(), raw.begin());
  return Address(raw);
}

/// None: a Unix socket's path, which no request can show.
std::optional<Peer> source_of(std::uint8_t pair, std::string_view addresses) {
  if (pair >> 4 == 1) return peer(address<ip::address_v4>(addresses), number(addresses, 8));
  if (pair >> 4 == 2) return peer(unmapped(address<ip::address_v6>(addresses)), number(addresses, 32));
  return std::nullopt;
}

/// §2.2.3: of the whole header, with zeros where the checksum itself stands.
bool has_checksum(std::string_view header, std::size_t at, std::uint32_t wanted) {
  constexpr std::array<char, 4> kZeros{};
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;  // Castagnoli's
  crc.process_bytes(header.data(), at);
  crc.process_bytes(kZeros.data(), kZeros.size());
  crc.process_bytes(header.data() + at + kZeros.size(), header.size() - at - kZeros.size());
  return crc.checksum() == wanted;
}

/// What is wrong with the TLVs from `at` to the header's end; empty: nothing. Those we don't know say nothing to us.
std::string_view fault_of_tlvs(std::string_view header, std::size_t at) {
  while (at < header.size()) {
    if (header.size() - at < kTlvHead) return "a TLV is cut";
    const char type = header[at];
    const std::size_t size = number(header, at + 1);
    at += kTlvHead;
    if (header.size() - at < size) return "a TLV is longer than the header";
    if (type == kChecksum) {
      if (size != 4) return "its checksum has not four bytes";
      const std::uint32_t wanted = std::uint32_t{number(header, at)} << 16 | number(header, at + 2);
      if (!has_checksum(header, at, wanted)) return "its checksum is wrong";
    }
    at += size;
  }
  return {};
}

ProxyHeader parse_binary(std::string_view bytes) {
  const std::size_t known = std::min(bytes.size(), kSignature.size());
  if (bytes.substr(0, known) != kSignature.substr(0, known)) return refuse(kNoHeader);

  if (bytes.size() <= 12) return need_more();
  const std::uint8_t command = byte(bytes, 12) & 0x0F;
  if (byte(bytes, 12) >> 4 != 2) return refuse("its binary format is not version 2");
  if (command > 1) return refuse("its command is not LOCAL or PROXY");
  const bool local = command == 0;  // the balancer on its own behalf: the block is skipped with all that it says

  if (bytes.size() <= 13) return need_more();
  const std::uint8_t pair = local ? 0 : byte(bytes, 13);
  const auto addresses = size_of_addresses(pair);
  if (!addresses) return refuse("its address family and protocol are no known pair");

  if (bytes.size() < kFixed) return need_more();
  const std::size_t size = kFixed + number(bytes, 14);
  if (size > kLongestProxyHeader) return refuse("it is longer than 4 KiB");
  if (size < kFixed + *addresses) return refuse("it is shorter than its addresses");
  if (bytes.size() < size) return need_more();

  const std::string_view header = bytes.substr(0, size);
  if (pair == 0) return done(2, size, std::nullopt);  // where its addresses would end is not known either
  const std::string_view fault = fault_of_tlvs(header, kFixed + *addresses);
  if (!fault.empty()) return refuse(fault);
  return done(2, size, source_of(pair, header.substr(kFixed, *addresses)));
}

}  // namespace

ProxyHeader parse_proxy_header(std::string_view bytes) {
  return bytes.starts_with(kSignature.front()) ? parse_binary(bytes) : Line(bytes).parse();
}

}  // namespace kanaria::net
