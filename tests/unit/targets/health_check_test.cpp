// One health check against targets that answer, misbehave, or do neither.
#include "kanaria/targets/health_check.hpp"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include <cerrno>
#include <memory>
#include <string>
#include <vector>

#include "support/files.hpp"
#include "support/scripted_target.hpp"

namespace kanaria::targets {

bool operator==(const CheckResult& a, const CheckResult& b) {
  return a.failed == b.failed && a.status == b.status;
}
void PrintTo(const CheckResult& result, std::ostream* out) {
  *out << code_of(result.failed) << ' ' << result.status;
}

namespace {

constexpr CheckResult kTimeout{HealthReason::Timeout, 0};
constexpr CheckResult kFailed{HealthReason::FailedHealthChecks, 0};

/// Listens with the smallest queue, and lets it be full.
class FullTarget {
 public:
  explicit FullTarget(const net::Endpoint& at) : listening_(::socket(at.family(), SOCK_STREAM, 0)) {
    EXPECT_EQ(::bind(listening_.get(), at.data(), at.size()), 0);
    EXPECT_EQ(::listen(listening_.get(), 0), 0);
    const Result<int> before = net::start_connect(endpoint());
    EXPECT_TRUE(before);
    if (before) before_ = net::OwnedSocket(*before);
  }
  net::Endpoint endpoint() const { return net::local_endpoint(listening_.get()); }
  test::Peer accept() { return test::accept_next(listening_.get()); }

 private:
  net::OwnedSocket listening_;
  net::OwnedSocket before_;
};

class HealthCheckTest : public testing::Test {
 protected:
  HealthCheckTest() { settings_.timeout = Milliseconds(1'000); }

  test::Started<CheckResult> start(const net::Endpoint& target) {
    checks_.push_back(std::make_unique<HealthCheck>(driver_.loop(), target, settings_));
    return driver_.start(checks_.back()->run());
  }
  test::Started<CheckResult> start() { return start(scripted_.endpoint()); }
  CheckResult result_of(const test::Started<CheckResult>& started) {
    EXPECT_TRUE(driver_.until([&] { return started->has_value(); }));
    return started->value_or(CheckResult{});
  }
  /// Waits for the whole head of the request.
  std::string request(test::Peer& peer) {
    EXPECT_TRUE(driver_.until([&] { return peer.received().ends_with("\r\n\r\n"); }));
    return peer.received();
  }
  /// A check whose timeout is 1 s ends at its tenth or eleventh tick.
  void expect_timeout(const test::Started<CheckResult>& started) {
    driver_.pass(9);
    EXPECT_FALSE(started->has_value()) << "too early";
    driver_.pass(2);
    ASSERT_TRUE(started->has_value()) << "too late";
    EXPECT_EQ(**started, kTimeout);
  }

  test::Driver driver_;
  test::ScriptedTarget scripted_;
  config::HealthCheck settings_;
  std::vector<std::unique_ptr<HealthCheck>> checks_;
};

TEST_F(HealthCheckTest, AsksAsAlbDoesAndClosesAfterTheAnswer) {
  settings_.path = "/ready?deep=1";
  const auto started = start();
  test::Peer peer = scripted_.accept();
  EXPECT_EQ(request(peer), "GET /ready?deep=1 HTTP/1.1\r\nHost: " + scripted_.endpoint().to_string() +
                               "\r\nUser-Agent: ELB-HealthChecker/2.0\r\nConnection: close\r\n\r\n");
  peer.send("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  EXPECT_EQ(result_of(started), (CheckResult{HealthReason::None, 200}));
  EXPECT_TRUE(peer.wait());
  EXPECT_TRUE(peer.has_ended());
}

TEST_F(HealthCheckTest, ThePortOfTheSettingsTakesThePlaceOfTheTargets) {
  settings_.port = scripted_.endpoint().port();
  const auto started = start(net::Endpoint::of(scripted_.endpoint().address(), 1));
  test::Peer peer = scripted_.accept();
  EXPECT_NE(request(peer).find("Host: " + scripted_.endpoint().to_string()), std::string::npos);
  peer.send("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(result_of(started), (CheckResult{HealthReason::None, 200}));
}

TEST_F(HealthCheckTest, AUnixSocketIsLocalhostAndHasNoPort) {
  const test::Directory directory;
  const net::Listening listening = net::listen_unix(directory / "target");
  settings_.port = 1;
  const auto started = start(listening.bound);
  test::Peer peer = test::accept_next(listening.sockets.front().get());
  EXPECT_NE(request(peer).find("Host: localhost\r\n"), std::string::npos);
  peer.send("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(result_of(started), (CheckResult{HealthReason::None, 200}));
}

void nothing(test::Peer& /*peer*/) {}
void finish(test::Peer& peer) {
  peer.finish();
}
void reset(test::Peer& peer) {
  peer.reset();
}

struct Answer {
  const char* description;
  std::string bytes;
  void (*then)(test::Peer&);
  CheckResult result;
};

std::string times(int count, const std::string& text) {
  std::string all;
  for (int i = 0; i < count; ++i) all += text;
  return all;
}

const std::string kInterim = "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n";

TEST_F(HealthCheckTest, JudgesWhatTheTargetAnswers) {
  const std::vector<Answer> table{
      {"200", "HTTP/1.1 200 OK\r\n\r\n", nothing, {HealthReason::None, 200}},
      {"HTTP/1.0", "HTTP/1.0 200 OK\r\n\r\n", nothing, {HealthReason::None, 200}},
      {"a body that never ends", "HTTP/1.1 200 OK\r\n\r\nabc", nothing, {HealthReason::None, 200}},
      {"a body that is cut", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", finish, {HealthReason::None, 200}},
      {"another status", "HTTP/1.1 503 No\r\n\r\n", nothing, {HealthReason::ResponseCodeMismatch, 503}},
      {"a redirect is not followed",
       "HTTP/1.1 302 Found\r\nLocation: /\r\n\r\n",
       nothing,
       {HealthReason::ResponseCodeMismatch, 302}},
      {"interim answers first",
       "HTTP/1.1 100 Continue\r\n\r\n" + kInterim + "HTTP/1.1 200 OK\r\n\r\n",
       nothing,
       {HealthReason::None, 200}},
      {"interim answers without end", times(100, kInterim), nothing, kFailed},
      {"an interim answer alone", kInterim, finish, kFailed},
      {"another protocol, unasked",
       "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n", nothing, kFailed},
      {"no HTTP", "SSH-2.0-OpenSSH\r\n", nothing, kFailed},
      {"framed in two ways", "HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", nothing, kFailed},
      {"a head over 32K", "HTTP/1.1 200 OK\r\n" + times(4, "A: " + std::string(10'000, 'x') + "\r\n"), nothing,
       kFailed},
      {"closed without a word", "", finish, kFailed},
      {"closed inside the head", "HTTP/1.1 200 OK\r\nServer: x", finish, kFailed},
      {"reset", "", reset, kFailed},
      {"reset inside the head", "HTTP/1.1 200 OK\r\nServer: x", reset, kFailed},
  };
  for (const Answer& row : table) {
    SCOPED_TRACE(row.description);
    const auto started = start();
    test::Peer peer = scripted_.accept();
    request(peer);
    peer.send(row.bytes);
    row.then(peer);
    EXPECT_EQ(result_of(started), row.result);
  }
}

TEST_F(HealthCheckTest, TheMatcherSaysWhichStatusIsASuccess) {
  std::string fault;
  settings_.matcher = config::Matcher::parse("202,300-399", fault).value_or(config::Matcher());
  for (const auto& [status, failed] :
       {std::pair{200, HealthReason::ResponseCodeMismatch}, std::pair{202, HealthReason::None},
        std::pair{307, HealthReason::None}, std::pair{400, HealthReason::ResponseCodeMismatch}}) {
    const auto started = start();
    test::Peer peer = scripted_.accept();
    peer.send("HTTP/1.1 " + std::to_string(status) + " x\r\n\r\n");
    EXPECT_EQ(result_of(started), (CheckResult{failed, static_cast<std::uint16_t>(status)}));
  }
}

TEST_F(HealthCheckTest, AnAnswerBeforeTheRequestWasTakenCounts) {
  const auto started = start();
  test::Peer peer = scripted_.accept();
  peer.send("HTTP/1.1 503 Busy\r\nConnection: close\r\n\r\n");
  peer.finish();
  EXPECT_EQ(result_of(started), (CheckResult{HealthReason::ResponseCodeMismatch, 503}));
}

TEST_F(HealthCheckTest, ARefusedConnectionFails) {
  scripted_.close();
  EXPECT_EQ(result_of(start()), kFailed);
  const test::Directory directory;
  EXPECT_EQ(result_of(start(*net::Endpoint::of_unix(directory / "nobody"))), kFailed);
}

TEST_F(HealthCheckTest, ASilentTargetTimesOut) {
  const auto started = start();
  test::Peer peer = scripted_.accept();
  request(peer);
  expect_timeout(started);
}

TEST_F(HealthCheckTest, TheTimeIsOfTheWholeCheckHoweverItDribbles) {
  const auto started = start();
  test::Peer peer = scripted_.accept();
  request(peer);
  for (const char byte : std::string("HTTP/1.1 ")) {
    peer.send({&byte, 1});
    driver_.pass(1);
    EXPECT_FALSE(started->has_value());
  }
  driver_.pass(2);
  ASSERT_TRUE(started->has_value());
  EXPECT_EQ(**started, kTimeout);
}

TEST_F(HealthCheckTest, AConnectThatIsNotAnsweredTimesOut) {
  const FullTarget full(net::Endpoint::of(boost::asio::ip::address_v4::loopback(), 0));
  expect_timeout(start(full.endpoint()));
}

TEST_F(HealthCheckTest, AFullQueueOfAUnixSocketIsWaitedFor) {
  const test::Directory directory;
  FullTarget full(*net::Endpoint::of_unix(directory / "target"));
  const auto late = start(full.endpoint());
  expect_timeout(late);
  const auto started = start(full.endpoint());
  driver_.pass(3);
  EXPECT_FALSE(started->has_value());
  full.accept();
  driver_.pass(1);
  test::Peer peer = full.accept();
  peer.send("HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(result_of(started), (CheckResult{HealthReason::None, 200}));
}

TEST_F(HealthCheckTest, ALackOfDescriptorsIsOurOwnFault) {
#ifdef __has_feature
#if __has_feature(undefined_behavior_sanitizer)
  GTEST_SKIP() << "UBSan's check of virtual calls opens a pipe, and calls an object broken when it can't";
#endif
#endif
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  const rlimit none{0, limit.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &none), 0);
  const auto started = start();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(result_of(started), (CheckResult{HealthReason::InternalError, 0}));
}

TEST_F(HealthCheckTest, WaitsWithoutABlock) {
  const auto started = start();
  test::Peer peer = scripted_.accept();
  request(peer);
  EXPECT_EQ(driver_.loop().blocks().lent(), 0U);
  peer.finish();
  EXPECT_EQ(result_of(started), kFailed);
}

TEST_F(HealthCheckTest, EndsSoonWhenItIsAborted) {
  const test::Directory directory;
  const FullTarget full(net::Endpoint::of(boost::asio::ip::address_v4::loopback(), 0));
  const FullTarget full_unix(*net::Endpoint::of_unix(directory / "target"));
  const std::vector<test::Started<CheckResult>> all{start(full.endpoint()), start(full_unix.endpoint()), start()};
  test::Peer peer = scripted_.accept();
  request(peer);
  for (const auto& check : checks_) check->abort();
  driver_.pass(2);
  for (const auto& started : all) EXPECT_TRUE(started->has_value());
  EXPECT_TRUE(peer.has_ended());
}

}  // namespace
}  // namespace kanaria::targets
