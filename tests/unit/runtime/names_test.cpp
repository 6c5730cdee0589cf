#include "kanaria/runtime/names.hpp"

#include <gmock/gmock.h>

#include <optional>
#include <stdexcept>

#include "support/dns_server.hpp"
#include "support/driver.hpp"

namespace kanaria::runtime {
namespace {

using namespace std::chrono_literals;
using test::DnsServer;
using Type = DnsServer::Type;
using Words = std::vector<std::string>;
using testing::ElementsAre;

std::vector<boost::asio::ip::address> addresses_of(const Words& words) {
  std::vector<boost::asio::ip::address> addresses;
  for (const std::string& word : words) addresses.push_back(boost::asio::ip::make_address(word));
  return addresses;
}

Words words_of(const Known& known) {
  Words words;
  for (const auto& address : known.addresses) words.push_back(address.to_string());
  return words;
}

TEST(Follow, AnswersAndTheirConsequences) {
  struct Case {
    const char* description;
    Words before;
    unsigned failures;
    Words answer;
    Milliseconds ttl;
    const char* error;
    Milliseconds max_ttl;
    Words after;
    unsigned failures_after;
    bool changed, broke, healed;
    Milliseconds next;
  };
  const Case cases[] = {
      {"the first one", {}, 0, {"10.0.0.1"}, 3s, "", 5s, {"10.0.0.1"}, 0, true, false, false, 3s},
      {"the same again", {"10.0.0.1"}, 0, {"10.0.0.1"}, 3s, "", 5s, {"10.0.0.1"}, 0, false, false, false, 3s},
      {"another", {"10.0.0.1"}, 0, {"10.0.0.2"}, 3s, "", 5s, {"10.0.0.2"}, 0, true, false, false, 3s},
      {"one more",
       {"10.0.0.1"},
       0,
       {"10.0.0.1", "fd00::1"},
       3s,
       "",
       5s,
       {"10.0.0.1", "fd00::1"},
       0,
       true,
       false,
       false,
       3s},
      {"Docker's TTL", {"10.0.0.1"}, 0, {"10.0.0.1"}, 600s, "", 5s, {"10.0.0.1"}, 0, false, false, false, 5s},
      {"a TTL of 0", {"10.0.0.1"}, 0, {"10.0.0.1"}, 0s, "", 5s, {"10.0.0.1"}, 0, false, false, false, 1s},
      {"a long dns_max_ttl", {}, 0, {"10.0.0.1"}, 90s, "", 3600s, {"10.0.0.1"}, 0, true, false, false, 90s},
      {"never an answer", {}, 0, {}, 0s, "no", 5s, {}, 1, false, true, false, 1s},
      {"no answer", {"10.0.0.1"}, 0, {}, 0s, "no", 5s, {"10.0.0.1"}, 1, false, true, false, 1s},
      {"no answer again", {"10.0.0.1"}, 1, {}, 0s, "no", 5s, {"10.0.0.1"}, 2, false, false, false, 2s},
      {"a third time", {"10.0.0.1"}, 2, {}, 0s, "no", 5s, {"10.0.0.1"}, 3, false, false, false, 4s},
      {"a fourth time", {"10.0.0.1"}, 3, {}, 0s, "no", 5s, {"10.0.0.1"}, 4, false, false, false, 5s},
      {"for days", {"10.0.0.1"}, 99'999, {}, 0s, "no", 3600s, {"10.0.0.1"}, 100'000, false, false, false, 3600s},
      {"healed", {"10.0.0.1"}, 7, {"10.0.0.1"}, 3s, "", 5s, {"10.0.0.1"}, 0, false, false, true, 3s},
      {"healed with others", {"10.0.0.1"}, 7, {"10.0.0.2"}, 3s, "", 5s, {"10.0.0.2"}, 0, true, false, true, 3s},
      {"nothing of AAAA",
       {"10.0.0.1", "fd00::1"},
       0,
       {"10.0.0.2"},
       3s,
       "no",
       5s,
       {"10.0.0.2", "fd00::1"},
       0,
       true,
       false,
       false,
       3s},
      {"nothing of A",
       {"10.0.0.1", "fd00::1"},
       0,
       {"fd00::1"},
       3s,
       "no",
       5s,
       {"10.0.0.1", "fd00::1"},
       0,
       false,
       false,
       false,
       3s},
      {"AAAA is gone", {"10.0.0.1", "fd00::1"}, 0, {"10.0.0.1"}, 3s, "", 5s, {"10.0.0.1"}, 0, true, false, false, 3s},
      {"nowhere",
       {"10.0.0.1"},
       0,
       {"0.0.0.0", "224.0.0.1", "::", "ff02::1"},
       3s,
       "",
       5s,
       {"10.0.0.1"},
       1,
       false,
       true,
       false,
       1s},
      {"partly nowhere",
       {"10.0.0.1"},
       0,
       {"0.0.0.0", "10.0.0.1"},
       3s,
       "",
       5s,
       {"10.0.0.1"},
       0,
       false,
       false,
       false,
       3s},
  };
  for (const Case& one : cases) {
    SCOPED_TRACE(one.description);
    Known known;
    known.addresses = addresses_of(one.before);
    known.failures = one.failures;
    net::Resolution answer;
    answer.addresses = addresses_of(one.answer);
    answer.ttl = one.ttl;
    answer.error = one.error;
    const Consequence consequence = follow(known, answer, one.max_ttl);
    EXPECT_EQ(words_of(known), one.after);
    EXPECT_EQ(known.failures, one.failures_after);
    EXPECT_EQ(known.error.empty(), one.failures_after == 0);
    EXPECT_EQ(consequence.changed, one.changed);
    EXPECT_EQ(consequence.broke, one.broke);
    EXPECT_EQ(consequence.healed, one.healed);
    EXPECT_EQ(consequence.next, one.next);
  }
}

TEST(Follow, OnlySoManyAddressesAreTakenAndItIsSaidOnce) {
  Known known;
  net::Resolution answer;
  for (int i = 1; i <= 100; ++i)
    answer.addresses.push_back(boost::asio::ip::make_address("10.0.0." + std::to_string(i)));
  std::ranges::sort(answer.addresses);
  EXPECT_TRUE(follow(known, answer, 5s).overflowed);
  EXPECT_EQ(known.addresses.size(), kMaxAddresses);
  EXPECT_EQ(known.left_out, 100 - kMaxAddresses);
  const Consequence again = follow(known, answer, 5s);
  EXPECT_FALSE(again.overflowed);
  EXPECT_FALSE(again.changed);
  answer.addresses.resize(kMaxAddresses);
  EXPECT_FALSE(follow(known, answer, 5s).overflowed);
  EXPECT_EQ(known.left_out, 0U);
}

class NamesTest : public testing::Test {
 protected:
  static constexpr Tick kSecond = 10;

  static DnsServer::Reply of(Words addresses, std::uint32_t ttl = 60) {
    DnsServer::Reply reply;
    reply.addresses = std::move(addresses);
    reply.ttl = ttl;
    return reply;
  }
  void fall(const std::string& name, DnsServer::Mode mode) {
    DnsServer::Reply reply;
    reply.mode = mode;
    server_.set(name, reply);
  }
  void use(const Names::Wanted& names) {
    driver_.run(names_->look_up(names));
    names_->set(names);
  }
  Words known(const std::string& name) { return words_of(names_->known().at(name)); }
  /// How often it was looked up: each time, both types are asked for.
  int looks(const std::string& name) { return server_.asked(name) / 2; }

  test::Driver driver_;
  DnsServer server_{driver_.loop()};
  int changes_ = 0;
  std::optional<Names> names_{std::in_place, driver_.loop(), server_.address(), [this] { ++changes_; }};
};

TEST_F(NamesTest, ALookUpEndsWhenAllHaveAnswers) {
  server_.set("a.test", of({"10.0.0.1", "fd00::1"}));
  server_.set("b.test", of({"10.0.0.2"}));
  driver_.run(names_->look_up({{"a.test", 5s}, {"b.test", 5s}, {"none.test", 5s}}));
  EXPECT_THAT(known("a.test"), ElementsAre("10.0.0.1", "fd00::1"));
  EXPECT_THAT(known("b.test"), ElementsAre("10.0.0.2"));
  EXPECT_THAT(known("none.test"), ElementsAre());
  EXPECT_EQ(names_->known().at("none.test").error, "there is no such name");
  driver_.pass(20 * kSecond);
  EXPECT_EQ(looks("a.test"), 1) << "it was not set";
  EXPECT_EQ(changes_, 0);
}

TEST_F(NamesTest, ALookUpOfNothingEndsAtOnce) {
  driver_.run(names_->look_up({}));
  EXPECT_TRUE(names_->known().empty());
}

TEST_F(NamesTest, ALookUpIsBounded) {
  fall("a.test", DnsServer::Mode::Silence);
  const auto ended = driver_.start(names_->look_up({{"a.test", 5s}}));
  driver_.pass(5 * kSecond + 2);
  EXPECT_TRUE(ended->has_value());
}

TEST_F(NamesTest, OnlyWhatIsNewOrFailingIsLookedUp) {
  server_.set("a.test", of({"10.0.0.1"}));
  use({{"a.test", 60s}, {"b.test", 60s}});
  server_.set("b.test", of({"10.0.0.2"}));
  server_.set("c.test", of({"10.0.0.3"}));
  const int failed = looks("b.test");
  driver_.run(names_->look_up({{"a.test", 60s}, {"b.test", 60s}, {"c.test", 60s}}));
  EXPECT_EQ(looks("a.test"), 1);
  EXPECT_EQ(looks("b.test"), failed + 1);
  EXPECT_THAT(known("b.test"), ElementsAre("10.0.0.2"));
  EXPECT_THAT(known("c.test"), ElementsAre("10.0.0.3"));
}

TEST_F(NamesTest, ALookUpDoesNotWaitForANameInUse) {
  use({{"a.test", 60s}});  // there is no such name
  fall("a.test", DnsServer::Mode::Silence);
  const auto ended = driver_.start(names_->look_up({{"a.test", 60s}}));
  driver_.pass(1);
  EXPECT_TRUE(ended->has_value()) << "whoever drains a target waits for DNS";
}

TEST_F(NamesTest, WhatWasLookedUpForNothingIsForgotten) {
  use({{"a.test", 60s}});
  driver_.run(names_->look_up({{"b.test", 60s}}));
  driver_.run(names_->look_up({{"c.test", 60s}}));
  EXPECT_FALSE(names_->known().contains("b.test"));
  EXPECT_TRUE(names_->known().contains("a.test")) << "it is in use";
  names_->set({{"c.test", 60s}});
  EXPECT_EQ(names_->known().size(), 1U);
}

TEST_F(NamesTest, ANameIsAskedForByItsTtlAndAtLeastEveryMaxTtl) {
  server_.set("short.test", of({"10.0.0.1"}, 2));
  server_.set("docker.test", of({"10.0.0.2"}, 600));
  server_.set("zero.test", of({"10.0.0.3"}, 0));
  use({{"short.test", 5s}, {"docker.test", 5s}, {"zero.test", 5s}});
  driver_.pass(53);
  EXPECT_EQ(looks("short.test"), 3) << "2.1, 4.2";
  EXPECT_EQ(looks("docker.test"), 2) << "5.1";
  EXPECT_EQ(looks("zero.test"), 5) << "never more often than once a second";
}

TEST_F(NamesTest, ASmallerMaxTtlCountsAtOnce) {
  server_.set("a.test", of({"10.0.0.1"}, 3600));
  use({{"a.test", 3600s}});
  names_->set({{"a.test", 2s}});
  driver_.pass(2 * kSecond + 2);
  EXPECT_EQ(looks("a.test"), 2);
}

TEST_F(NamesTest, OtherAddressesAreTold) {
  server_.set("a.test", of({"10.0.0.1"}, 1));
  server_.set("b.test", of({"10.0.0.1"}, 1));
  use({{"a.test", 5s}, {"b.test", 5s}});
  driver_.pass(3 * kSecond);
  EXPECT_EQ(changes_, 0);
  server_.set("a.test", of({"10.0.0.1", "10.0.0.2"}, 1));
  server_.set("b.test", of({"10.0.0.3"}, 1));
  EXPECT_TRUE(driver_.until([&] { return driver_.pass(1), changes_ > 0; }));
  EXPECT_THAT(known("a.test"), ElementsAre("10.0.0.1", "10.0.0.2"));
  driver_.pass(3 * kSecond);
  EXPECT_THAT(known("b.test"), ElementsAre("10.0.0.3"));
  EXPECT_LE(changes_, 2);
}

TEST_F(NamesTest, WhenDnsFailsTheLastGoodAnswerCountsAndItHeals) {
  server_.set("a.test", of({"10.0.0.1"}, 1));
  use({{"a.test", 5s}});
  for (const auto mode : {DnsServer::Mode::NoSuchName, DnsServer::Mode::Answer, DnsServer::Mode::Failure,
                          DnsServer::Mode::Garbage, DnsServer::Mode::Silence}) {
    fall("a.test", mode);
    driver_.pass(12 * kSecond);
    EXPECT_THAT(known("a.test"), ElementsAre("10.0.0.1"));
    EXPECT_NE(names_->known().at("a.test").error, "");
  }
  EXPECT_EQ(changes_, 0);
  server_.set("a.test", of({"10.0.0.2"}, 1));
  driver_.pass(12 * kSecond);
  EXPECT_THAT(known("a.test"), ElementsAre("10.0.0.2"));
  EXPECT_EQ(names_->known().at("a.test").error, "");
  EXPECT_EQ(changes_, 1);
}

TEST_F(NamesTest, ANameThatNeverResolvedHeals) {
  use({{"a.test", 5s}});
  EXPECT_THAT(known("a.test"), ElementsAre());
  server_.set("a.test", of({"10.0.0.1"}));
  driver_.pass(kSecond + 2);
  EXPECT_THAT(known("a.test"), ElementsAre("10.0.0.1"));
  EXPECT_EQ(changes_, 1);
}

TEST_F(NamesTest, ANameThatIsNoLongerInUseIsAskedForNoMore) {
  server_.set("a.test", of({"10.0.0.1"}, 1));
  use({{"a.test", 5s}});
  names_->set({});
  EXPECT_TRUE(names_->known().empty());
  driver_.pass(5 * kSecond);
  EXPECT_EQ(looks("a.test"), 1);
}

TEST_F(NamesTest, WhoIsToldMayEndIt) {
  names_.emplace(driver_.loop(), server_.address(), [this] { names_.reset(); });
  server_.set("a.test", of({"10.0.0.1"}, 1));
  fall("b.test", DnsServer::Mode::Silence);
  names_->set({{"a.test", 5s}, {"b.test", 5s}});
  driver_.pass(2 * kSecond);
  EXPECT_FALSE(names_.has_value());
}

TEST_F(NamesTest, ItMayGoWhileSomebodyWaitsForALookUp) {
  fall("a.test", DnsServer::Mode::Silence);
  const auto ended = driver_.start(names_->look_up({{"a.test", 5s}}));
  names_.reset();
  driver_.settle();
  EXPECT_TRUE(ended->has_value());
}

}  // namespace
}  // namespace kanaria::runtime
