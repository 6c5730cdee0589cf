#include "kanaria/http/parser.hpp"

#include <gtest/gtest.h>

#include <array>
#include <charconv>
#include <chrono>

#include "unit/http/outcome.hpp"

namespace kanaria::http {
namespace {

const std::string kChunkedPost = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";

std::string head_of(const std::string& bytes) {
  RequestParser parser;
  parser.reset();
  const Outcome outcome = feed(parser, bytes);
  return outcome.fault == Fault::None ? outcome.head : std::string(row_of(outcome.fault).word);
}

TEST(RequestParser, TakesTheHeadApart) {
  struct Row {
    std::string bytes;
    std::string head;  // METHOD target [scheme|authority|path?query] version ...
  };
  const Row rows[] = {
      {"GET / HTTP/1.1\r\nHost: a:80\r\n\r\n", "GET / [|a:80|/|] 1.1 keep Host=a:80;"},
      {"GET /p?q=1?2 HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p?q=1?2 [|a|/p?q=1?2] 1.1 keep Host=a;"},
      {"GET /p? HTTP/1.1\r\nHost: a\r\n\r\n", "GET /p? [|a|/p?] 1.1 keep Host=a;"},
      {"GET HTTP://b:1/p?q HTTP/1.1\r\nHost: a\r\n\r\n", "GET HTTP://b:1/p?q [HTTP|b:1|/p?q] 1.1 keep Host=a;"},
      {"GET http://b HTTP/1.0\r\n\r\n", "GET http://b [http|b|/|] 1.0 close "},
      {"OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n", "OPTIONS * [|a|*|] 1.1 keep Host=a;"},
      {"GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n", "GET / [||/|] 1.0 keep Connection=Keep-Alive;"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n",
       "GET / [|a|/|] 1.1 close Host=a;Connection=x, Close;"},
      {"GET / HTTP/1.0\r\nConnection: keep-alive, close\r\n\r\n",
       "GET / [||/|] 1.0 close Connection=keep-alive, close;"},
      {"GET / HTTP/1.1\r\nHost: a\r\nX: \t b c \t\r\nX:\r\n\r\n", "GET / [|a|/|] 1.1 keep Host=a;X=b c;X=;"},
      {"PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n",
       "PUT / [|a|/|] 1.1 keep expect Host=a;Expect=100-continue;"},
      {"GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: h2c, websocket\r\n\r\n",
       "GET / [|a|/|] 1.1 keep websocket Host=a;Connection=upgrade;Upgrade=h2c, websocket;"},
      {"POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n",
       "POST / [|a|/|] 1.1 keep Host=a;Connection=upgrade;Upgrade=websocket;"},
  };
  for (const Row& row : rows) EXPECT_EQ(head_of(row.bytes), row.head) << row.bytes;
}

TEST(RequestParser, PipelinedRequestsAreReadOneAfterAnother) {
  const std::string bytes = "GET /1 HTTP/1.1\r\nHost: a\r\n\r\n" + kChunkedPost +
                            "3\r\nabc\r\n0\r\nDigest: x\r\n\r\n"
                            "\r\nPUT /3 HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody"
                            "GET /4 HTTP/1.1\r\nHost: a\r\n\r\n";
  for (const std::size_t piece : {0U, 1U, 5U}) {
    RequestParser parser;
    std::string seen;
    for (std::string_view rest = bytes; !rest.empty();) {
      parser.reset();
      const Outcome outcome = feed(parser, rest, piece);
      ASSERT_TRUE(outcome.complete) << outcome;
      seen += std::string(parser.head().target) + ":" + outcome.body + ":" + outcome.trailers + " ";
      rest.remove_prefix(outcome.consumed);
    }
    EXPECT_EQ(seen, "/1:: /:abc:Digest=x; /3:body: /4:: ");
  }
}

TEST(RequestParser, TrailersThatConnectionNamesEndHere) {
  RequestParser parser;
  parser.reset();
  const std::string head = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: te, digest\r\n\r\n";
  const std::string body = "0\r\nX: 1\r\nDigest: x\r\n\r\n";
  EXPECT_EQ(feed(parser, head + body).trailers, "X=1;");

  parser.reset();
  ASSERT_EQ(parser.parse_head(head).step, Step::Done);
  parser.head().fields.clear();  // a large head's are forgotten before the body ends
  std::string bytes = body;
  EXPECT_EQ(parser.parse_body(bytes).step, Step::Done);
  EXPECT_EQ(describe(parser.trailers()), "");
}

TEST(ResponseParser, TrailersThatConnectionNamesEndHere) {
  ResponseParser parser;
  parser.reset("GET");
  const std::string answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: x, close\r\n\r\n";
  EXPECT_EQ(feed(parser, answer + "0\r\nX: 1\r\nDigest: x\r\n\r\n").trailers, "Digest=x;");
}

TEST(RequestParser, DecodedBytesAreMovedTogetherInPlace) {
  RequestParser parser;
  parser.reset();
  ASSERT_EQ(parser.parse_head(kChunkedPost).step, Step::Done);
  std::string body = "2\r\nab\r\n3;x\r\ncde\r\n4\r\nf";
  const BodyProgress progress = parser.parse_body(body);
  EXPECT_EQ(progress.step, Step::NeedMore);
  EXPECT_EQ(progress.data, "abcdef");
  EXPECT_EQ(progress.data.data(), body.data());
  EXPECT_EQ(progress.consumed, body.size());
}

TEST(RequestParser, BodyLeftSaysHowMuchToRead) {
  RequestParser parser;
  parser.reset();
  const std::string head = "PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n";
  ASSERT_EQ(parser.parse_head(head).step, Step::Done);
  EXPECT_EQ(parser.body_left(), 5U);
  std::string body = "abcdefg";
  EXPECT_EQ(parser.parse_body(std::span(body).first(2)).step, Step::NeedMore);
  EXPECT_EQ(parser.body_left(), 3U);
  const BodyProgress progress = parser.parse_body(std::span(body).subspan(2));
  EXPECT_EQ(progress.step, Step::Done);
  EXPECT_EQ(progress.data, "cde");
  EXPECT_EQ(progress.consumed, 3U);
  EXPECT_EQ(parser.body_left(), 0U);

  parser.reset();
  ASSERT_EQ(parser.parse_head(kChunkedPost).step, Step::Done);
  EXPECT_EQ(parser.body_left(), UINT64_MAX);
}

TEST(RequestParser, ARefusedConnectionStaysRefused) {
  RequestParser parser;
  parser.reset();
  EXPECT_EQ(parser.parse_head("\n").step, Step::Refused);
  EXPECT_EQ(parser.parse_head("\nGET / HTTP/1.1\r\nHost: a\r\n\r\n").fault, Fault::MalformedRequest);

  parser.reset();
  ASSERT_EQ(parser.parse_head(kChunkedPost).step, Step::Done);
  std::string body = "1\r\nax";
  const BodyProgress progress = parser.parse_body(body);
  EXPECT_EQ(progress.fault, Fault::MalformedRequestBody);
  EXPECT_EQ(progress.data, "a");
  std::string more = "\r\n0\r\n\r\n";
  EXPECT_EQ(parser.parse_body(more).fault, Fault::MalformedRequestBody);
  EXPECT_FALSE(parser.body_done());
}

TEST(RequestParser, EveryBeginningOfAValidHeadWantsMore) {
  const std::string bytes = "\r\nPUT /a?b HTTP/1.1\r\nHost: a\r\nX: y\r\n\r\n";
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    RequestParser parser;
    parser.reset();
    EXPECT_EQ(parser.parse_head(std::string_view(bytes).substr(0, size)).step, Step::NeedMore) << size;
  }
}

TEST(RequestParser, TheBytesMayMoveUntilTheHeadIsWhole) {
  const std::string bytes = "GET /abc HTTP/1.1\r\nHost: a\r\n\r\n";
  RequestParser parser;
  parser.reset();
  std::string first = bytes.substr(0, 12);
  EXPECT_EQ(parser.parse_head(first).step, Step::NeedMore);
  first.assign(first.size(), '!');
  EXPECT_EQ(parser.parse_head(bytes).step, Step::Done);
  EXPECT_EQ(parser.head().target, "/abc");
}

// 64 KiB a byte at a time would be 2 * 10^9 looks at a byte if each call began from the start: a minute here.
TEST(RequestParser, ADribbledHeadCostsNoMoreThanAWholeOne) {
  std::string bytes = "GET / HTTP/1.1\r\nHost: a\r\n";
  while (bytes.size() < 60'000) bytes += "X-Field: " + std::string(1000, 'a') + "\r\n";
  bytes += "\r\n";
  RequestParser parser;
  parser.reset();
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(feed(parser, bytes, 1).consumed, bytes.size());
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
}

TEST(RequestParser, ConnectionMayNotListMoreThanItsBound) {
  const std::string start = "GET / HTTP/1.1\r\nHost: a\r\nConnection: a";
  std::string list;
  for (int i = 1; i < 32; ++i) list += ",a";
  EXPECT_TRUE(head_of(start + list + "\r\n\r\n").starts_with("GET"));
  EXPECT_EQ(head_of(start + list + "\r\nConnection: a\r\n\r\n"), "malformed_request");
  EXPECT_EQ(head_of(start + list + ",\r\n\r\n"), "malformed_request");
}

/// So many chunks of `data` bytes, each with `extension` bytes of chunk extension.
std::string extended(std::size_t chunks, std::size_t data, std::size_t extension) {
  std::string bytes = kChunkedPost;
  std::array<char, 16> size{};
  const std::string digits(size.data(), std::to_chars(size.data(), size.data() + size.size(), data, 16).ptr);
  for (std::size_t i = 0; i < chunks; ++i)
    bytes += digits + ";" + std::string(extension - 1, 'e') + "\r\n" + std::string(data, 'x') + "\r\n";
  return bytes + "0\r\n\r\n";
}

TEST(RequestParser, ChunkExtensionsMayBeAsManyAsTheDataAndSomeMore) {
  struct Row {
    const char* description;
    std::string bytes;
    bool valid;
  };
  const Row rows[] = {
      {"16 KiB without data to speak of", extended(16, 1, 1000), true},
      {"more than that", extended(17, 1, 1000), false},
      {"16 KiB and a byte for each byte of data before", extended(17, 39, 1000), true},
      {"a few more than that", extended(17, 38, 1000), false},
      {"as many as the data", extended(1000, 1000, 1000), true},
      {"a little more than the data", extended(300, 900, 1000), false},
      {"a few with each small chunk", extended(10000, 10, 10), true},
  };
  for (const Row& row : rows)
    for (const std::size_t piece : {0U, 1000U, 7U}) {
      RequestParser parser;
      parser.reset();
      const Outcome outcome = feed(parser, row.bytes, piece);
      EXPECT_EQ(outcome.fault, row.valid ? Fault::None : Fault::MalformedRequestBody)
          << row.description << ' ' << piece;
      EXPECT_EQ(outcome.complete, row.valid) << row.description << ' ' << piece;
    }
}

TEST(RequestParser, DataThatWentAnotherWayAllowsExtensionsToo) {
  const std::string head = kChunkedPost;
  RequestParser parser;
  parser.reset();
  ASSERT_EQ(parser.parse_head(head).step, Step::Done);
  std::string size = "f4240\r\n";  // a million
  parser.parse_body(size);
  parser.skip_plain(parser.plain_left());
  std::string rest = "\r\n";
  for (int i = 0; i < 100; ++i) rest += "1;" + std::string(1000, 'e') + "\r\nx\r\n";
  EXPECT_EQ(parser.parse_body(rest).step, Step::NeedMore);
}

TEST(RequestParser, LimitsAreThoseItWasGiven) {
  RequestParser parser({.start_line = 20, .field = 10, .head = 25, .fields = 2});
  const auto verdict = [&](const std::string& bytes) {
    parser.reset();
    return row_of(feed(parser, bytes).fault).word;
  };
  EXPECT_EQ(verdict("GET /1234567 HTTP/1.1\r\nHost: a\r\n\r\n"), "request_line_too_long");
  EXPECT_EQ(verdict("GET /123456 HTTP/1.1\r\nHost: a\r\nX: 1234567\r\n\r\n"), "-");
  EXPECT_EQ(verdict("GET /123456 HTTP/1.1\r\nHost: a\r\nX: 12345678\r\n\r\n"), "request_head_too_large");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: a\r\nX:\r\nY:\r\n\r\n"), "request_head_too_large");
  EXPECT_EQ(verdict("GET / HTTP/1.1\r\nHost: abcd\r\nX: 1234567\r\nYY"), "request_head_too_large");
}

std::string answer_to(std::string_view method, const std::string& bytes) {
  ResponseParser parser;
  parser.reset(method);
  const Outcome outcome = feed(parser, bytes);
  return outcome.fault == Fault::None ? outcome.framing + "|" + outcome.head : std::string(row_of(outcome.fault).word);
}

TEST(ResponseParser, FramesByRequestAndStatus) {
  const std::string length = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(answer_to("GET", length), "length 5|200 OK 1.1 keep ");
  EXPECT_EQ(answer_to("HEAD", length), "none|200 OK 1.1 keep describes ");
  EXPECT_EQ(answer_to("HEAD", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"), "none|200 OK 1.1 keep ");
  EXPECT_EQ(answer_to("HEAD", "HTTP/1.1 200 OK\r\n\r\n"), "none|200 OK 1.1 keep ");
  EXPECT_EQ(answer_to("GET", "HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
            "none|304 Not Modified 1.1 keep describes ");
  EXPECT_EQ(answer_to("GET", "HTTP/1.1 200 OK\r\n\r\n"), "until close|200 OK 1.1 close ");
  EXPECT_EQ(answer_to("GET", "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\nx"), "length 1|200 OK 1.0 close ");
  EXPECT_EQ(answer_to("GET", "HTTP/1.0 200 \r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"),
            "length 0|200  1.0 keep Connection=keep-alive;");
}

TEST(ResponseParser, AConnectionIsNotKeptAfterABodyThatMayNotBe) {
  EXPECT_EQ(answer_to("GET", "HTTP/1.1 204 \r\n\r\n"), "none|204  1.1 keep ");
  EXPECT_EQ(answer_to("GET", "HTTP/1.1 204 \r\nContent-Length: 0\r\n\r\n"), "none|204  1.1 keep ");
  EXPECT_EQ(answer_to("GET", "HTTP/1.1 204 \r\nTransfer-Encoding: chunked\r\n\r\n"), "none|204  1.1 close ");
  EXPECT_EQ(answer_to("HEAD", "HTTP/1.1 204 \r\nContent-Length: 5\r\n\r\n"), "none|204  1.1 keep ");
}

TEST(ResponseParser, TheEndOfTheConnectionEndsOnlyWhatHasNoOtherEnd) {
  struct Row {
    std::string bytes;
    bool whole;
  };
  const Row rows[] = {
      {"HTTP/1.1 200 OK\r\n\r\nhel", true},
      {"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhel", false},
      {"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nhel", true},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nhel\r\n", false},
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", false},
      {"HTTP/1.1 200 OK\r\nX", false},
      {"", false},
  };
  for (const Row& row : rows) {
    ResponseParser parser;
    parser.reset("GET");
    feed(parser, row.bytes);
    EXPECT_EQ(parser.finish_at_eof(), row.whole) << row.bytes;
    EXPECT_EQ(parser.body_done(), row.whole) << row.bytes;
  }
}

TEST(ResponseParser, InterimAnswersAreHeadsOfTheirOwn) {
  const std::string bytes = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
  ResponseParser parser;
  parser.reset("GET");
  const Outcome hints = feed(parser, bytes);
  EXPECT_EQ(hints.head, "103 Early Hints 1.1 keep Link=x;");
  parser.reset("GET");
  EXPECT_EQ(feed(parser, std::string_view(bytes).substr(hints.consumed)).head, "200 OK 1.1 keep ");
}

TEST(Authority, IsAHostAndPerhapsAPort) {
  for (const char* text : {"a", "a.b-c_d~e", "A%20b", "a:0", "a:65535", "a:", "127.0.0.1:80", "[::1]", "[::1]:80",
                           "[2001:db8::1.2.3.4]:", "a,b", "x!$&'()*+;="})
    EXPECT_TRUE(is_valid_authority(text)) << text;
  for (const std::string& text :
       {std::string(),         std::string(":80"),        std::string("a:65536"),  std::string("a:+1"),
        std::string("a:1:2"),  std::string("a b"),        std::string("u@a"),      std::string("a/"),
        std::string("a?"),     std::string("a%2"),        std::string("a%zz"),     std::string("::1"),
        std::string("[::1"),   std::string("[::1]x"),     std::string("[]"),       std::string("[fe80::1%25eth0]"),
        std::string("[v1.a]"), std::string("[::1\0]", 6), std::string("\xc3\xa4"), std::string("a\0", 2),
        std::string(256, 'a')})
    EXPECT_FALSE(is_valid_authority(text)) << text;
}

}  // namespace
}  // namespace kanaria::http
