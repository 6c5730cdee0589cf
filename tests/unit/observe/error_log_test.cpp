#include "kanaria/observe/error_log.hpp"

#include <gtest/gtest.h>

#include <string>

#include "records.hpp"

namespace kanaria::observe {
namespace {

ExchangeRecord failed(Fault fault = Fault::ConnectRefused) {
  ExchangeRecord record = answered();
  record.fault = fault;
  record.target_status = 0;
  return record;
}

TEST(ErrorLog, HasWhatWentWrongAndNothingElse) {
  ErrorLog log(2);
  log.lane(0).note(answered());
  ExchangeRecord status = answered();
  status.target_status = 503;
  log.lane(0).note(status);
  log.lane(1).note(failed());
  EXPECT_TRUE(log.entries().empty()) << "not before control looks";
  log.collect();
  ASSERT_EQ(log.entries().size(), 2U);
  EXPECT_EQ(log.entries()[0].sequence, 1U);
  EXPECT_NE(log.entries()[0].line.find("\"target_status_code\":503"), std::string::npos);
  EXPECT_NE(log.entries()[1].line.find("connect_refused"), std::string::npos);
  EXPECT_EQ(log.entries()[1].line.find('\n'), std::string::npos);
}

TEST(ErrorLog, KeepsTheLastOnesAndCountsWhatFindsNoRoom) {
  ErrorLog log(1);
  for (int i = 0; i < 100; ++i) {
    for (int k = 0; k < 20; ++k) log.lane(0).note(failed());
    log.collect();
  }
  EXPECT_EQ(log.entries().size(), ErrorLog::kKept);
  EXPECT_EQ(log.entries().front().sequence, 1001U);
  EXPECT_EQ(log.entries().back().sequence, 2000U);
  EXPECT_EQ(log.missed(), 0U);
  for (int i = 0; i < 1000; ++i) log.lane(0).note(failed());
  EXPECT_GT(log.missed(), 0U);
  log.collect();
  EXPECT_EQ(log.entries().back().sequence + log.missed(), 3000U);
}

TEST(ErrorLog, CutsWhatAClientMayMakeLong) {
  ErrorLog log(1);
  const std::string long_one(60'000, '"');
  ExchangeRecord record = failed();
  record.request_target = long_one;
  record.user_agent = long_one;
  record.authority = long_one;
  log.lane(0).note(record);
  log.collect();
  ASSERT_EQ(log.entries().size(), 1U);
  EXPECT_LT(log.entries()[0].line.size(), 8192U);
}

}  // namespace
}  // namespace kanaria::observe
