#include "kanaria/proxy/retry.hpp"

#include <gtest/gtest.h>

#include <string>

#include "kanaria/base/fault_table.hpp"

namespace kanaria::proxy {
namespace {

constexpr std::string_view kMethods[] = {"GET",  "HEAD",  "PUT",   "DELETE", "OPTIONS", "TRACE",
                                         "POST", "PATCH", "PURGE", "get",    ""};
constexpr Retry kNo{};
constexpr Retry kFree{.again = true};
constexpr Retry kCounted{.again = true, .counts = true};
constexpr Retry kCountedAndFresh{.again = true, .counts = true, .fresh = true};

bool is_safe_to_repeat(std::string_view method) {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS" ||
         method == "TRACE";
}

/// Of a fault before the answer, where the method doesn't matter and the policy allows all.
Retry expected(Fault fault) {
  switch (fault) {
    case Fault::ConnectRefused:
    case Fault::ConnectFailed:
    case Fault::ConnectTimeout: return kFree;
    case Fault::ReusedConnectionClosed: return kCountedAndFresh;
    case Fault::TargetClosed:
    case Fault::TargetReset: return kCounted;
    default: return kNo;
  }
}

template <class Visit>
void for_each_fault_and_method(Visit&& visit) {
  for (std::size_t i = 0; i < kFaults; ++i) {
    const auto fault = static_cast<Fault>(i);
    for (const std::string_view method : kMethods) {
      SCOPED_TRACE(std::string(row_of(fault).word) + " " + std::string(method));
      visit(fault, method);
    }
  }
}

TEST(RetryTest, EachFaultWithEachMethod) {
  for_each_fault_and_method([](Fault fault, std::string_view method) {
    EXPECT_EQ(retry({.fault = fault}, method, {}, 0), expected(fault));
    EXPECT_EQ(retry({.fault = fault, .sent = true}, method, {}, 0), is_safe_to_repeat(method) ? expected(fault) : kNo);
  });
}

TEST(RetryTest, NeverOnceTheAnswerBeganOrTheBodyIsGone) {
  for_each_fault_and_method([](Fault fault, std::string_view method) {
    for (const bool sent : {false, true}) {
      EXPECT_EQ(retry({fault, sent, true, false}, method, {}, 0), kNo);
      EXPECT_EQ(retry({fault, sent, false, true}, method, {}, 0), kNo);
      EXPECT_EQ(retry({fault, sent, true, true}, method, {}, 0), kNo);
    }
  });
}

TEST(RetryTest, NeverWhereMaxIsZero) {
  config::Retries none;
  none.max = 0;
  for_each_fault_and_method([&](Fault fault, std::string_view method) {
    EXPECT_EQ(retry({.fault = fault}, method, none, 0), kNo);
    EXPECT_EQ(retry({.fault = fault, .sent = true}, method, none, 0), kNo);
  });
}

TEST(RetryTest, MaxEndsAllButFailedConnects) {
  for (const int max : {1, 2, 15}) {
    config::Retries policy;
    policy.max = max;
    for_each_fault_and_method([&](Fault fault, std::string_view method) {
      EXPECT_EQ(retry({.fault = fault}, method, policy, max - 1), expected(fault));
      EXPECT_EQ(retry({.fault = fault}, method, policy, max), expected(fault) == kFree ? kFree : kNo);
    });
  }
}

TEST(RetryTest, EachWordOfRetryOnSwitchesItsFaultsAlone) {
  struct Word {
    bool config::Retries::* on;
    Again faults;
  };
  constexpr Word kWords[] = {{&config::Retries::connect_failure, Again::ConnectFailure},
                             {&config::Retries::reused_connection_closed, Again::ReusedConnectionClosed},
                             {&config::Retries::reset_before_answer, Again::ResetBeforeAnswer}};
  for (const Word& word : kWords) {
    config::Retries policy;
    policy.*word.on = false;
    for_each_fault_and_method([&](Fault fault, std::string_view method) {
      EXPECT_EQ(retry({.fault = fault}, method, policy, 0), row_of(fault).again == word.faults ? kNo : expected(fault));
    });
  }
}

}  // namespace
}  // namespace kanaria::proxy
