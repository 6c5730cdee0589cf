#include "kanaria/net/sockets.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <fstream>

#include "kanaria/net/stream.hpp"
#include "support/driver.hpp"
#include "support/files.hpp"
#include "support/peer.hpp"

namespace kanaria::net {
namespace {

namespace ip = boost::asio::ip;

const ip::address kLoopback = ip::make_address("127.0.0.1");

TEST(EndpointTest, AsText) {
  EXPECT_EQ(Endpoint::of(kLoopback, 80).to_string(), "127.0.0.1:80");
  EXPECT_EQ(Endpoint::of(ip::make_address("::1"), 8080).to_string(), "[::1]:8080");
  EXPECT_EQ(Endpoint::of(ip::make_address("::ffff:10.1.2.3"), 1).to_string(), "10.1.2.3:1");
  EXPECT_EQ(Endpoint::of_unix("/run/app.sock")->to_string(), "unix:/run/app.sock");
  EXPECT_EQ(Endpoint::of_unix("/run/app.sock")->port(), 0);
}

TEST(EndpointTest, IsTheSameIfItsBytesAre) {
  const Endpoint one = Endpoint::of(kLoopback, 80);
  EXPECT_EQ(one, Endpoint::of(one.data(), one.size()));
  EXPECT_FALSE(one == Endpoint::of(kLoopback, 81));
  EXPECT_FALSE(one == Endpoint::of(ip::make_address("127.0.0.2"), 80));
  EXPECT_FALSE(*Endpoint::of_unix("/a") == *Endpoint::of_unix("/b"));
}

TEST(EndpointTest, AUnixPathMustFitAnAddress) {
  EXPECT_TRUE(Endpoint::of_unix(std::string(107, 'p')));
  EXPECT_FALSE(Endpoint::of_unix(std::string(108, 'p')));
  EXPECT_FALSE(Endpoint::of_unix(""));
}

TEST(OwnedSocketTest, ClosesWhatItOwnsOnce) {
  const int first = ::dup(0);
  {
    OwnedSocket a(first);
    OwnedSocket b(std::move(a));
    EXPECT_EQ(b.get(), first);
    a = std::move(b);
    EXPECT_EQ(a.get(), first);
    EXPECT_EQ(::fcntl(first, F_GETFD) >= 0, true);
  }
  EXPECT_EQ(::fcntl(first, F_GETFD), -1);
  const int second = ::dup(0);
  {
    EXPECT_EQ(OwnedSocket(second).release(), second);
  }
  EXPECT_GE(::fcntl(second, F_GETFD), 0);
  ::close(second);
}

TEST(ListenTcp, GivesOneSocketAWorkerOnOnePort) {
  const Listening listening = listen_tcp(kLoopback, 0, 3);
  ASSERT_FALSE(listening.error) << listening.error->message;
  ASSERT_EQ(listening.sockets.size(), 3U);
  EXPECT_NE(listening.bound.port(), 0);
  for (const OwnedSocket& socket : listening.sockets) EXPECT_EQ(local_endpoint(socket.get()), listening.bound);
}

TEST(ListenTcp, RefusesAPortThatAnotherSharedSocketHas) {
  const Listening first = listen_tcp(kLoopback, 0, 2);
  ASSERT_FALSE(first.error);
  const Listening second = listen_tcp(kLoopback, first.bound.port(), 2);
  ASSERT_TRUE(second.error);
  EXPECT_EQ(second.error->number, EADDRINUSE);
  EXPECT_TRUE(second.sockets.empty());
  EXPECT_EQ(second.error->message, "bind 127.0.0.1:" + std::to_string(first.bound.port()) + ": Address already in use");
}

TEST(ListenTcp, TakesAPortOfOursAtAnotherAddressOnlyIfTold) {
  const Listening first = listen_tcp(std::nullopt, 0, 1);
  ASSERT_FALSE(first.error);
  EXPECT_TRUE(listen_tcp(kLoopback, first.bound.port(), 1).error);
  const Listening second = listen_tcp(kLoopback, first.bound.port(), 1, true);
  EXPECT_FALSE(second.error) << second.error->message;
}

TEST(ListenTcp, TakesAPortWhoseLastConnectionsLinger) {
  std::uint16_t port = 0;
  {
    const Listening listening = listen_tcp(kLoopback, 0, 1);
    port = listening.bound.port();
    const OwnedSocket client(*start_connect(listening.bound));
    test::accept_next(listening.sockets.front().get()).close();  // our side closes first: TIME_WAIT
  }
  EXPECT_FALSE(listen_tcp(kLoopback, port, 1).error);
}

TEST(ListenTcp, WithoutAnAddressTakesBothFamiliesAndTellsPeersPlainly) {
  const Listening listening = listen_tcp(std::nullopt, 0, 1);
  ASSERT_FALSE(listening.error) << listening.error->message;
  const OwnedSocket client(*start_connect(Endpoint::of(kLoopback, listening.bound.port())));
  pollfd ready{listening.sockets.front().get(), POLLIN, 0};
  ASSERT_EQ(::poll(&ready, 1, 10'000), 1);
  const Accepted accepted = accept(listening.sockets.front().get());
  const OwnedSocket owned(accepted.descriptor);
  ASSERT_GE(accepted.descriptor, 0);
  EXPECT_EQ(accepted.peer.address, kLoopback) << "not as an IPv4-mapped IPv6 address";
  EXPECT_EQ(accepted.peer.port, local_endpoint(client.get()).port());
  EXPECT_NE(::fcntl(accepted.descriptor, F_GETFL) & O_NONBLOCK, 0);
  EXPECT_EQ(accept(listening.sockets.front().get()).error, EAGAIN);
}

TEST(ListenTcp, TellsWhatCantBeBound) {
  const Listening listening = listen_tcp(ip::make_address("192.0.2.1"), 0, 1);  // nobody has it
  ASSERT_TRUE(listening.error);
  EXPECT_EQ(listening.error->message, "bind 192.0.2.1:0: Cannot assign requested address");
}

TEST(ListenUnix, ReplacesASocketThatADeadProcessLeft) {
  const test::Directory directory;
  const std::string path = directory / "s";
  listen_unix(path);  // closed at once; its file stays
  ASSERT_EQ(start_connect(*Endpoint::of_unix(path)).error().fault, Fault::ConnectRefused);
  const Listening again = listen_unix(path);
  ASSERT_FALSE(again.error) << again.error->message;
  const Result<int> client = start_connect(again.bound);
  ASSERT_TRUE(client);
  const OwnedSocket owned(*client);
}

TEST(ListenUnix, RefusesAPathWhereSomebodyAnswers) {
  const test::Directory directory;
  const Listening first = listen_unix(directory / "s");
  ASSERT_FALSE(first.error);
  const Listening second = listen_unix(directory / "s");
  ASSERT_TRUE(second.error);
  EXPECT_EQ(second.error->number, EADDRINUSE);
  const OwnedSocket client(*start_connect(first.bound));  // the first still listens
}

TEST(ListenUnix, NeverRemovesWhatIsNoSocket) {
  const test::Directory directory;
  const std::string path = directory / "file";
  std::ofstream(path) << "precious";
  EXPECT_TRUE(listen_unix(path).error);
  std::string content;
  std::ifstream(path) >> content;
  EXPECT_EQ(content, "precious");
}

TEST(ListenUnix, IsForOwnerAndGroupOnly) {
  const test::Directory directory;
  const Listening listening = listen_unix(directory / "s");
  ASSERT_FALSE(listening.error);
  struct stat status{};
  ASSERT_EQ(::stat((directory / "s").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0660U);
}

TEST(ListenUnix, TellsOfAPathThatIsTooLong) {
  const Listening listening = listen_unix(std::string(200, 'p'));
  ASSERT_TRUE(listening.error);
  EXPECT_EQ(listening.error->number, ENAMETOOLONG);
}

Result<void> connect(test::Driver& driver, const Endpoint& to) {
  const Result<int> descriptor = start_connect(to);
  if (!descriptor) return descriptor.error();
  Stream stream(driver.loop(), *descriptor, Fault::TargetReset);
  return driver.run(stream.connected(Fault::ConnectTimeout, Milliseconds(1000)));
}

TEST(Connect, EndsWellOrTellsWhy) {
  test::Driver driver;
  const test::Directory directory;
  Listening tcp = listen_tcp(kLoopback, 0, 1);
  const Listening local = listen_unix(directory / "s");
  EXPECT_TRUE(connect(driver, tcp.bound));
  EXPECT_TRUE(connect(driver, local.bound));
  tcp.sockets.clear();
  EXPECT_EQ(connect(driver, tcp.bound).error().fault, Fault::ConnectRefused);
  EXPECT_EQ(connect(driver, *Endpoint::of_unix(directory / "none")).error().fault, Fault::ConnectRefused);
  EXPECT_EQ(connect(driver, Endpoint::of(ip::make_address("255.255.255.255"), 80)).error().fault, Fault::ConnectFailed);
}

TEST(Connect, TimesOut) {
  test::Driver driver;
  Listening full = listen_tcp(kLoopback, 0, 1);
  ASSERT_EQ(::listen(full.sockets.front().get(), 0), 0);  // one connection fills its queue
  const OwnedSocket first(*start_connect(full.bound));
  Stream stream(driver.loop(), *start_connect(full.bound), Fault::TargetReset);
  const auto connecting = driver.start(stream.connected(Fault::ConnectTimeout, Milliseconds(1000)));
  driver.pass(10);
  EXPECT_FALSE(connecting->has_value());
  driver.pass(1);
  ASSERT_TRUE(connecting->has_value());
  EXPECT_EQ((*connecting)->error().fault, Fault::ConnectTimeout);
}

TEST(Connect, FaultsOfErrnos) {
  struct Case {
    int number;
    Fault fault;
  };
  for (const Case& one : {Case{ECONNREFUSED, Fault::ConnectRefused}, Case{ENOENT, Fault::ConnectRefused},
                          Case{ETIMEDOUT, Fault::ConnectTimeout}, Case{EHOSTUNREACH, Fault::ConnectFailed},
                          Case{ENETUNREACH, Fault::ConnectFailed}, Case{EMFILE, Fault::OutOfResources},
                          Case{EADDRNOTAVAIL, Fault::OutOfResources}, Case{EACCES, Fault::ConnectFailed}}) {
    EXPECT_EQ(connect_fault(one.number), one.fault) << one.number;
  }
}

TEST(Resolve, FindsEachAddressOnce) {
  std::string error;
  EXPECT_EQ(resolve("127.0.0.1", error), std::vector{kLoopback});
  const std::vector<ip::address> found = resolve("localhost", error);
  EXPECT_NE(std::ranges::find_if(found, [](const ip::address& one) { return one.is_loopback(); }), found.end());
  for (const ip::address& one : found) EXPECT_EQ(std::ranges::count(found, one), 1) << one;
  EXPECT_EQ(error, "");
}

TEST(Resolve, SaysWhyANameWasNotFound) {
  std::string error;
  EXPECT_TRUE(resolve("no such name", error).empty());
  EXPECT_EQ(error, "Name or service not known");
}

TEST(Descriptors, AreLimitedOnlyByTheHardLimit) {
  const std::uint64_t now = raise_descriptor_limit();
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
  EXPECT_EQ(now, limit.rlim_max);
}

}  // namespace
}  // namespace kanaria::net
