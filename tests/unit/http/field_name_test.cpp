#include "kanaria/http/field_name.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <utility>

namespace kanaria::http {
namespace {

constexpr std::array<std::pair<const char*, FieldName>, 20> kNames{{
    {"Close", FieldName::Close},
    {"Connection", FieldName::Connection},
    {"Content-Length", FieldName::ContentLength},
    {"Cookie", FieldName::Cookie},
    {"Date", FieldName::Date},
    {"Expect", FieldName::Expect},
    {"Host", FieldName::Host},
    {"Keep-Alive", FieldName::KeepAlive},
    {"Proxy-Connection", FieldName::ProxyConnection},
    {"Set-Cookie", FieldName::SetCookie},
    {"TE", FieldName::Te},
    {"Traceparent", FieldName::Traceparent},
    {"Trailer", FieldName::Trailer},
    {"Transfer-Encoding", FieldName::TransferEncoding},
    {"Upgrade", FieldName::Upgrade},
    {"User-Agent", FieldName::UserAgent},
    {"X-Amzn-Trace-Id", FieldName::XAmznTraceId},
    {"X-Forwarded-For", FieldName::XForwardedFor},
    {"X-Forwarded-Port", FieldName::XForwardedPort},
    {"X-Forwarded-Proto", FieldName::XForwardedProto},
}};

std::string with_case(std::string text, int (*to)(int)) {
  for (char& c : text) c = static_cast<char>(to(c));
  return text;
}

TEST(FieldNames, AreKnownInEveryCase) {
  for (const auto& [text, number] : kNames) {
    EXPECT_EQ(field_name(text), number) << text;
    EXPECT_EQ(field_name(with_case(text, std::tolower)), number) << text;
    EXPECT_EQ(field_name(with_case(text, std::toupper)), number) << text;
  }
}

TEST(FieldNames, AreNotKnownByAlmostTheirText) {
  for (const auto& [text, number] : kNames) {
    const std::string name(text);
    EXPECT_EQ(field_name(name + "x"), FieldName::Other) << text;
    EXPECT_EQ(field_name(name.substr(0, name.size() - 1)), FieldName::Other) << text;
    for (std::size_t i = 0; i < name.size(); ++i) {
      std::string other = name;
      other[i] = '!';
      EXPECT_EQ(field_name(other), FieldName::Other) << other;
      other[i] = static_cast<char>(name[i] ^ 0x40);
      EXPECT_EQ(field_name(other), FieldName::Other) << other;
    }
  }
  EXPECT_EQ(field_name(""), FieldName::Other);
}

}  // namespace
}  // namespace kanaria::http
