#include "kanaria/http/headers.hpp"

#include <gtest/gtest.h>

#include <sstream>
#include <string>

#include "kanaria/http/parser.hpp"
#include "unit/http/outcome.hpp"

namespace kanaria::http {
namespace {

constexpr WallTime kNow{std::chrono::seconds(0x6a3b2c1d)};

/// A request as a client sends it, and what a target gets of it.
class Forwarding : public ::testing::Test {
 protected:
  Fault forward(const std::string& bytes) {
    text_ = bytes;
    parser_.reset();
    const HeadProgress progress = parser_.parse_head(text_);
    EXPECT_EQ(progress.step, Step::Done) << bytes;
    make_request(parser_.head(), peer_, policy_, rewritten_, kNow, random_, arena_, out_, trace_id_);
    return progress.fault;
  }
  Fault forward_fields(const std::string& fields) { return forward("GET / HTTP/1.1\r\nHost: a\r\n" + fields + "\r\n"); }
  /// Of the first field of that name, as it is written.
  std::string value(std::string_view name) {
    std::istringstream lines{std::string(write_head(out_, arena_))};
    for (std::string line; std::getline(lines, line);) {
      const std::size_t colon = line.find(": ");
      if (iequals(line.substr(0, colon), name)) return line.substr(colon + 2, line.size() - colon - 3);
    }
    return "(none)";
  }
  std::string target() {
    const std::string line(write_head(out_, arena_));
    const std::size_t begin = line.find(' ') + 1;
    return line.substr(begin, line.find(' ', begin) - begin);
  }
  std::size_t count(std::string_view name) const {
    return static_cast<std::size_t>(
        std::ranges::count_if(out_.fields, [&](const Field& field) { return iequals(field.name, name); }));
  }

  std::string text_;
  RequestParser parser_;
  BlockPool pool_;
  Arena arena_{pool_};
  Random random_{1};
  PeerText peer_{"203.0.113.7", "203.0.113.7:4711", "192.0.2.1"};
  ForwardingPolicy policy_{.listener_port = 80};
  Rewritten rewritten_;
  RequestHead out_;
  std::string_view trace_id_;
};

TEST_F(Forwarding, WritesTheHeadByteForByte) {
  policy_.listener_port = 8080;
  ASSERT_EQ(forward("POST /api?x=1 HTTP/1.1\r\nAccept: */*\r\nHost: Shop.test\r\nConnection: close\r\n"
                    "Content-Length: 3\r\nCookie: a=b\r\nX-Amzn-Trace-Id: Root=1-2-3\r\n\r\n"),
            Fault::None);
  const std::string self(value("X-Amzn-Trace-Id"));
  EXPECT_EQ(write_head(out_, arena_),
            "POST /api?x=1 HTTP/1.1\r\nHost: shop.test:8080\r\nAccept: */*\r\nCookie: a=b\r\n"
            "X-Forwarded-For: 203.0.113.7\r\nX-Forwarded-Proto: http\r\nX-Forwarded-Port: 8080\r\n"
            "X-Amzn-Trace-Id: " +
                self + "\r\nContent-Length: 3\r\n\r\n");
}

TEST_F(Forwarding, HostFollowsTheTable) {
  struct Row {
    std::string description;
    std::uint16_t port;
    std::string request;
    std::string by_default;
    std::string preserved;
  };
  const std::string get = "GET / HTTP/1.1\r\nHost: ";
  const Row rows[] = {
      {"no port", 80, get + "example.com\r\n\r\n", "example.com", "example.com"},
      {"the scheme's own port is stripped", 80, get + "example.com:80\r\n\r\n", "example.com", "example.com:80"},
      {"443 too", 443, get + "example.com:443\r\n\r\n", "example.com", "example.com:443"},
      {"another port stays", 80, get + "example.com:81\r\n\r\n", "example.com:81", "example.com:81"},
      {"an empty port is none", 80, get + "example.com:\r\n\r\n", "example.com", "example.com:"},
      {"an absolute target wins", 443, "GET https://dns_name/ HTTP/1.1\r\nHost: example.com\r\n\r\n", "dns_name",
       "dns_name"},
      {"the port is appended", 8080, get + "example.com\r\n\r\n", "example.com:8080", "example.com"},
      {"a port that is there is not appended", 8080, get + "example.com:8080\r\n\r\n", "example.com:8080",
       "example.com:8080"},
      {"lower case", 80, get + "EXAMPLE.com\r\n\r\n", "example.com", "EXAMPLE.com"},
      {"IPv6", 8080, get + "[2001:DB8::1]\r\n\r\n", "[2001:db8::1]:8080", "[2001:DB8::1]"},
      {"IPv6 with a port", 8080, get + "[::1]:9\r\n\r\n", "[::1]:9", "[::1]:9"},
      {"HTTP/1.0 without Host", 8080, "GET / HTTP/1.0\r\n\r\n", "192.0.2.1:8080", "192.0.2.1:8080"},
      {"no port at all, as on a Unix socket", 0, get + "example.com\r\n\r\n", "example.com", "example.com"},
  };
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    policy_.listener_port = row.port;
    policy_.preserve_host = false;
    ASSERT_EQ(forward(row.request), Fault::None);
    EXPECT_EQ(value("Host"), row.by_default);
    EXPECT_EQ(count("Host"), 1U);
    policy_.preserve_host = true;
    ASSERT_EQ(forward(row.request), Fault::None);
    EXPECT_EQ(value("Host"), row.preserved);
  }
}

TEST_F(Forwarding, ARewrittenHostAndTargetWin) {
  rewritten_ = {.host = "Internal:80", .target = "/new?q"};
  ASSERT_EQ(forward("GET http://a/old HTTP/1.1\r\nHost: b\r\n\r\n"), Fault::None);
  EXPECT_EQ(value("Host"), "internal");
  EXPECT_EQ(target(), "/new?q");
  policy_.preserve_host = true;
  ASSERT_EQ(forward("GET / HTTP/1.1\r\nHost: b\r\n\r\n"), Fault::None);
  EXPECT_EQ(value("Host"), "Internal:80");
}

TEST_F(Forwarding, TheTargetIsInOriginForm) {
  const std::pair<std::string, std::string> rows[] = {
      {"GET /a?b=c HTTP/1.1", "/a?b=c"},     {"GET http://a HTTP/1.1", "/"},      {"GET http://a?b HTTP/1.1", "/?b"},
      {"GET http://a/b?c HTTP/1.1", "/b?c"}, {"GET http://a/b? HTTP/1.1", "/b?"}, {"OPTIONS * HTTP/1.1", "*"},
      {"OPTIONS http://a HTTP/1.1", "*"},    {"OPTIONS http://a/ HTTP/1.1", "/"}, {"GET //a/b HTTP/1.1", "//a/b"},
  };
  for (const auto& [line, expected] : rows) {
    ASSERT_EQ(forward(line + "\r\nHost: a\r\n\r\n"), Fault::None);
    EXPECT_EQ(target(), expected) << line;
  }
}

TEST_F(Forwarding, HopByHopFieldsEndHere) {
  ASSERT_EQ(
      forward_fields("Connection: keep-alive, X-Mine ,x-other\r\nKeep-Alive: 5\r\nProxy-Connection: close\r\n"
                     "TE: trailers\r\nTrailer: Digest\r\nUpgrade: h2c\r\nx-mine: 1\r\nX-Other: 2\r\nX-Third: 3\r\n"),
      Fault::None);
  EXPECT_EQ(describe(out_.fields).substr(0, 17), "Host=a;X-Third=3;");
  EXPECT_EQ(out_.fields.size(), 6U);
}

TEST_F(Forwarding, ConnectionCantStripWhatTellsTheTargetWhoAsks) {
  ASSERT_EQ(forward_fields("Connection: host, content-length, x-forwarded-for, x-forwarded-proto, x-amzn-trace-id\r\n"
                           "Content-Length: 1\r\nX-Forwarded-For: 1.1.1.1\r\n"),
            Fault::None);
  EXPECT_EQ(value("Host"), "a");
  EXPECT_EQ(value("X-Forwarded-For"), "1.1.1.1, 203.0.113.7");
  EXPECT_EQ(value("X-Forwarded-Proto"), "http");
  EXPECT_EQ(value("X-Amzn-Trace-Id"), trace_id_);
  EXPECT_EQ(out_.framing, Framing::Length);
  EXPECT_EQ(out_.content_length, 1U);
}

TEST_F(Forwarding, ForwardedForFollowsItsMode) {
  const std::string sent = "X-Forwarded-For: 1.1.1.1\r\nX: y\r\nx-forwarded-for: 2.2.2.2, 3.3.3.3\r\n";
  ASSERT_EQ(forward_fields(""), Fault::None);
  EXPECT_EQ(value("X-Forwarded-For"), "203.0.113.7");
  ASSERT_EQ(forward_fields(sent), Fault::None);
  EXPECT_EQ(value("X-Forwarded-For"), "1.1.1.1, 2.2.2.2, 3.3.3.3, 203.0.113.7");
  EXPECT_EQ(count("X-Forwarded-For"), 1U);
  ASSERT_EQ(forward_fields("X-Forwarded-For:\r\nX-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For:\r\n"), Fault::None);
  EXPECT_EQ(value("X-Forwarded-For"), "1.1.1.1, 203.0.113.7");

  policy_.client_port = true;
  ASSERT_EQ(forward_fields(sent), Fault::None);
  EXPECT_EQ(value("X-Forwarded-For"), "1.1.1.1, 2.2.2.2, 3.3.3.3, 203.0.113.7:4711");

  policy_.forwarded_for = ForwardedFor::Preserve;
  ASSERT_EQ(forward_fields(sent), Fault::None);
  EXPECT_EQ(value("X-Forwarded-For"), "1.1.1.1");
  EXPECT_EQ(count("X-Forwarded-For"), 2U);
  ASSERT_EQ(forward_fields(""), Fault::None);
  EXPECT_EQ(count("X-Forwarded-For"), 0U);

  policy_.forwarded_for = ForwardedFor::Remove;
  ASSERT_EQ(forward_fields(sent), Fault::None);
  EXPECT_EQ(count("X-Forwarded-For"), 0U);
}

TEST_F(Forwarding, NothingLargeIsCopiedBeforeTheHeadIsWritten) {
  const std::string list = "X-Forwarded-For: " + std::string(15'000, 'x') + "\r\n";
  const std::size_t before = pool_.lent();
  ASSERT_EQ(
      forward("GET http://a?" + std::string(15'000, 'q') + " HTTP/1.1\r\nHost: a\r\n" + list + list + list + "\r\n"),
      Fault::None);
  EXPECT_EQ(pool_.lent(), before + 1);
  EXPECT_TRUE(arena_.keep("x").data() != nullptr);
  EXPECT_EQ(pool_.lent(), before + 1) << "the one block is not full";
}

TEST_F(Forwarding, ProtoAndPortOfTheClientAreOverwritten) {
  policy_.https = true;
  policy_.listener_port = 8443;
  ASSERT_EQ(forward_fields("X-Forwarded-Proto: gopher\r\nX-Forwarded-Port: 1\r\n"), Fault::None);
  EXPECT_EQ(value("X-Forwarded-Proto"), "https");
  EXPECT_EQ(value("X-Forwarded-Port"), "8443");
  EXPECT_EQ(count("X-Forwarded-Proto") + count("X-Forwarded-Port"), 2U);
}

TEST_F(Forwarding, TraceIdFollowsItsRules) {
  struct Row {
    std::string description;
    std::string received;
    std::string key;
    std::string rest;
  };
  const Row rows[] = {
      {"none", "", "Root", ""},
      {"a Root", "Root=1-67891233-abcdef012345678912345678", "Self", ";Root=1-67891233-abcdef012345678912345678"},
      {"a Self is replaced", "Self=1-a-b;Root=1-c-d", "Self", ";Root=1-c-d"},
      {"a Self alone", "Self=1-a-b", "Self", ""},
      {"other fields stay", "Root=1-c-d; CalledFrom=app ;;x", "Self", ";Root=1-c-d;CalledFrom=app;x"},
      {"other fields without a Root", "CalledFrom=app", "Root", ";CalledFrom=app"},
      {"over 7 KB", "Root=1-c-d;" + std::string(7200, 'x'), "Root", ""},
  };
  const std::string time_and_dash = "=1-6a3b2c1d-";
  for (const Row& row : rows) {
    SCOPED_TRACE(row.description);
    const std::string field = row.received.empty() ? "" : "x-amzn-trace-id: " + row.received + "\r\n";
    ASSERT_EQ(forward_fields(field), Fault::None);
    const std::string start = row.key + time_and_dash;
    EXPECT_EQ(trace_id_.substr(0, start.size()), start);
    EXPECT_EQ(trace_id_.substr(start.size(), 24).find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_EQ(trace_id_.substr(start.size() + 24), row.rest);
    EXPECT_EQ(value("X-Amzn-Trace-Id"), trace_id_);
    EXPECT_EQ(count("X-Amzn-Trace-Id"), 1U);
  }
}

TEST_F(Forwarding, TraceIdsDiffer) {
  ASSERT_EQ(forward_fields(""), Fault::None);
  const std::string first(trace_id_);
  ASSERT_EQ(forward_fields(""), Fault::None);
  EXPECT_NE(first, trace_id_);
}

TEST_F(Forwarding, ExpectIsForwardedWhereItCounts) {
  ASSERT_EQ(forward_fields("Expect: 100-continue\r\nContent-Length: 1\r\n"), Fault::None);
  EXPECT_EQ(value("Expect"), "100-continue");
  ASSERT_EQ(forward("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 1\r\n\r\n"), Fault::None);
  EXPECT_EQ(value("Expect"), "(none)");
}

TEST_F(Forwarding, OnlyAWebsocketIsUpgraded) {
  ASSERT_EQ(forward_fields("Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Key: k\r\n"),
            Fault::None);
  const std::string head(write_head(out_, arena_));
  EXPECT_TRUE(head.ends_with("\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")) << head;
  EXPECT_EQ(value("Sec-WebSocket-Key"), "k");
  for (const char* fields :
       {"Connection: Upgrade\r\nUpgrade: h2c\r\n", "Upgrade: websocket\r\n", "Connection: Upgrade\r\n",
        "Connection: Upgrade\r\nUpgrade: websocket\r\nContent-Length: 1\r\n"}) {
    ASSERT_EQ(forward_fields(fields), Fault::None);
    EXPECT_EQ(write_head(out_, arena_).find("pgrade"), std::string::npos) << fields;
  }
}

TEST_F(Forwarding, MaxForwardsIsOneLessAtEachHopForOptions) {
  const auto options = [&](const std::string& number) {
    return forward("OPTIONS / HTTP/1.1\r\nHost: a\r\nmax-forwards: " + number + "\r\nX: 1\r\n\r\n");
  };
  ASSERT_EQ(options("10"), Fault::None);
  EXPECT_EQ(value("Max-Forwards"), "9");
  EXPECT_EQ(out_.fields[1].name, "max-forwards") << "in its place";
  ASSERT_EQ(options("1"), Fault::None);
  EXPECT_EQ(value("Max-Forwards"), "0");
  ASSERT_EQ(options("99999999999999999999"), Fault::None);
  EXPECT_EQ(value("Max-Forwards"), "4294967294") << "as many as we can count";
  ASSERT_EQ(forward_fields("Max-Forwards: 0\r\n"), Fault::None);
  EXPECT_EQ(value("Max-Forwards"), "0") << "of other methods it is the target's";
}

TEST_F(Forwarding, AnIsolatedRequestEndsTheTargetsConnection) {
  ASSERT_EQ(forward_fields(""), Fault::None);
  EXPECT_EQ(write_head(out_, arena_).find("Connection"), std::string_view::npos);
  parser_.head().isolated = true;
  make_request(parser_.head(), peer_, policy_, rewritten_, kNow, random_, arena_, out_, trace_id_);
  EXPECT_TRUE(write_head(out_, arena_).ends_with("\r\nConnection: close\r\n\r\n"));
}

TEST_F(Forwarding, FramingIsWrittenFromOurVerdictOnly) {
  ASSERT_EQ(forward("POST / HTTP/1.1\r\nHost: a\r\ntransfer-encoding:\tChunked \r\n\r\n"), Fault::None);
  EXPECT_NE(write_head(out_, arena_).find("\r\nTransfer-Encoding: chunked\r\n"), std::string::npos);
  ASSERT_EQ(forward_fields("Content-Length: 007\r\nContent-Length: 7\r\n"), Fault::None);
  const std::string head(write_head(out_, arena_));
  EXPECT_NE(head.find("\r\nContent-Length: 7\r\n\r\n"), std::string::npos) << head;
  EXPECT_EQ(head.find("007"), std::string::npos);
}

/// A target's answer, and what the client gets of it.
class Answering : public ::testing::Test {
 protected:
  std::string answer(const std::string& bytes, std::uint8_t client_minor = 1, bool is_websocket = false,
                     ConnectionField connection = ConnectionField::None, std::string_view method = "GET") {
    ResponseParser parser;
    parser.reset(method);
    const HeadProgress progress = parser.parse_head(bytes);
    EXPECT_EQ(progress.step, Step::Done) << bytes;
    make_response(parser.head(), client_minor, is_websocket, "now", out_);
    return std::string(write_head(out_, connection, arena_));
  }
  BlockPool pool_;
  Arena arena_{pool_};
  ResponseHead out_;
};

TEST_F(Answering, PassesWhatIsEndToEnd) {
  EXPECT_EQ(
      answer("HTTP/1.1 200 Fine\r\nServer: s\r\nConnection: close, x-a\r\nX-A: 1\r\nKeep-Alive: 5\r\nDate: then\r\n"
             "Upgrade: h2c\r\nContent-Length: 2\r\nSet-Cookie: a\r\nSet-Cookie: b\r\n\r\n"),
      "HTTP/1.1 200 Fine\r\nServer: s\r\nDate: then\r\nSet-Cookie: a\r\nSet-Cookie: b\r\nContent-Length: 2\r\n\r\n");
}

TEST_F(Answering, DateIsAddedToFinalAnswersOnly) {
  EXPECT_EQ(answer("HTTP/1.1 204 \r\n\r\n"), "HTTP/1.1 204 \r\nDate: now\r\n\r\n");
  EXPECT_EQ(answer("HTTP/1.1 100 Continue\r\n\r\n"), "HTTP/1.1 100 Continue\r\n\r\n");
  EXPECT_EQ(answer("HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"), "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n");
}

TEST_F(Answering, FramingFollowsTheClient) {
  const std::string chunked = "HTTP/1.1 200 OK\r\nDate: d\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string until_close = "HTTP/1.1 200 OK\r\nDate: d\r\n\r\n";
  EXPECT_EQ(answer(chunked), chunked);
  EXPECT_EQ(answer(until_close), chunked);
  EXPECT_TRUE(out_.keep_alive);
  EXPECT_EQ(answer(chunked, 0), until_close);
  EXPECT_EQ(out_.framing, Framing::UntilClose);
  EXPECT_FALSE(out_.keep_alive);
  EXPECT_EQ(answer(until_close, 0), until_close);
}

TEST_F(Answering, ALengthThatOnlyDescribesIsPassedOn) {
  const std::string ok = "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(answer(ok, 1, false, ConnectionField::None, "HEAD"), ok);
  EXPECT_EQ(out_.framing, Framing::None);
  const std::string not_modified = "HTTP/1.1 304 Not Modified\r\nDate: d\r\nContent-Length: 5\r\n\r\n";
  EXPECT_EQ(answer(not_modified), not_modified);
  EXPECT_EQ(answer("HTTP/1.1 204 No Content\r\nDate: d\r\nContent-Length: 5\r\n\r\n"),
            "HTTP/1.1 204 No Content\r\nDate: d\r\n\r\n");
}

TEST_F(Answering, SwitchingKeepsUpgradeForAWebsocketAlone) {
  const std::string switching = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n";
  EXPECT_EQ(answer(switching, 1, true), switching);
  EXPECT_EQ(
      answer("HTTP/1.1 200 OK\r\nDate: d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nContent-Length: 0\r\n\r\n", 1,
             true),
      "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 0\r\n\r\n");
}

TEST_F(Answering, ConnectionIsSaidWhereAsked) {
  const std::string ok = "HTTP/1.1 200 OK\r\nDate: d\r\nContent-Length: 0\r\n";
  EXPECT_EQ(answer(ok + "\r\n", 1, false, ConnectionField::Close), ok + "Connection: close\r\n\r\n");
  EXPECT_EQ(answer(ok + "\r\n", 0, false, ConnectionField::KeepAlive), ok + "Connection: keep-alive\r\n\r\n");
}

TEST(Date, IsInTheFormOfRfc9110) {
  const std::pair<std::int64_t, std::string> rows[] = {
      {0, "Thu, 01 Jan 1970 00:00:00 GMT"},
      {784'111'777, "Sun, 06 Nov 1994 08:49:37 GMT"},
      {951'782'399, "Mon, 28 Feb 2000 23:59:59 GMT"},
      {951'782'400, "Tue, 29 Feb 2000 00:00:00 GMT"},
      {4'102'444'799, "Thu, 31 Dec 2099 23:59:59 GMT"},
  };
  for (const auto& [seconds, expected] : rows) {
    std::string text(29, ' ');
    write_date(WallTime(std::chrono::seconds(seconds)), text.data());
    EXPECT_EQ(text, expected);
  }
}

}  // namespace
}  // namespace kanaria::http
