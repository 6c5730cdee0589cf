#include "kanaria/observe/json_line.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <string>

#include "unit/observe/records.hpp"

namespace kanaria::observe {
namespace {

std::string line_of(const ExchangeRecord& record) {
  std::string buffer;
  return std::string(format_json(record, buffer));
}

TEST(JsonLine, HasAllThatIsKnown) {
  ExchangeRecord record = answered();
  record.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  record.sticky = Sticky::Kept;
  EXPECT_EQ(line_of(record),
            R"j({"time":"2026-11-23T14:05:10.173456Z","type":"http","elb":"kanaria","client_ip":"203.0.113.7",)j"
            R"j("client_port":51234,"method":"GET","scheme":"http","host":"shop.test:8080",)j"
            R"j("request_target":"/api/cart?beta=1","protocol":"HTTP/1.1","user_agent":"curl/7.88.1 (a b)",)j"
            R"j("elb_status_code":200,"answered_by":"target","fault":null,"listener":"http","rule":"canary",)j"
            R"j("matched_rule_priority":10,"action_executed":"forward","target_group":"app-canary",)j"
            R"j("target":"127.0.0.1:9001","target_status_code":200,"sticky":"kept","error_reason":null,)j"
            R"j("request_creation_time":"2026-11-23T14:05:09.123456Z","request_processing_time":0.001,)j"
            R"j("target_processing_time":0.042,"response_processing_time":0.001,"duration":1.050,)j"
            R"j("received_bytes":123,"sent_bytes":4567,"trace_id":"Root=1-67891233-abcdef012345678912345678",)j"
            R"j("traceparent":"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01","redirect_url":null,)j"
            R"j("classification":null,"classification_reason":null,"transformed_host":null,"transformed_uri":null,)j"
            R"j("request_transform_status":null})j"
            "\n");
}

TEST(JsonLine, HasEveryKeyWhateverIsMissing) {
  const std::string line = line_of({});
  for (const char* const part : {R"("request_target":null)", R"("protocol":null)", R"("elb_status_code":null)",
                                 R"("target_status_code":null)", R"("matched_rule_priority":null)",
                                 R"("target_processing_time":null)", R"("duration":null)", R"("sticky":null)"})
    EXPECT_NE(line.find(part), std::string::npos) << part << " is not in " << line;
  const auto commas = [](const std::string& of) { return std::count(of.begin(), of.end(), ','); };
  EXPECT_EQ(commas(line), commas(line_of(answered())));
}

TEST(JsonLine, IsOneLineOfAsciiWhateverARequestHolds) {
  ExchangeRecord record = answered();
  const std::string odd("\"},{\"a\":\\\n\r\t\x00\x1f\x7f\xc3\xa4\xff ", 19);
  record.user_agent = odd;
  const std::string line = line_of(record);
  EXPECT_NE(line.find(R"("user_agent":"\"},{\"a\":\\\u000a\u000d\u0009\u0000\u001f\u007f\u00c3\u00a4\u00ff ")"),
            std::string::npos)
      << line;
  std::mt19937 random(1);
  for (int i = 0; i < 2000; ++i) {
    std::string bytes(random() % 64, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    record.request_target = record.method = record.authority = record.user_agent = bytes;
    const std::string one = line_of(record);
    ASSERT_EQ(one.find('\n'), one.size() - 1);
    for (const char c : one) ASSERT_TRUE(c == '\n' || (c >= ' ' && c <= '~'));
  }
}

}  // namespace
}  // namespace kanaria::observe
