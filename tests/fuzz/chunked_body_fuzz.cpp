// The bytes of a chunked body. The verdict does not depend on how they are cut; a plain decoder finds the same in what
// was accepted; trailers are bounded, are none that frame or route, and leave the head as it was; and what our writer
// makes of the decoded pieces decodes to the same again.
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdint>

#include "fuzz/check.hpp"
#include "kanaria/http/writer.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/net/spawn.hpp"
#include "unit/http/outcome.hpp"

namespace {

using namespace kanaria;
using namespace kanaria::http;

constexpr std::string_view kHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
constexpr std::size_t kMostPieces = 64;

Outcome decode(RequestParser& parser, std::string_view body, std::size_t piece) {
  std::string bytes(kHead);
  bytes.append(body);
  parser.reset();
  Outcome outcome = feed(parser, bytes, piece);
  expect_equal(describe(parser.head()), outcome.head, "the body changed the head");
  outcome.consumed -= std::min(outcome.consumed, kHead.size());
  return outcome;
}

/// RFC 9112 §7.1.3 in its own words, for a body that is known to be valid. Takes the body's bytes off `rest`.
std::string decode_plainly(std::string_view& rest) {
  std::string body;
  for (;;) {
    std::uint64_t size = 0;
    std::from_chars(rest.data(), rest.data() + rest.size(), size, 16);
    rest.remove_prefix(rest.find("\r\n") + 2);
    if (size == 0) return body;
    body.append(rest.substr(0, size));
    rest.remove_prefix(size + 2);
  }
}

/// The trailer section, in the words of describe().
std::string trailers_plainly(std::string_view& rest) {
  std::string trailers;
  while (!rest.starts_with("\r\n")) {
    const std::string_view line = rest.substr(0, rest.find("\r\n"));
    std::string_view value = line.substr(line.find(':') + 1);
    value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
    value = value.substr(0, value.find_last_not_of(" \t") + 1);
    trailers.append(line.substr(0, line.find(':'))).append("=").append(value).append(";");
    rest.remove_prefix(line.size() + 2);
  }
  rest.remove_prefix(2);
  return trailers;
}

void check_trailers(const std::vector<Field>& trailers, std::size_t bytes) {
  const HeadLimits limits;
  std::size_t size = 0;
  for (const Field& field : trailers) {
    size += field.name.size() + field.value.size();
    expect_equal(is_token(field.name), true, "a trailer's name is no token");
    for (const std::string_view name :
         {"Host", "Content-Length", "Transfer-Encoding", "Connection", "Authorization", "Cookie", "Set-Cookie",
          "X-Forwarded-For", "X_Forwarded_For", "If-Match", "Content_Length"})
      expect_equal(iequals(field.name, name), false, "a trailer that comes too late");
  }
  expect_equal(size <= limits.trailers && size <= bytes, true, "trailers over their bound");
  expect_equal(trailers.size() <= limits.fields, true, "too many trailers");
}

/// What the writer sends over a connection.
class Wire {
 public:
  Wire() : Wire(connect()) {}

  std::string write(const Piece& piece) {
    Arena arena(loop_.blocks());
    bool written = false;
    net::spawn(loop_, write_one(stream_, piece, arena, written));
    while (!written) loop_.turn(Milliseconds(1));
    return take_all();
  }

 private:
  explicit Wire(const std::array<int, 2>& ends) : peer_(ends[1]), stream_(loop_, ends[0], Fault::ClientGone) {}

  static std::array<int, 2> connect() {
    std::array<int, 2> ends{};
    expect_equal(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends.data()), 0, "socketpair");
    return ends;
  }
  static net::Awaitable<void> write_one(net::Stream& stream, const Piece& piece, Arena& arena, bool& written) {
    const std::string_view no_head;
    const Result<void> result = co_await http::write(stream, no_head, Framing::Chunked, piece, arena);
    expect_equal(result.has_value(), true, "a write failed");
    written = true;
  }
  std::string take_all() {
    std::string bytes;
    std::array<char, 65536> room;
    for (ssize_t got = 1; got > 0;) {
      got = ::recv(peer_.get(), room.data(), room.size(), MSG_DONTWAIT);
      expect_equal(got > 0 || (got < 0 && errno == EAGAIN), true, "the connection ended");
      if (got > 0) bytes.append(room.data(), static_cast<std::size_t>(got));
    }
    return bytes;
  }

  net::Loop loop_;
  net::OwnedSocket peer_;
  net::Stream stream_;
};

std::string write_chunks(std::string_view body, const std::vector<Field>& trailers, std::size_t most) {
  static Wire wire;
  most = std::max(most, body.size() / kMostPieces + 1);
  std::string written;
  for (bool last = false; !last;) {
    const std::string_view data = body.substr(0, most);
    body.remove_prefix(data.size());
    last = body.empty();
    written += wire.write({data, last, last ? &trailers : nullptr});
  }
  return written;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  // The first byte cuts the rest.
  const std::size_t piece = 1 + data[0] % 32;
  const std::string_view bytes(reinterpret_cast<const char*>(data + 1), size - 1);

  RequestParser parser;
  const Outcome cut = decode(parser, bytes, piece);
  const Outcome whole = decode(parser, bytes, 0);
  expect_equal(cut, whole, "the cut changed the verdict");
  expect_equal(whole.consumed <= bytes.size() && whole.body.size() <= whole.consumed, true, "more than there was");
  if (!whole.complete || whole.fault != Fault::None) return 0;

  check_trailers(parser.trailers(), bytes.size());
  std::string_view rest = bytes;
  expect_equal(decode_plainly(rest), whole.body, "another body");
  expect_equal(trailers_plainly(rest), whole.trailers, "other trailers");
  expect_equal(bytes.size() - rest.size(), whole.consumed, "another end");

  const std::string written = write_chunks(whole.body, parser.trailers(), piece);
  RequestParser second;
  const Outcome again = decode(second, written, 0);
  expect_equal(again.complete, true, "what we wrote is no body");
  expect_equal(again.consumed, written.size(), "something follows what we wrote");
  expect_equal(again.body, whole.body, "what we wrote is another body");
  expect_equal(again.trailers, whole.trailers, "what we wrote has other trailers");
  return 0;
}
