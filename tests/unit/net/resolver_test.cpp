#include "kanaria/net/resolver.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <stdexcept>

#include "support/dns_server.hpp"
#include "support/driver.hpp"

namespace kanaria::net {
namespace {

using test::DnsServer;
using Mode = DnsServer::Mode;
using Type = DnsServer::Type;
using Words = std::vector<std::string>;

Words words_of(const Resolution& resolution) {
  Words words;
  for (const auto& address : resolution.addresses) words.push_back(address.to_string());
  return words;
}

DnsServer::Reply reply_of(Mode mode) {
  DnsServer::Reply reply;
  reply.mode = mode;
  return reply;
}
DnsServer::Reply reply_of(Words addresses, std::uint32_t ttl = 60) {
  DnsServer::Reply reply;
  reply.addresses = std::move(addresses);
  reply.ttl = ttl;
  return reply;
}

class ResolverTest : public testing::Test {
 protected:
  Resolution resolve(const std::string& name) { return driver_.run(resolver_->resolve(name)); }

  /// c-ares reads the clock itself: for its time-outs, the wheel follows the clock as in Loop::run().
  template <class Predicate>
  bool as_time_passes(Predicate&& holds) {
    return driver_.until([&] {
      driver_.loop().wheel().advance(std::chrono::steady_clock::now());
      return holds();
    });
  }

  test::Driver driver_;
  DnsServer server_{driver_.loop()};
  std::optional<Resolver> resolver_{std::in_place, driver_.loop(), server_.address()};
};

TEST_F(ResolverTest, BothFamiliesEachAddressOnceSortedWithTheSmallestTtl) {
  server_.set("app.test", Type::A, reply_of({"10.0.0.2", "10.0.0.1", "10.0.0.2"}, 30));
  server_.set("app.test", Type::Aaaa, reply_of({"fd00::2", "fd00::1"}, 20));
  const Resolution found = resolve("app.test");
  EXPECT_EQ(words_of(found), (Words{"10.0.0.1", "10.0.0.2", "fd00::1", "fd00::2"}));
  EXPECT_EQ(found.ttl, std::chrono::seconds(20));
  EXPECT_EQ(found.error, "");
}

TEST_F(ResolverTest, AnAliasLimitsTheTtlToo) {
  DnsServer::Reply reply = reply_of({"10.0.0.1"}, 300);
  reply.alias = "real.test";
  reply.alias_ttl = 7;
  server_.set("app.test", Type::A, reply);
  server_.set("app.test", Type::Aaaa, reply_of(Mode::Answer));
  const Resolution found = resolve("app.test");
  EXPECT_EQ(words_of(found), Words{"10.0.0.1"});
  EXPECT_EQ(found.ttl, std::chrono::seconds(7));
}

TEST_F(ResolverTest, ATtlOfNothingIsNone) {
  server_.set("app.test", reply_of({"10.0.0.1"}, 0));
  EXPECT_EQ(resolve("app.test").ttl, Milliseconds(0));
  server_.set("app.test", reply_of({"10.0.0.1"}, 0x80000000U));  // RFC 2181: as 0
  EXPECT_EQ(resolve("app.test").ttl, Milliseconds(0));
}

TEST_F(ResolverTest, WhyThereIsNoAddressIsSaidInWords) {
  struct Case {
    Mode mode;
    const char* error;
  };
  for (const Case& one :
       {Case{Mode::NoSuchName, "there is no such name"}, Case{Mode::Answer, "the name has no address"},
        Case{Mode::Failure, "no DNS server has an answer"}, Case{Mode::Refusal, "no DNS server has an answer"},
        Case{Mode::Garbage, "the DNS server's answer is malformed"}}) {
    SCOPED_TRACE(one.error);
    server_.set("app.test", reply_of(one.mode));
    const Resolution found = resolve("app.test");
    EXPECT_EQ(words_of(found), Words{});
    EXPECT_EQ(found.error, one.error);
  }
  EXPECT_EQ(resolve("a..b").error, "this can't be a name in DNS");
  EXPECT_EQ(resolve("").error, "there is no such name");
}

TEST_F(ResolverTest, AFailureOfOneFamilyIsToldBesideTheAddressesOfTheOther) {
  server_.set("app.test", Type::A, reply_of({"10.0.0.1"}));
  for (const Mode mode : {Mode::Failure, Mode::Garbage}) {
    server_.set("app.test", Type::Aaaa, reply_of(mode));
    const Resolution found = resolve("app.test");
    EXPECT_EQ(words_of(found), Words{"10.0.0.1"});
    EXPECT_NE(found.error, "");
  }
  for (const Mode mode : {Mode::Answer, Mode::NoSuchName}) {
    server_.set("app.test", Type::Aaaa, reply_of(mode));
    EXPECT_EQ(resolve("app.test").error, "") << "it is known to have none";
  }
}

TEST_F(ResolverTest, WhatCameBeforePatienceEndsIsKept) {
  server_.set("app.test", Type::A, reply_of({"10.0.0.1"}));
  server_.set("app.test", Type::Aaaa, reply_of(Mode::Silence));
  const auto found = driver_.start(resolver_->resolve("app.test"));
  EXPECT_TRUE(driver_.until([&] { return server_.asked("app.test") == 2; }));
  driver_.pass(52);
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ(words_of(**found), Words{"10.0.0.1"});
  EXPECT_EQ((*found)->error, "no DNS server answered in time");
}

TEST_F(ResolverTest, SilenceIsGivenUpAfterFiveSecondsAndHarmsNoLaterQuestion) {
  server_.set("app.test", reply_of(Mode::Silence));
  const auto found = driver_.start(resolver_->resolve("app.test"));
  driver_.pass(49);
  EXPECT_FALSE(found->has_value());
  driver_.pass(3);
  ASSERT_TRUE(found->has_value());
  EXPECT_EQ((*found)->error, "no DNS server answered in time");
  server_.set("app.test", reply_of({"10.0.0.1"}));
  EXPECT_EQ(words_of(resolve("app.test")), Words{"10.0.0.1"});
}

TEST_F(ResolverTest, ALostAnswerIsAskedForAgain) {
  server_.set("app.test", reply_of(Mode::Silence));
  const auto found = driver_.start(resolver_->resolve("app.test"));
  EXPECT_TRUE(driver_.until([&] { return server_.asked("app.test") == 2; }));
  server_.set("app.test", reply_of({"10.0.0.1"}));
  EXPECT_TRUE(as_time_passes([&] { return found->has_value(); })) << "nobody asked again";
  EXPECT_EQ(words_of(**found), Words{"10.0.0.1"});
}

TEST_F(ResolverTest, WhatIsTooLongForUdpComesByTcp) {
  DnsServer::Reply reply = reply_of(Mode::TooLongForUdp);
  for (int i = 0; i < 2000; ++i)
    reply.addresses.push_back("10.1." + std::to_string(i / 250) + "." + std::to_string(i % 250));
  server_.set("app.test", reply);
  const Resolution found = resolve("app.test");
  EXPECT_EQ(found.addresses.size(), 2000U);
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(server_.asked_by_tcp(), 2);
}

TEST_F(ResolverTest, AnsweredByTheNextServerWhenTheFirstIsGone) {
  std::string gone;
  {
    const DnsServer other(driver_.loop());
    gone = other.address();
  }
  Resolver resolver(driver_.loop(), gone + "," + server_.address());
  server_.set("app.test", reply_of({"10.0.0.1"}));
  const auto found = driver_.start(resolver.resolve("app.test"));
  ASSERT_TRUE(as_time_passes([&] { return found->has_value(); }));
  EXPECT_EQ(words_of(**found), Words{"10.0.0.1"});
  EXPECT_EQ((*found)->error, "");
}

TEST_F(ResolverTest, HostsIsAskedFirst) {
  const Resolution found = resolve("localhost");
  EXPECT_THAT(words_of(found), testing::Contains("127.0.0.1"));
  EXPECT_EQ(found.ttl, Milliseconds(0));
  EXPECT_EQ(found.error, "");
  EXPECT_EQ(server_.asked(), 0);
}

TEST_F(ResolverTest, ManyNamesTakeTurns) {
  std::vector<test::Started<Resolution>> found;
  for (int i = 0; i < 500; ++i) {
    const std::string name = "n" + std::to_string(i) + ".test";
    server_.set(name, reply_of({"10.0." + std::to_string(i / 250) + "." + std::to_string(i % 250)}));
    found.push_back(driver_.start(resolver_->resolve(name)));
  }
  for (std::size_t i = 0; i < found.size(); ++i) {
    ASSERT_TRUE(driver_.until([&] { return found[i]->has_value(); }));
    EXPECT_EQ((*found[i])->addresses.size(), 1U) << i << ": " << (*found[i])->error;
  }
}

TEST_F(ResolverTest, OnlySoManyQueriesAreUnderWayAtOnce) {
  std::vector<test::Started<Resolution>> found;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "n" + std::to_string(i) + ".test";
    server_.set(name, reply_of(Mode::Silence));
    found.push_back(driver_.start(resolver_->resolve(name)));
  }
  driver_.settle();
  EXPECT_EQ(server_.asked(), 64);
  driver_.pass(52);
  for (const auto& one : found) {
    ASSERT_TRUE(one->has_value()) << "those that never had a turn have no more patience";
    EXPECT_EQ((*one)->error, "no DNS server answered in time");
  }
}

TEST_F(ResolverTest, CancelEndsWhatIsUnderWayAndWhatWaits) {
  std::vector<test::Started<Resolution>> found;
  for (int i = 0; i < 100; ++i) {
    const std::string name = "n" + std::to_string(i) + ".test";
    server_.set(name, reply_of(Mode::Silence));
    found.push_back(driver_.start(resolver_->resolve(name)));
  }
  resolver_->cancel();
  driver_.settle();
  for (const auto& one : found) {
    ASSERT_TRUE(one->has_value());
    EXPECT_EQ((*one)->error, "the look-up was cancelled");
  }
  server_.set("app.test", reply_of({"10.0.0.1"}));
  EXPECT_EQ(words_of(resolve("app.test")), Words{"10.0.0.1"}) << "later questions are as good as ever";
}

TEST_F(ResolverTest, ItMayGoAtAnyTime) {
  server_.set("app.test", reply_of(Mode::Silence));
  server_.set("long.test", reply_of(Mode::TooLongForUdp));
  const auto asked = driver_.start(resolver_->resolve("app.test"));
  const auto by_tcp = driver_.start(resolver_->resolve("long.test"));
  resolver_.reset();
  EXPECT_TRUE(driver_.until([&] { return asked->has_value() && by_tcp->has_value(); }));
  EXPECT_EQ((*asked)->error, "the look-up was cancelled");
}

Awaitable<void> resolve_and_end(std::optional<Resolver>& resolver, bool& ended) {
  const Resolution found = co_await resolver->resolve("app.test");
  resolver.reset();
  ended = !found.addresses.empty();
}

TEST_F(ResolverTest, WhoGotAnAnswerMayEndIt) {
  server_.set("app.test", reply_of({"10.0.0.1"}));
  server_.set("other.test", reply_of(Mode::Silence));
  const auto other = driver_.start(resolver_->resolve("other.test"));
  bool ended = false;
  driver_.run(resolve_and_end(resolver_, ended));
  EXPECT_TRUE(ended);
  EXPECT_TRUE(driver_.until([&] { return other->has_value(); }));
}

TEST_F(ResolverTest, ServersThatAreNoAddressesAreRefused) {
  for (const char* const servers : {"nonsense", "127.0.0.1:x", "127.0.0.1:5353,dns.test"})
    EXPECT_THROW(Resolver(driver_.loop(), servers), std::invalid_argument) << servers;
}

}  // namespace
}  // namespace kanaria::net
