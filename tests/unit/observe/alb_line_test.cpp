#include "kanaria/observe/alb_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <functional>
#include <string>
#include <vector>

#include "unit/observe/records.hpp"

namespace kanaria::observe {
namespace {

using namespace std::chrono_literals;

std::string line_of(const ExchangeRecord& record) {
  std::string buffer;
  return std::string(format_alb(record, buffer));
}

// As a reader of ALB's log does: fields end at a space, quotes hold spaces, there is no escape of a quote.
std::vector<std::string> fields_of(std::string_view line) {
  std::vector<std::string> fields(1);
  bool quoted = false;
  for (const char c : line.substr(0, line.find('\n'))) {
    if (c == '"') quoted = !quoted;
    if (c == ' ' && !quoted) {
      fields.emplace_back();
    } else {
      fields.back() += c;
    }
  }
  return fields;
}

constexpr std::size_t kFields = 35;

TEST(AlbLine, FieldsStandInAlbsOrder) {
  EXPECT_EQ(line_of(answered()),
            "http 2026-11-23T14:05:10.173456Z kanaria 203.0.113.7:51234 127.0.0.1:9001 0.001 0.042 0.001 200 200 123 "
            "4567 \"GET http://shop.test:8080/api/cart?beta=1 HTTP/1.1\" \"curl/7.88.1 (a b)\" - - app-canary "
            "\"Root=1-67891233-abcdef012345678912345678\" \"-\" \"-\" 10 2026-11-23T14:05:09.123456Z \"forward\" \"-\" "
            "\"-\" \"127.0.0.1:9001\" \"200\" \"-\" \"-\" - \"-\" \"-\" \"-\" - \"-\"\n");
}

TEST(AlbLine, IsTheSameInABufferThatHeldALongerOne) {
  std::string buffer;
  ExchangeRecord longer = answered();
  const std::string agent(8192, '"');
  longer.user_agent = agent;
  EXPECT_GT(format_alb(longer, buffer).size(), 4 * agent.size());
  EXPECT_EQ(format_alb(answered(), buffer), line_of(answered()));
}

// Every byte, before, at and behind the ends of eight that are looked at together.
TEST(AlbLine, WhatDoesntStandForItselfIsWrittenInHexWhereverItIs) {
  for (std::size_t size = 1; size < 20; ++size)
    for (std::size_t at = 0; at < size; ++at)
      for (unsigned byte = 0; byte < 256; ++byte) {
        std::string text(size, 'x');
        text[at] = static_cast<char>(byte);
        const bool quoted_plain = byte >= 0x20 && byte < 0x7f && byte != '"' && byte != '\\';
        char hex[8];
        std::snprintf(hex, sizeof hex, "\\x%02x", byte);
        const auto expected = [&](bool plain) {
          return text.substr(0, at) + (plain ? std::string(1, text[at]) : std::string(hex)) + text.substr(at + 1);
        };
        ExchangeRecord record = answered();
        record.user_agent = text;
        record.target = text;
        const std::vector<std::string> fields = fields_of(line_of(record));
        ASSERT_EQ(fields.size(), kFields);
        ASSERT_EQ(fields[13], '"' + expected(quoted_plain) + '"') << byte;
        ASSERT_EQ(fields[4], expected(quoted_plain && byte != ' ')) << byte;
      }
}

TEST(AlbLine, EachFieldFollowsItsPartOfTheRecord) {
  struct Case {
    std::string description;
    std::function<void(ExchangeRecord&)> change;
    std::size_t field;  // ALB's number, from 1
    std::string expected;
  };
  const std::vector<Case> cases{
      {"a WebSocket", [](auto& r) { r.is_websocket = true; }, 1, "ws"},
      {"TLS", [](auto& r) { r.scheme = "https"; }, 1, "https"},
      {"a WebSocket over TLS",
       [](auto& r) {
         r.scheme = "https";
         r.is_websocket = true;
       },
       1, "wss"},
      {"an IPv6 client", [](auto& r) { r.client_address = "2001:db8::1"; }, 4, "[2001:db8::1]:51234"},
      {"no target", [](auto& r) { r.target = ""; }, 5, "-"},
      {"an odd request", [](auto& r) { r.desync = http::DesyncReason::SpaceInUri; }, 28, "\"Acceptable\""},
      {"an odd request", [](auto& r) { r.desync = http::DesyncReason::SpaceInUri; }, 29, "\"SpaceInUri\""},
      {"a Unix socket", [](auto& r) { r.target = "unix:/run/my app.sock"; }, 5, "unix:/run/my\\x20app.sock"},
      {"never sent", [](auto& r) { r.sent_to_target = kUnset; }, 6, "-1"},
      {"never sent", [](auto& r) { r.sent_to_target = kUnset; }, 7, "-1"},
      {"no answer", [](auto& r) { r.target_head = kUnset; }, 7, "-1"},
      {"no answer", [](auto& r) { r.target_head = kUnset; }, 8, "-1"},
      {"the target closed", [](auto& r) { r.target_status = 0; }, 7, "0.042"},
      {"the target closed", [](auto& r) { r.target_status = 0; }, 8, "-1"},
      {"a long wait", [](auto& r) { r.target_head = r.sent_to_target + 61'007ms; }, 7, "61.007"},
      {"times out of order", [](auto& r) { r.target_head = r.sent_to_target - 5ms; }, 7, "0.000"},
      {"nothing was answered", [](auto& r) { r.elb_status = 0; }, 9, "-"},
      {"the target said nothing", [](auto& r) { r.target_status = 0; }, 10, "-"},
      {"the target said nothing", [](auto& r) { r.target_status = 0; }, 27, "\"-\""},
      {"no Host", [](auto& r) { r.authority = ""; }, 13, "\"GET http://-:8080/api/cart?beta=1 HTTP/1.1\""},
      {"Host without a port", [](auto& r) { r.authority = "shop.test"; }, 13,
       "\"GET http://shop.test:8080/api/cart?beta=1 HTTP/1.1\""},
      {"an IPv6 Host", [](auto& r) { r.authority = "[::1]"; }, 13,
       "\"GET http://[::1]:8080/api/cart?beta=1 HTTP/1.1\""},
      {"an IPv6 Host with a port", [](auto& r) { r.authority = "[::1]:81"; }, 13,
       "\"GET http://[::1]:81/api/cart?beta=1 HTTP/1.1\""},
      {"absolute form", [](auto& r) { r.request_target = "http://a.test/b"; }, 13, "\"GET http://a.test/b HTTP/1.1\""},
      {"OPTIONS *",
       [](auto& r) {
         r.method = "OPTIONS";
         r.request_target = "*";
       },
       13, "\"OPTIONS http://shop.test:8080/* HTTP/1.1\""},
      {"HTTP/1.0", [](auto& r) { r.minor = 0; }, 13, "\"GET http://shop.test:8080/api/cart?beta=1 HTTP/1.0\""},
      {"an unreadable request", [](auto& r) { r.method = r.authority = r.request_target = ""; }, 13,
       "\"- http://-:8080- -\""},
      {"the default action", [](auto& r) { r.rule_priority = 0; }, 21, "0"},
      {"no rule", [](auto& r) { r.rule_priority = -1; }, 21, "-"},
      {"a redirect", [](auto& r) { r.redirect_url = "https://b.test:443/"; }, 24, "\"https://b.test:443/\""},
      {"a transform", [](auto& r) { r.transformed_host = "h"; }, 31, "\"h\""},
      {"a transform", [](auto& r) { r.transformed_uri = "/u"; }, 32, "\"/u\""},
      {"a transform", [](auto& r) { r.transform_status = "TransformSuccess"; }, 33, "\"TransformSuccess\""},
      {"a fault", [](auto& r) { r.fault = Fault::ConnectRefused; }, 35, "\"connect_refused\""},
  };
  for (const Case& c : cases) {
    ExchangeRecord record = answered();
    c.change(record);
    const std::vector<std::string> fields = fields_of(line_of(record));
    ASSERT_EQ(fields.size(), kFields) << c.description;
    EXPECT_EQ(fields[c.field - 1], c.expected) << c.description;
  }
}

TEST(AlbLine, AnEmptyRecordIsALineToo) {
  const std::string line = line_of(ExchangeRecord{});
  EXPECT_EQ(fields_of(line).size(), kFields);
  EXPECT_EQ(std::count(line.begin(), line.end(), '\n'), 1);
}

TEST(AlbLine, OddBytesAreWrittenInHex) {
  ExchangeRecord record = answered();
  record.user_agent = std::string_view("a\"b\\c\nd\0e\x7f\xc3\xa9\t", 13);
  EXPECT_EQ(fields_of(line_of(record))[13], "\"a\\x22b\\x5cc\\x0ad\\x00e\\x7f\\xc3\\xa9\\x09\"");
}

TEST(AlbLine, NoRequestCanForgeALineOrAField) {
  std::string every_byte;
  for (int byte = 0; byte < 256; ++byte) every_byte += static_cast<char>(byte);
  const std::string forged = "x\" - - \"\nhttp 2026-11-23T14:05:10.173456Z forged \"" + every_byte;
  using View = std::string_view ExchangeRecord::*;
  const std::vector<View> views{&ExchangeRecord::client_address,   &ExchangeRecord::target,
                                &ExchangeRecord::method,           &ExchangeRecord::authority,
                                &ExchangeRecord::request_target,   &ExchangeRecord::user_agent,
                                &ExchangeRecord::trace_id,         &ExchangeRecord::redirect_url,
                                &ExchangeRecord::transformed_host, &ExchangeRecord::transformed_uri};
  for (std::size_t i = 0; i < views.size(); ++i) {
    ExchangeRecord record = answered();
    record.*views[i] = forged;
    const std::string line = line_of(record);
    EXPECT_EQ(fields_of(line).size(), kFields) << "view " << i;
    EXPECT_EQ(line.find('\n'), line.size() - 1) << "view " << i;
    EXPECT_TRUE(std::all_of(line.begin(), line.end() - 1, [](char c) { return c >= ' ' && c < 0x7f; })) << "view " << i;
  }
}

TEST(AlbLine, AUserAgentIsCutAt8KiB) {
  const std::string long_one(20'000, 'u');
  ExchangeRecord record = answered();
  record.user_agent = long_one;
  EXPECT_EQ(fields_of(line_of(record))[13].size(), 8192U + 2);
}

}  // namespace
}  // namespace kanaria::observe
