#include "../../../src/server/listener.hpp"

#include <gtest/gtest.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <vector>

#include "support/driver.hpp"
#include "support/peer.hpp"

namespace {

// What the next calls of accept4() fail with, before they take anything from the queue; 0: they go to the kernel.
std::deque<int> accept_errors;

}  // namespace

// In place of libc's: Linux gives no test a way to make a connection die in the queue.
extern "C" int accept4(int socket, sockaddr* address, socklen_t* size, int flags) {
  if (!accept_errors.empty()) {
    errno = accept_errors.front();
    accept_errors.pop_front();
    if (errno != 0) return -1;
  }
  return static_cast<int>(::syscall(SYS_accept4, socket, address, size, flags));
}

namespace kanaria::server {
namespace {

/// Ends every connection at its first request.
class NoHandler final : public http::Handler {
 public:
  const http::ConnectionPolicy& policy() const override { return policy_; }
  net::Awaitable<void> handle(http::Exchange& client) override {
    client.abort(Fault::ShuttingDown);
    co_return;
  }
  net::Awaitable<void> refuse(http::Exchange& client, Fault fault) override {
    client.abort(fault);
    co_return;
  }

 private:
  http::ConnectionPolicy policy_;
};

class ListenerTest : public testing::Test, private Listener::Owner {
 protected:
  ~ListenerTest() override {
    accept_errors.clear();
    connections_.abort(Fault::ShuttingDown);
    driver_.settle();
    EXPECT_EQ(let_in_, ended_);
  }

  test::Peer connect() {
    Result<int> descriptor = net::start_connect(listening_.bound);
    EXPECT_TRUE(descriptor);
    return test::Peer(*descriptor);
  }

  std::size_t refused(observe::Refusal why) { return row_.connections_refused[static_cast<std::size_t>(why)].read(); }

  http::Handler& handler(std::uint32_t) override { return handler_; }
  bool let_in(std::uint32_t) override {
    if (let_in_ - ended_ >= most_) return false;
    ++let_in_;
    return true;
  }
  const runtime::Listener* configured(std::uint32_t) override { return nullptr; }
  observe::ListenerRow* row(std::uint32_t) override { return &row_; }
  void ended(std::uint32_t) override { ++ended_; }

  test::Driver driver_;
  net::Listening listening_ = net::listen_tcp(boost::asio::ip::address_v4::loopback(), 0, 1);
  NoHandler handler_;
  Connections connections_;
  observe::ListenerRow row_;
  std::size_t most_ = 100;
  std::size_t let_in_ = 0;
  std::size_t ended_ = 0;
  Listener::Owner& owner_ = *this;
  std::shared_ptr<Listener> listener_ =
      std::make_shared<Listener>(driver_.loop(), listening_.sockets.front().get(), 0, connections_, owner_);
};

TEST_F(ListenerTest, TakesThoseBehindOneThatDiedInTheQueue) {
  std::vector<test::Peer> peers;
  for (int i = 0; i < 5; ++i) peers.push_back(connect());
  accept_errors = {0, ECONNABORTED, EPROTO, 0, ENETDOWN, EHOSTUNREACH};
  listener_->start();
  driver_.settle();  // the kernel tells once that they are there
  EXPECT_EQ(let_in_, 5U);
  listener_->stop();
}

TEST_F(ListenerTest, TriesAgainAfterAPauseWhenThereIsNoDescriptor) {
  const test::Peer first = connect();
  const test::Peer second = connect();
  accept_errors = {EMFILE, ENFILE};
  listener_->start();
  driver_.settle();
  EXPECT_EQ(let_in_, 0U);
  EXPECT_EQ(accept_errors.size(), 1U) << "it tries without a pause";
  EXPECT_EQ(refused(observe::Refusal::Descriptors), 1U);
  driver_.pass(3);
  EXPECT_EQ(let_in_, 0U);
  EXPECT_EQ(refused(observe::Refusal::Descriptors), 2U);
  driver_.pass(3);
  EXPECT_EQ(let_in_, 2U);
  listener_->stop();
}

TEST_F(ListenerTest, ClosesThoseThatAreTooMany) {
  most_ = 1;
  test::Peer first = connect();
  test::Peer second = connect();
  listener_->start();
  driver_.settle();
  EXPECT_TRUE(second.wait());
  EXPECT_TRUE(second.has_ended());
  EXPECT_FALSE(first.has_ended());
  EXPECT_EQ(refused(observe::Refusal::MaxConnections), 1U);
  first.close();
  EXPECT_TRUE(driver_.until([&] { return ended_ == 1; }));
  test::Peer third = connect();
  EXPECT_TRUE(driver_.until([&] { return let_in_ == 2; }));
  EXPECT_FALSE(third.has_ended());
  listener_->stop();
}

TEST_F(ListenerTest, StopTakesWhatWaitsButNotForEver) {
  const test::Peer waits = connect();
  listener_->start();
  // As if one came for each that is taken.
  accept_errors.assign(10 * std::size_t{net::kBacklog}, EPROTO);
  accept_errors.front() = 0;
  listener_->stop();
  EXPECT_EQ(let_in_, 1U);
  EXPECT_GT(accept_errors.size(), std::size_t{net::kBacklog});
}

}  // namespace
}  // namespace kanaria::server
