#include "kanaria/proxy/retry.hpp"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "kanaria/base/fault_table.hpp"

namespace kanaria::proxy {
namespace {

constexpr std::string_view kMethods[] = {"GET",  "HEAD",  "PUT",   "DELETE", "OPTIONS", "TRACE",
                                         "POST", "PATCH", "PURGE", "get",    ""};

bool is_safe_to_repeat(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS" ||
         method == "TRACE";
}

Retry expected(Fault fault, std::string_view method) {
  switch (fault) {
    case Fault::ConnectRefused:
    case Fault::ConnectFailed:
    case Fault::ConnectTimeout: return Retry::AnotherTarget;
    case Fault::ReusedConnectionClosed: return is_safe_to_repeat(method) ? Retry::SameTarget : Retry::No;
    default: return Retry::No;
  }
}

TEST(RetryTest, EachFaultWithEachMethod) {
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    for (const std::string_view method : kMethods) {
      EXPECT_EQ(retry({fault, false, false}, method), expected(fault, method)) << row_of(fault).word << " " << method;
    }
  }
}

TEST(RetryTest, NeverOnceTheAnswerBeganOrTheBodyIsGone) {
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    for (const std::string_view method : kMethods) {
      EXPECT_EQ(retry({fault, true, false}, method), Retry::No) << row_of(fault).word << " " << method;
      EXPECT_EQ(retry({fault, false, true}, method), Retry::No) << row_of(fault).word << " " << method;
      EXPECT_EQ(retry({fault, true, true}, method), Retry::No) << row_of(fault).word << " " << method;
    }
  }
}

}  // namespace
}  // namespace kanaria::proxy
