#include "kanaria/rules/condition.hpp"

#include <gtest/gtest.h>

#include "build.hpp"

namespace kanaria::rules {
namespace {

using namespace build;

TEST(PathPattern, IsCaseSensitiveAndNeverLooksAtTheQuery) {
  EXPECT_TRUE(holds(path({"/a", "/img/*"}), Request("/img/x.png?y=/b")));
  EXPECT_TRUE(holds(path({"/a"}), Request("/a?b")));
  EXPECT_FALSE(holds(path({"/A"}), Request("/a")));
  EXPECT_FALSE(holds(path({"*b"}), Request("/a?b")));
  EXPECT_FALSE(holds(path_regex({"b"}), Request("/a?b")));
}

TEST(PathPattern, IsComparedWithTheNormalPath) {
  EXPECT_TRUE(holds(path({"/admin/*"}), Request("/static/%2e%2e/%61dmin/x")));
  EXPECT_FALSE(holds(path({"/static/*"}), Request("/static/../admin/x")));
  EXPECT_TRUE(holds(path_regex({"^/admin/"}), Request("/static/../admin/x")));
  EXPECT_FALSE(holds(path({"/a/b"}), Request("/a//b")));
}

TEST(PathPattern, OneStarMatchesTheAsteriskForm) {
  EXPECT_TRUE(holds(path({"*"}), Request("*", "shop.test", "OPTIONS")));
  EXPECT_FALSE(holds(path({"/*"}), Request("*", "shop.test", "OPTIONS")));
}

TEST(HostHeader, IsCaseInsensitiveAndComparedWithAndWithoutThePort) {
  const struct {
    const char* pattern;
    const char* host;
    bool expected;
  } rows[] = {
      {"shop.test", "SHOP.test", true},
      {"Shop.Test", "shop.test:8080", true},
      {"shop.test:8080", "shop.test:8080", true},
      {"shop.test:8080", "shop.test", false},
      {"shop.test:80", "shop.test:8080", false},
      {"*:8080", "shop.test:8080", true},
      {"*80", "shop.test:8080", true},
      {"*.example.com", "a.example.com:1", true},
      {"*.example.com", "example.com", false},
      {"*.example.com", "a.example.com.evil.test", false},
      {"10.0.0.*", "10.0.0.1:80", true},
      {"[::1]", "[::1]:80", true},
      {"*", "", true},
      {"?*", "", false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(holds(host({row.pattern}), Request("/", row.host)), row.expected) << row.pattern << " on " << row.host;
  EXPECT_TRUE(holds(host_regex({"^shop\\.TEST$"}), Request("/", "Shop.test:81")));
}

TEST(HttpHeader, TriesEachInstanceInOrderCaseInsensitively) {
  Request request("/");
  request.head.fields = {{"x-canary", "never"}, {"Other", "always"}, {"X-CANARY", "Always on"}};
  EXPECT_TRUE(holds(header("X-Canary", {"always*"}), request));
  EXPECT_TRUE(holds(header("X-Canary", {"NEVER"}), request));
  EXPECT_FALSE(holds(header("X-Canary", {"never*always*"}), request));
  EXPECT_FALSE(holds(header("X-Missing", {"*"}), request));
  EXPECT_TRUE(holds(header_regex("X-Canary", {"^ALWAYS "}), request));
}

TEST(HttpHeader, TextWithAControlByteMatchesNothing) {
  Request request("/");
  request.head.fields = {{"X-Canary", "a\tb"}};
  EXPECT_FALSE(holds(header("X-Canary", {"*"}), request));
  EXPECT_FALSE(holds(header_regex("X-Canary", {"a"}), request));
}

TEST(HttpHeader, SeesFieldsThatBecameFraming) {
  Request request("/");
  EXPECT_FALSE(holds(header("Content-Length", {"*"}), request));
  request.head.framing = http::Framing::Length;
  request.head.content_length = 12;
  EXPECT_TRUE(holds(header("content-length", {"1?"}), request));
  EXPECT_FALSE(holds(header("Transfer-Encoding", {"*"}), request));
  request.head.framing = http::Framing::Chunked;
  EXPECT_TRUE(holds(header("Transfer-Encoding", {"chunked"}), request));
  EXPECT_FALSE(holds(header("Content-Length", {"*"}), request));
}

TEST(HttpRequestMethod, IsExactAndCaseSensitive) {
  EXPECT_TRUE(holds(method({"GET", "POST"}), Request("/", "h.test", "POST")));
  EXPECT_FALSE(holds(method({"GET"}), Request("/", "h.test", "get")));
  EXPECT_FALSE(holds(method({"GET"}), Request("/", "h.test", "GETX")));
}

TEST(QueryString, ComparesPairsAsSentAndDecoded) {
  const struct {
    const char* description;
    const char* key;
    const char* value;
    const char* query;
    bool expected;
  } rows[] = {
      {"key and value", "version", "v1", "version=v1", true},
      {"any case", "Version", "V1", "vERSION=v1", true},
      {"wildcards in both", "v*", "v?", "version=v1", true},
      {"another value", "version", "v1", "version=v2", false},
      {"any pair", "version", "v1", "a=b&version=v2&version=v1", true},
      {"no key: any key", "", "beta", "x=beta", true},
      {"no key: the value alone", "", "x", "x=beta", false},
      {"key without value", "flag", "*", "flag", true},
      {"a key without value has an empty one", "flag", "?*", "flag=", false},
      {"value with equals", "a", "b=c", "a=b=c", true},
      {"values don't span pairs", "a", "b&c=d", "a=b&c=d", false},
      {"decoded value", "q", "a b", "q=a%20b", true},
      {"plus is a space", "q", "a b", "q=a+b", true},
      {"plus as sent", "q", "a+b", "q=a+b", true},
      {"encoded plus", "q", "a+b", "q=a%2Bb", true},
      {"as sent", "q", "a%20b", "q=a%20b", true},
      {"decoded key", "my key", "1", "my%20key=1", true},
      {"an encoded ampersand is no separator", "a", "b&c", "a=b%26c", true},
      {"escaped star", "q", "\\*", "q=*", true},
      {"escaped star is no wildcard", "q", "\\*", "q=x", false},
      {"escaped question mark, decoded", "q", "a\\?", "q=a%3F", true},
      {"a decoded control byte matches nothing", "q", "a?b", "q=a%0Ab", false},
      {"empty pairs are none", "", "*", "&&", false},
      {"until the fragment", "a", "*", "b=1#&a=1", false},
      {"no query", "a", "*", "", false},
  };
  for (const auto& row : rows)
    EXPECT_EQ(holds(query(row.key, row.value), Request(std::string("/?") + row.query)), row.expected)
        << row.description;
}

TEST(SourceIp, HoldsByPrefixOfTheSameFamily) {
  const struct {
    const char* network;
    const char* peer;
    bool expected;
  } rows[] = {
      {"10.0.0.0/8", "10.255.0.1", true},
      {"10.0.0.0/8", "11.0.0.1", false},
      {"10.1.2.3/8", "10.9.9.9", true},
      {"10.0.0.128/25", "10.0.0.129", true},
      {"10.0.0.128/25", "10.0.0.127", false},
      {"10.0.0.1/32", "10.0.0.1", true},
      {"10.0.0.1/32", "10.0.0.2", false},
      {"0.0.0.0/0", "203.0.113.7", true},
      {"0.0.0.0/0", "2001:db8::1", false},
      {"::/0", "2001:db8::1", true},
      {"::/0", "203.0.113.7", false},
      {"2001:db8::/33", "2001:db8:7fff::1", true},
      {"2001:db8::/33", "2001:db8:8000::1", false},
      {"::1/128", "::1", true},
      {"10.0.0.0/8", "::ffff:10.1.1.1", true},
      {"10.0.0.0/8", "::ffff:11.1.1.1", false},
      {"::/0", "::ffff:10.1.1.1", false},
      {"0.0.0.0/0", "0.0.0.0", false},  // a Unix socket
      {"::/0", "::", false},
  };
  for (const auto& row : rows) {
    Request request("/");
    request.peer = boost::asio::ip::make_address(row.peer);
    EXPECT_EQ(holds(source({row.network}), request), row.expected) << row.network << " on " << row.peer;
  }
}

/// The reason of a rule's only condition.
std::string reason(const config::Condition& one, const Request& request) {
  config::Diagnostics found;
  const Subject subject = request.subject();
  const Facts facts(subject);
  return Condition::compile(one, 1, "", found).reason(facts);
}

TEST(Condition, ReasonSaysWhyInWords) {
  Request request("/api/cart?beta=1&x=y", "shop.test:8080");
  request.head.fields = {{"X-Canary", "never"}, {"X-Canary", "a\x1b[31m"}};
  EXPECT_EQ(reason(path({"/", "/api/*"}), request), "path_pattern \"/api/*\" matches /api/cart");
  EXPECT_EQ(reason(path({"/", "/b/*"}), request), "path_pattern \"/\" \"/b/*\": the path is /api/cart");
  EXPECT_EQ(reason(path_regex({"^/api"}), request), "path_pattern regex \"^/api\" matches /api/cart");
  EXPECT_EQ(reason(host({"*.test"}), request), "host_header \"*.test\" matches shop.test");
  EXPECT_EQ(reason(host({"*.com"}), request), "host_header \"*.com\": the host is shop.test:8080");
  EXPECT_EQ(reason(host({"*.com"}), Request("/", "")), "host_header \"*.com\": there is no host");
  EXPECT_EQ(reason(header("X-Canary", {"never"}), request), "http_header X-Canary \"never\" matches never");
  EXPECT_EQ(reason(header("X-Canary", {"always"}), request),
            "http_header X-Canary \"always\": found \"never\", \"a\\x1b[31m\"");
  EXPECT_EQ(reason(header("X-None", {"always"}), request), "http_header X-None \"always\": it was not sent");
  EXPECT_EQ(reason(method({"PUT", "POST"}), request), "http_request_method PUT POST: the method is GET");
  EXPECT_EQ(reason(method({"PUT", "GET"}), request), "http_request_method GET matches GET");
  EXPECT_EQ(reason(query("beta", "2"), request), "query_string beta=2: found beta=1");
  EXPECT_EQ(reason(query("gamma", "2"), request), "query_string gamma=2: found beta=1, x=y");
  EXPECT_EQ(reason(query("", "y"), request), "query_string \"y\" matches x=y");
  EXPECT_EQ(reason(query("beta", "2"), Request("/")), "query_string beta=2: there is no query");
  EXPECT_EQ(reason(source({"10.0.0.0/8"}), request), "source_ip 10.0.0.0/8: the peer is 203.0.113.7");
  EXPECT_EQ(reason(source({"10.0.0.0/8", "203.0.113.0/24"}), request),
            "source_ip 203.0.113.0/24: the peer is 203.0.113.7");
  request.peer = boost::asio::ip::address();
  EXPECT_EQ(reason(source({"10.0.0.0/8"}), request), "source_ip 10.0.0.0/8: the peer is a Unix socket");
}

TEST(Condition, ReasonTellsAnAbnormalPathAsItWasSent) {
  EXPECT_EQ(reason(path({"/a"}), Request("/x/../b")), "path_pattern \"/a\": the path is /b, sent as /x/../b");
}

TEST(Condition, LongTextOfARequestIsCut) {
  const std::string text = reason(path({"/a"}), Request('/' + std::string(5'000, 'x')));
  EXPECT_LT(text.size(), 200U);
  EXPECT_TRUE(text.ends_with("xxx...")) << text;
}

}  // namespace
}  // namespace kanaria::rules
