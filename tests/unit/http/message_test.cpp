#include "kanaria/http/message.hpp"

#include <gtest/gtest.h>

#include <string>

namespace kanaria::http {
namespace {

TEST(Message, FieldNamesAreFoundWhateverTheirCase) {
  const std::vector<Field> fields{{"Host", "a"}, {"X-Id", "1"}, {"x-id", "2"}};
  ASSERT_NE(find(fields, "x-ID"), nullptr);
  EXPECT_EQ(find(fields, "x-ID")->value, "1");
  EXPECT_EQ(find(fields, "X-I"), nullptr);
}

TEST(Message, CaseIsIgnoredForAsciiLettersOnly) {
  EXPECT_TRUE(iequals("Content-LENGTH", "content-length"));
  EXPECT_FALSE(iequals("a", "ab"));
  EXPECT_FALSE(iequals("@", "`"));  // 0x40 and 0x60: the same but for the bit that letters differ in
  EXPECT_FALSE(iequals("\xc4", "\xe4"));
}

TEST(Message, TokensAreExactlyTheBytesOfRfc9110) {
  const std::string allowed = "!#$%&'*+-.^_`|~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
  for (int byte = 0; byte < 256; ++byte) {
    const char c = static_cast<char>(byte);
    EXPECT_EQ(is_token({&c, 1}), allowed.find(c) != std::string::npos) << byte;
  }
  EXPECT_FALSE(is_token(""));
  EXPECT_FALSE(is_token("a b"));
}

TEST(Message, ClearForgetsEverythingButTheMemory) {
  RequestHead head;
  head.method = "GET";
  head.framing = Framing::Chunked;
  head.keep_alive = false;
  head.fields.assign(50, Field{"a", "b"});
  const std::size_t capacity = head.fields.capacity();
  head.clear();
  EXPECT_TRUE(head.method.empty());
  EXPECT_EQ(head.framing, Framing::None);
  EXPECT_TRUE(head.keep_alive);
  EXPECT_TRUE(head.fields.empty());
  EXPECT_EQ(head.fields.capacity(), capacity);
}

TEST(Message, UnsafeMethodsAreNotSentTwice) {
  for (const char* method : {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"}) EXPECT_TRUE(is_idempotent(method));
  for (const char* method : {"POST", "PATCH", "get", ""}) EXPECT_FALSE(is_idempotent(method));
}

TEST(Message, EveryStatusHasAReason) {
  EXPECT_EQ(reason_of(200), "OK");
  EXPECT_EQ(reason_of(505), "HTTP Version Not Supported");
  EXPECT_EQ(reason_of(599), "Unknown");
}

}  // namespace
}  // namespace kanaria::http
