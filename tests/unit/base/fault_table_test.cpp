#include "kanaria/base/fault_table.hpp"

#include <gtest/gtest.h>

#include <set>
#include <string>

namespace kanaria {
namespace {

template <class Visit>
void for_each_fault(Visit&& visit) {
  for (std::size_t i = 0; i < kFaults; ++i) visit(static_cast<Fault>(i));
}

TEST(FaultTable, EveryFaultHasItsOwnRow) {
  for_each_fault([](Fault fault) { EXPECT_EQ(row_of(fault).fault, fault); });
}

TEST(FaultTable, WordsAreUniqueAndInSnakeCase) {
  std::set<std::string_view> words;
  for_each_fault([&](Fault fault) {
    const std::string_view word = row_of(fault).word;
    EXPECT_TRUE(words.insert(word).second) << word;
    if (fault == Fault::None) return;
    EXPECT_FALSE(word.empty());
    EXPECT_EQ(word.find_first_not_of("abcdefghijklmnopqrstuvwxyz_0123456789"), std::string_view::npos) << word;
  });
}

TEST(FaultTable, TheStatusTellsWhoseFaultItIs) {
  for_each_fault([](Fault fault) {
    const FaultRow& row = row_of(fault);
    if (row.status == 0) return;
    EXPECT_GE(row.status, 400) << row.word;
    EXPECT_LT(row.status, 600) << row.word;
    EXPECT_EQ(row.status < 500,
              row.side == Side::Client && fault != Fault::UnknownTransferCoding && fault != Fault::UnsupportedVersion)
        << row.word;
  });
}

TEST(FaultTable, OnlyWhatATargetDidIsTriedAgain) {
  for_each_fault([](Fault fault) {
    const FaultRow& row = row_of(fault);
    if (row.again == Again::Never) return;
    EXPECT_GE(row.status, 502) << row.word;
    EXPECT_NE(row.side, Side::Client) << row.word;
  });
}

Again expected_again(Fault fault) {
  switch (fault) {
    case Fault::ConnectRefused:
    case Fault::ConnectFailed:
    case Fault::ConnectTimeout: return Again::ConnectFailure;
    case Fault::ReusedConnectionClosed: return Again::ReusedConnectionClosed;
    case Fault::TargetClosed:
    case Fault::TargetReset: return Again::ResetBeforeAnswer;
    default: return Again::Never;
  }
}

TEST(FaultTable, WhatMayBeTriedAgainIsInTheWordsOfRetryOn) {
  for_each_fault([](Fault fault) { EXPECT_EQ(row_of(fault).again, expected_again(fault)) << row_of(fault).word; });
}

TEST(Result, CarriesAValueOrAFault) {
  const Result<int> value = 7;
  const Result<int> error = Error(Fault::ConnectRefused, 111);
  ASSERT_TRUE(value);
  EXPECT_EQ(*value, 7);
  ASSERT_FALSE(error);
  EXPECT_EQ(error.error().fault, Fault::ConnectRefused);
  EXPECT_EQ(error.error().number, 111);
}

TEST(Result, ThrowsWhenTheValueOfAFailureIsTaken) {
  const Result<int> error = Error(Fault::NoTarget);
  EXPECT_THROW(static_cast<void>(error.value()), std::logic_error);
}

}  // namespace
}  // namespace kanaria
