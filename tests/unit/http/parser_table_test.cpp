// Every message that Beast 1.81 is known to let through, or to frame in a way that another reader would not, with our
// verdict; and its neighbours on both sides of each line. All rows are fed whole, byte by byte and in other cuts.
#include <gtest/gtest.h>

#include "unit/http/outcome.hpp"

namespace kanaria::http {
namespace {

using namespace std::string_literals;

struct Row {
  std::string description;
  std::string bytes;
  Fault fault = Fault::None;
  std::string framing = {};  // of what is accepted
  std::string body = {};
  std::string rest = {};  // what is left for the next message
};

std::string request(const std::string& fields, const std::string& body = "") {
  return "POST / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n" + body;
}
std::string chunked(const std::string& body) {
  return request("Transfer-Encoding: chunked\r\n", body);
}
std::string line(const std::string& request_line) {
  return request_line + "\r\nHost: a\r\n\r\n";
}
std::string target(const std::string& text) {
  return line("GET " + text + " HTTP/1.1");
}

constexpr Fault kBad = Fault::MalformedRequest;
constexpr Fault kBadBody = Fault::MalformedRequestBody;

std::vector<Row> request_rows() {
  const std::string te = "Transfer-Encoding: ";
  const std::string chunk = "5\r\nhello\r\n0\r\n\r\n";
  return {
      // Transfer-Encoding: Beast takes most of these as "no body" and reads the body as the next request.
      {"chunked", request(te + "chunked\r\n", chunk + "GET"), Fault::None, "chunked", "hello", "GET"},
      {"Chunked in capitals", request(te + "CHUNKED\r\n", chunk), Fault::None, "chunked", "hello", ""},
      {"a coding that only looks like chunked", request(te + "xchunked\r\n", chunk), Fault::UnknownTransferCoding},
      {"gzip alone", request(te + "gzip\r\n"), Fault::UnknownTransferCoding},
      {"gzip, then chunked: framed, but not ours to decode", request(te + "gzip, chunked\r\n"),
       Fault::UnknownTransferCoding},
      {"identity", request(te + "identity\r\n"), Fault::UnknownTransferCoding},
      {"chunked is not last", request(te + "chunked, identity\r\n"), kBad},
      {"chunked twice", request(te + "chunked, chunked\r\n"), kBad},
      {"chunked in quotes", request(te + "\"chunked\"\r\n"), kBad},
      {"chunked with a parameter", request(te + "chunked;q=1\r\n"), kBad},
      {"chunked with a vertical tab", request(te + "\vchunked\r\n"), kBad},
      {"chunked and a list's empty end", request(te + "chunked,\r\n"), kBad},
      {"an empty Transfer-Encoding", request(te + "\r\n"), kBad},
      {"two Transfer-Encoding fields", request(te + "chunked\r\n" + te + "chunked\r\n"), kBad},
      {"chunked, then gzip in a second field", request(te + "chunked\r\n" + te + "gzip\r\n"), kBad},
      {"gzip, then chunked in a second field", request(te + "gzip\r\n" + te + "chunked\r\n"), kBad},
      {"Transfer-Encoding before Content-Length", request(te + "chunked\r\nContent-Length: 5\r\n"), kBad},
      {"Content-Length before Transfer-Encoding", request("Content-Length: 5\r\n" + te + "chunked\r\n"), kBad},
      {"a coding not ours with Content-Length", request(te + "identity\r\nContent-Length: 5\r\n"), kBad},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\n" + te + "chunked\r\n\r\n", kBad},
      {"Transfer-Encoding folded", request(te + "\r\n chunked\r\n"), kBad},
      {"a space before the colon of Transfer-Encoding", request("Transfer-Encoding : chunked\r\n"), kBad},

      // Content-Length
      {"five bytes, then the next request", request("Content-Length: 5\r\n", "helloGET"), Fault::None, "length 5",
       "hello", "GET"},
      {"zero", request("Content-Length: 0\r\n", "GET"), Fault::None, "length 0", "", "GET"},
      {"none", request("", "GET"), Fault::None, "none", "", "GET"},
      {"leading zeros are digits", request("Content-Length: 005\r\n", "hello"), Fault::None, "length 5", "hello", ""},
      {"twice the same", request("Content-Length: 5\r\nContent-Length: 5\r\n", "hello"), Fault::None, "length 5",
       "hello", ""},
      {"twice, different", request("Content-Length: 5\r\nContent-Length: 6\r\n"), kBad},
      {"a list of equal lengths", request("Content-Length: 5, 5\r\n"), kBad},
      {"a list of different lengths", request("Content-Length: 5, 6\r\n"), kBad},
      {"a sign", request("Content-Length: +5\r\n"), kBad},
      {"negative", request("Content-Length: -1\r\n"), kBad},
      {"hexadecimal", request("Content-Length: 0x5\r\n"), kBad},
      {"two numbers", request("Content-Length: 5 5\r\n"), kBad},
      {"an empty length", request("Content-Length:\r\n"), kBad},
      {"2^64", request("Content-Length: 18446744073709551616\r\n"), kBad},
      {"2^63", request("Content-Length: 9223372036854775808\r\n"), kBad},
      {"one decimal", request("Content-Length: 5.0\r\n"), kBad},

      // Chunks
      {"many chunks", chunked("1\r\na\r\n0002;x=\"y z\"\r\nbc\r\n0\r\n\r\nrest"), Fault::None, "chunked", "abc",
       "rest"},
      {"capital and small digits", chunked("00A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), Fault::None, "chunked",
       "01234567890123456789", ""},
      {"17 digits", chunked("10000000000000000\r\n"), kBadBody},
      {"2^63 bytes", chunked("8000000000000000\r\n"), kBadBody},
      {"a space before the size", chunked(" 5\r\nhello\r\n"), kBadBody},
      {"a space after the size", chunked("5 \r\nhello\r\n"), kBadBody},
      {"a tab before an extension", chunked("5\t;a\r\nhello\r\n"), kBadBody},
      {"0x", chunked("0x5\r\nhello\r\n"), kBadBody},
      {"a negative size", chunked("-5\r\nhello\r\n"), kBadBody},
      {"no size", chunked("\r\nhello\r\n"), kBadBody},
      {"an extension without a size", chunked(";a\r\n"), kBadBody},
      {"a bare line feed after the size", chunked("5\nhello\r\n"), kBadBody},
      {"a bare line feed after the data", chunked("5\r\nhello\n0\r\n\r\n"), kBadBody},
      {"a carriage return alone after the size", chunked("5\rhello\r\n"), kBadBody},
      {"data longer than its size", chunked("4\r\nhello\r\n"), kBadBody},
      {"data shorter than its size", chunked("6\r\nhello\r\n0\r\n\r\n"), kBadBody},
      {"a line feed in a quoted extension", chunked("5;a=\"\n\"\r\nhello\r\n0\r\n\r\n"), kBadBody},
      {"a NUL in a quoted extension", chunked("5;a=\"\0\"\r\nhello\r\n0\r\n\r\n"s), kBadBody},
      {"a quoted line end in an extension", chunked("5;a=\"\r\n\"\r\nhello\r\n"), kBadBody},
      {"a chunk line at its bound", chunked("5;" + std::string(1022, 'a') + "\r\nhello\r\n0\r\n\r\n"), Fault::None,
       "chunked", "hello", ""},
      {"a chunk line over its bound", chunked("5;" + std::string(1023, 'a') + "\r\nhello\r\n"), kBadBody},
      {"endless leading zeros", chunked(std::string(1100, '0') + "5\r\nhello\r\n"), kBadBody},

      // Trailers: Beast adds them to the fields of the message.
      {"a harmless trailer", chunked("0\r\nDigest: x\r\n\r\nrest"), Fault::None, "chunked", "", "rest"},
      {"Host as a trailer", chunked("0\r\nHost: evil\r\n\r\n"), kBadBody},
      {"Authorization as a trailer", chunked("0\r\nAuthorization: x\r\n\r\n"), kBadBody},
      {"what some read as Content-Length as a trailer", chunked("0\r\nContent_Length: 5\r\n\r\n"), kBadBody},
      {"If-Match as a trailer", chunked("0\r\nIf-Match: *\r\n\r\n"), kBadBody},
      {"what one might call If-Some", chunked("0\r\nif_some: *\r\n\r\n"), kBadBody},
      {"what begins like X-Forwarded-For", chunked("0\r\nX-Forwarded-Server: a\r\n\r\n"), kBadBody},
      {"a name that is Content-Type in a variable", chunked("0\r\nContent_Type: a\r\n\r\n"), kBadBody},
      {"names that only begin like others", chunked("0\r\nHosts: a\r\nIffy: b\r\n\r\n"), Fault::None, "chunked", "",
       ""},
      {"Connection as a trailer", chunked("0\r\nConnection: close\r\n\r\n"), kBadBody},
      {"Content-Length as a trailer", chunked("0\r\nContent-Length: 5\r\n\r\n"), kBadBody},
      {"Transfer-Encoding as a trailer", chunked("0\r\nTransfer-Encoding: chunked\r\n\r\n"), kBadBody},
      {"X-Forwarded-For as a trailer", chunked("0\r\nx-forwarded-for: 1.2.3.4\r\n\r\n"), kBadBody},
      {"a trailer without a colon", chunked("0\r\nDigest\r\n\r\n"), kBadBody},
      {"a folded trailer", chunked("0\r\nDigest: x\r\n y\r\n\r\n"), kBadBody},
      {"a trailer that ends in a bare line feed", chunked("0\r\nDigest: x\n\r\n"), kBadBody},
      {"endless trailers", chunked("0\r\n" + std::string(9000, 'a') + ": b\r\n\r\n"), kBadBody},

      // Lines and fields
      {"a folded field", request("X: a\r\n b\r\n"), kBad},
      {"a field folded by a tab", request("X: a\r\n\tb\r\n"), kBad},
      {"a fold in the first field line", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", kBad},
      {"a tab before the colon", request("X\t: a\r\n"), kBad},
      {"an empty name", request(": a\r\n"), kBad},
      {"no colon", request("X\r\n"), kBad},
      {"a bare line feed after the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", kBad},
      {"a bare line feed after a field", "GET / HTTP/1.1\r\nHost: a\n\r\n", kBad},
      {"bare line feeds only", "GET / HTTP/1.1\nHost: a\n\n", kBad},
      {"a bare carriage return in a value", request("X: a\rb\r\n"), kBad},
      {"a carriage return without its line feed at the end", "GET / HTTP/1.1\r\nHost: a\r\n\rX: b\r\n\r\n", kBad},
      {"NUL in a value", request("X: a\0b\r\n"s), kBad},
      {"DEL in a value", request("X: a\x7f\r\n"), kBad},
      {"NUL in a name", request("X\0: a\r\n"s), kBad},
      {"a high byte in a name", request("X\xe4: a\r\n"), kBad},
      {"high bytes and a tab in a value", request("X: \xe4\t\xff\r\n"), Fault::None, "none", "", ""},
      {"an empty value", request("X:\r\n"), Fault::None, "none", "", ""},
      {"a broken Connection list", request("Connection: close,, @\r\n"), kBad},

      // Host
      {"no Host", "GET / HTTP/1.1\r\n\r\n", kBad},
      {"no Host in HTTP/1.0", "GET / HTTP/1.0\r\n\r\n", Fault::None, "none", "", ""},
      {"two Hosts", request("Host: a\r\n"), kBad},
      {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", kBad},
      {"an empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", kBad},
      {"a Host of two words", "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", kBad},
      {"a Host with a user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", kBad},
      {"a Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", kBad},
      {"an absolute target and no Host", "GET http://a/ HTTP/1.1\r\n\r\n", kBad},
      {"an absolute target and a broken Host", "GET http://a/ HTTP/1.1\r\nHost: @\r\n\r\n", kBad},

      // Request line
      {"one empty line before it", "\r\n" + line("GET / HTTP/1.1"), Fault::None, "none", "", ""},
      {"two empty lines before it", "\r\n\r\n" + line("GET / HTTP/1.1"), kBad},
      {"an empty line of a bare line feed before it", "\n" + line("GET / HTTP/1.1"), kBad},
      {"HTTP/1.2 is read as 1.1", line("GET / HTTP/1.2"), Fault::None, "none", "", ""},
      {"HTTP/1.2 without Host", "GET / HTTP/1.2\r\n\r\n", kBad},
      {"HTTP/2.0", line("GET / HTTP/2.0"), Fault::UnsupportedVersion},
      {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", Fault::UnsupportedVersion},
      {"http in small letters", line("GET / http/1.1"), kBad},
      {"no version", line("GET /"), kBad},
      {"a space at its end", line("GET / HTTP/1.1 "), kBad},
      {"two spaces", line("GET  / HTTP/1.1"), kBad},
      {"a space in the target", line("GET /a b HTTP/1.1"), kBad},
      {"a tab instead of a space", line("GET\t/ HTTP/1.1"), kBad},
      {"a method in small letters is a method of its own", line("get / HTTP/1.1"), Fault::None, "none", "", ""},
      {"a method that is no token", line("G(T / HTTP/1.1"), kBad},
      {"TRACE", line("TRACE / HTTP/1.1"), Fault::MethodNotAllowed},
      {"CONNECT", line("CONNECT a:443 HTTP/1.1"), Fault::MethodNotAllowed},
      {"a TLS hello", "\x16\x03\x01\x02"s, kBad},

      // Target
      {"no form at all", target("foo"), kBad},
      {"an asterisk without OPTIONS", target("*"), kBad},
      {"OPTIONS *", line("OPTIONS * HTTP/1.1"), Fault::None, "none", "", ""},
      {"another scheme", target("ftp://a/"), kBad},
      {"an absolute target without a host", target("http:///a"), kBad},
      {"an absolute target with a user", target("http://u:p@a/"), kBad},
      {"a high byte", target("/\xc3\xa4"), kBad},
      {"NUL", target("/\0"s), kBad},
      {"DEL", target("/\x7f"), kBad},
      {"a fragment", target("/a#b"), kBad},
      {"a backslash", target("/a\\b"), kBad},
      {"an angle bracket", target("/<a>"), kBad},
      {"what browsers and curl send though RFC 3986 does not list it", target("/a|b?q={\"a\":[1]}^`"), Fault::None,
       "none", "", ""},

      // Expectations
      {"100-continue", request("Expect: 100-Continue\r\nContent-Length: 1\r\n", "x"), Fault::None, "length 1", "x", ""},
      {"an expectation that nobody knows", request("Expect: 200-ok\r\n"), Fault::ExpectationFailed},

      {"two expectations", request("Expect: 100-continue\r\nExpect: 200-ok\r\n"), Fault::ExpectationFailed},

      // Max-Forwards
      {"a number on OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 0\r\n\r\n", Fault::None, "none", "", ""},
      {"no number on OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1a\r\n\r\n", kBad},
      {"an empty one on OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards:\r\n\r\n", kBad},
      {"a negative one on OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: -1\r\n\r\n", kBad},
      {"twice on OPTIONS", "OPTIONS / HTTP/1.1\r\nHost: a\r\nMax-Forwards: 1\r\nMax-Forwards: 1\r\n\r\n", kBad},
      {"no number on POST", request("Max-Forwards: x\r\n"), Fault::None, "none", "", ""},

      // Sizes
      {"a request line at its bound", target("/" + std::string(16 * 1024 - 14, 'a')), Fault::None, "none", "", ""},
      {"a request line over its bound", target("/" + std::string(16 * 1024 - 13, 'a')), Fault::RequestLineTooLong},
      {"a field at its bound", request("X: " + std::string(16 * 1024 - 3, 'a') + "\r\n"), Fault::None, "none", "", ""},
      {"a field over its bound", request("X: " + std::string(16 * 1024 - 2, 'a') + "\r\n"), Fault::RequestHeadTooLarge},
      {"fields over their bound",
       request("A: " + std::string(16000, 'a') + "\r\nB: " + std::string(16000, 'a') +
               "\r\nC: " + std::string(16000, 'a') + "\r\nD: " + std::string(16000, 'a') +
               "\r\nE: " + std::string(3000, 'a') + "\r\n"),
       Fault::RequestHeadTooLarge},
      {"1,300 fields of two bytes", request([] {
         std::string fields;
         for (int i = 0; i < 1300; ++i) fields += "a:\r\n";
         return fields;
       }()),
       Fault::RequestHeadTooLarge},
  };
}

std::string response(const std::string& fields, const std::string& body = "") {
  return "HTTP/1.1 200 OK\r\n" + fields + "\r\n" + body;
}

std::vector<Row> response_rows() {
  constexpr Fault bad = Fault::MalformedResponse;
  const std::string te = "Transfer-Encoding: ";
  return {
      {"a length", response("Content-Length: 5\r\n", "hellorest"), Fault::None, "length 5", "hello", "rest"},
      {"chunked", response(te + "chunked\r\n", "5\r\nhello\r\n0\r\n\r\nrest"), Fault::None, "chunked", "hello", "rest"},
      {"until the end of the connection", response("", "hello"), Fault::None, "until close", "hello", ""},
      {"an empty reason", "HTTP/1.1 200 \r\nContent-Length: 0\r\n\r\n", Fault::None, "length 0", "", ""},
      {"100", "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200", Fault::None, "none", "", "HTTP/1.1 200"},
      {"101", "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81", Fault::None, "none", "", "\x81"},
      {"204 with a length", "HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello", Fault::None, "none", "",
       "hello"},
      {"304 with a length", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n", Fault::None, "none", "", ""},

      {"no space before an empty reason", "HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n", bad},
      {"an empty line first", "\r\n" + response("Content-Length: 0\r\n"), bad},
      {"another version", "HTTP/2.0 200 OK\r\n\r\n", bad},
      {"HTTP/1.2 is read as 1.1", "HTTP/1.2 200 OK\r\n" + te + "chunked\r\n\r\n0\r\n\r\n", Fault::None, "chunked", "",
       ""},
      {"two digits", "HTTP/1.1 20 OK\r\n\r\n", bad},
      {"four digits", "HTTP/1.1 2000 OK\r\n\r\n", bad},
      {"status 099", "HTTP/1.1 099 OK\r\n\r\n", bad},
      {"status 600", "HTTP/1.1 600 OK\r\n\r\n", bad},
      {"a control byte in the reason", "HTTP/1.1 200 O\x01K\r\n\r\n", bad},
      {"a carriage return in the reason", "HTTP/1.1 200 O\rK\r\n\r\n", bad},
      {"no HTTP at all is told at its first bytes", "SSH-2.0-OpenSSH_9.2\r\n", bad},
      {"a bare line feed", "HTTP/1.1 200 OK\nContent-Length: 0\r\n\r\n", bad},
      {"Location as a trailer", response(te + "chunked\r\n", "0\r\nLocation: /\r\n\r\n"), bad},
      {"gzip, then chunked", response(te + "gzip, chunked\r\n"), bad},
      {"chunked, then gzip: Beast reads to the end", response(te + "chunked, gzip\r\n"), bad},
      {"an unknown coding", response(te + "xchunked\r\n"), bad},
      {"chunked twice", response(te + "chunked\r\n" + te + "chunked\r\n"), bad},
      {"chunked in HTTP/1.0", "HTTP/1.0 200 OK\r\n" + te + "chunked\r\n\r\n", bad},
      {"chunked with a length", response(te + "chunked\r\nContent-Length: 5\r\n"), bad},
      {"a length, then chunked", response("Content-Length: 5\r\n" + te + "chunked\r\n"), bad},
      {"two lengths that differ", response("Content-Length: 5\r\nContent-Length: 6\r\n"), bad},
      {"two lengths that agree", response("Content-Length: 1\r\nContent-Length: 1\r\n", "x"), Fault::None, "length 1",
       "x", ""},
      {"a length that is none", response("Content-Length: five\r\n"), bad},
      {"a folded field", response("X: a\r\n b\r\nContent-Length: 0\r\n"), bad},
      {"NUL in a value", response("X: \0\r\n"s), bad},
      {"a broken chunk", response(te + "chunked\r\n", "z\r\n"), bad},
      {"Set-Cookie as a trailer", response(te + "chunked\r\n", "0\r\nSet-Cookie: a\r\n\r\n"), bad},
      {"a head over 32K",
       response("A: " + std::string(16000, 'a') + "\r\nB: " + std::string(16000, 'a') +
                "\r\nC: " + std::string(1000, 'a') + "\r\n"),
       Fault::ResponseHeadTooLarge},
      {"a status line without end", "HTTP/1.1 200 " + std::string(20000, 'a'), Fault::ResponseHeadTooLarge},
  };
}

void expect_verdict(const Row& row, const Outcome& outcome) {
  EXPECT_EQ(row_of(outcome.fault).word, row_of(row.fault).word);
  if (row.fault != Fault::None) return;
  EXPECT_EQ(outcome.framing, row.framing);
  EXPECT_EQ(outcome.body, row.body);
  EXPECT_EQ(row.bytes.substr(outcome.consumed), row.rest);
}

TEST(RequestParser, JudgesEveryRowOfTheTable) {
  RequestParser parser;
  for (const Row& row : request_rows()) {
    SCOPED_TRACE(row.description);
    parser.reset();
    expect_verdict(row, feed(parser, row.bytes));
  }
}

TEST(RequestParser, ItsVerdictDoesNotDependOnHowTheBytesAreCut) {
  RequestParser parser;
  for (const Row& row : request_rows()) {
    parser.reset();
    const Outcome whole = feed(parser, row.bytes);
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 100U}) {
      parser.reset();
      EXPECT_EQ(feed(parser, row.bytes, piece), whole) << row.description << " in pieces of " << piece;
    }
  }
}

TEST(ResponseParser, JudgesEveryRowOfTheTable) {
  ResponseParser parser;
  for (const Row& row : response_rows()) {
    SCOPED_TRACE(row.description);
    parser.reset("GET");
    expect_verdict(row, feed(parser, row.bytes));
  }
}

TEST(ResponseParser, ItsVerdictDoesNotDependOnHowTheBytesAreCut) {
  ResponseParser parser;
  for (const Row& row : response_rows()) {
    parser.reset("GET");
    const Outcome whole = feed(parser, row.bytes);
    for (const std::size_t piece : {1U, 2U, 3U, 7U, 100U}) {
      parser.reset("GET");
      EXPECT_EQ(feed(parser, row.bytes, piece), whole) << row.description << " in pieces of " << piece;
    }
  }
}

TEST(RequestParser, NoByteButSpaceTabAndVisibleOnesIsAllowedInAValue) {
  RequestParser parser;
  for (int byte = 0; byte < 256; ++byte) {
    const bool allowed = byte == '\t' || (byte >= ' ' && byte != 0x7f);
    parser.reset();
    const Outcome outcome = feed(parser, request("X: a"s + static_cast<char>(byte) + "b\r\n"));
    EXPECT_EQ(outcome.fault == Fault::None, allowed) << byte;
  }
}

TEST(RequestParser, NoByteButATokensIsAllowedInAName) {
  RequestParser parser;
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    parser.reset();
    const Outcome outcome = feed(parser, request("X"s + c + "Y: a\r\n"));
    EXPECT_EQ(outcome.fault == Fault::None, c == ':' || is_token({&c, 1})) << byte;
  }
}

}  // namespace
}  // namespace kanaria::http
