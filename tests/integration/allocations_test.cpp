// A worker takes nothing from the heap for a request once it is warm: a real worker on its own thread, whose
// allocations count; the test plays client and target.
//
// Who allocates, when this fails: in gdb, `break kanaria::test::allocations`, and at its second stop (the first is of
// Allocations.AreCounted, unless filtered out) `break malloc thread N` with the worker's number.
#include "support/allocations.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <ctime>
#include <functional>
#include <future>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "../../src/server/worker.hpp"
#include "kanaria/base/siphash.hpp"
#include "kanaria/observe/access_log.hpp"
#include "support/scripted_target.hpp"
#include "unit/runtime/models.hpp"

namespace kanaria::server {
namespace {

using Pieces = std::vector<std::string>;

/// What each side writes. The next piece is written when the other side has the one before.
struct Dialogue {
  Pieces request;
  Pieces answer;
};

constexpr int kWarmUp = 100;  // on each connection
constexpr int kMeasured = 1'000;

const std::string kBody = "hello world";
const std::string kChunk = "b\r\nhello world\r\n";
const std::string kLastChunk = "0\r\n\r\n";

const std::string kGet =
    "GET /api/cart?item=1 HTTP/1.1\r\nHost: shop.test\r\nUser-Agent: test\r\nAccept: */*\r\n"
    "X-Forwarded-For: 203.0.113.7\r\n\r\n";
const std::string kPost = "POST /api/cart HTTP/1.1\r\nHost: shop.test\r\nContent-Length: 11\r\n\r\n";
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\n";
const std::string kChunked = "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n";

const cookies::Keys kKeys{{"key", {1, 2, 3}}};

/// A user who belongs to the group and the target that are there, and now.
std::string sticky_get(const std::string& target) {
  BlockPool blocks;
  Arena arena(blocks);
  const cookies::KeyRing ring(kKeys, 1);
  const auto now = static_cast<std::uint32_t>(std::time(nullptr));
  const cookies::Entries group{{name_hash("http-8080/rule-20"), name_hash("kept"), now}};
  const cookies::Entries own{{name_hash("kept"), name_hash(target), now}};
  return "GET /sticky HTTP/1.1\r\nHost: a\r\nCookie: AWSALBTG=" +
         std::string(ring.seal(cookies::Purpose::Group, group, 0, arena)) +
         "; AWSALB=" + std::string(ring.seal(cookies::Purpose::Target, own, 0, arena)) + "\r\n\r\n";
}

class WorkerAllocations : public testing::Test {
 protected:
  WorkerAllocations() {
    worker_.start();
    on_worker([this] {
      worker_.install(snapshot_);
      worker_.listen(0, listening_.sockets.front().get());
    });
  }
  ~WorkerAllocations() override {
    clients_.clear();
    std::promise<void> empty;
    worker_.loop().post([&] { worker_.drain([&] { empty.set_value(); }); });
    empty.get_future().wait();
    on_worker([this] { worker_.close(); });
    worker_.join();
  }

  /// What the worker allocates for 1,000 of these, after as many as it takes to be warm. `at_once`: how many are in
  /// flight together, each on a connection of its own. A busy machine may let more of them meet than ever before, once:
  /// so the least of three thousands counts, and a request that allocates does so in each.
  std::size_t taken_by(const Dialogue& dialogue, int at_once = 1) {
    for (int i = 0; i < at_once; ++i) clients_.emplace_back(*net::start_connect(listening_.bound));
    repeat(kWarmUp, dialogue);
    std::size_t least = SIZE_MAX;
    for (int i = 0; i < 3 && least > 0; ++i) {
      const std::size_t before = allocations();
      repeat(kMeasured / at_once, dialogue);
      least = std::min(least, allocations() - before);
    }
    clients_.clear();
    return least;
  }

  std::string target() const { return scripted_.endpoint().to_string(); }

  observe::AccessLog log_{1};
  observe::ErrorLog errors_{1};

 private:
  void on_worker(const std::function<void()>& act) {
    std::promise<void> done;
    worker_.loop().post([&] {
      act();
      done.set_value();
    });
    done.get_future().wait();
  }
  std::size_t allocations() {
    std::size_t so_far = 0;
    on_worker([&] { so_far = test::allocations(); });
    return so_far;
  }

  void repeat(int times, const Dialogue& dialogue) {
    for (int i = 0; i < times && !HasFailure(); ++i) {
      for (const std::string& piece : dialogue.request) {
        for (test::Peer& client : clients_) client.send(piece);
        while (targets_.size() < clients_.size()) targets_.push_back(scripted_.accept());
        for (test::Peer& target : targets_) wait_for_end_of(piece, target);
      }
      for (const std::string& piece : dialogue.answer) {
        for (test::Peer& target : targets_) target.send(piece);
        for (test::Peer& client : clients_) wait_for_end_of(piece, client);
      }
    }
  }
  static void wait_for_end_of(std::string_view piece, test::Peer& peer) {
    const std::string_view end = piece.substr(piece.size() - 4);  // heads are changed on the way, but not their end
    while (!std::string_view(peer.received()).ends_with(end))
      ASSERT_TRUE(peer.wait() && !peer.has_ended()) << "of \"" << piece << "\" came \"" << peer.received() << '"';
    peer.forget();
  }

  runtime::SnapshotPtr snapshot() {
    return runtime::snapshot_of(runtime::model_of(R"(
listeners:
  - port: 8080
    rules:
      - priority: 10
        conditions: [path_pattern: ["/api/*"]]
        action: {forward: {target_groups: [{name: main, weight: 90}, {name: unused, weight: 0}]}}
      - priority: 20
        conditions: [path_pattern: ["/sticky"]]
        action:
          forward:
            target_groups: [{name: kept, weight: 90}, {name: unused, weight: 0}]
            stickiness: {enabled: true}
    default_action: {fixed_response: {status_code: 404}}
state_dir: /none
target_groups:
  - {name: kept, stickiness: {enabled: true}, targets: [")" +
                                                  scripted_.endpoint().to_string() +
                                                  R"("]}
  - {name: main, targets: [")" + scripted_.endpoint().to_string() +
                                                  R"("]}
  - {name: unused, targets: []}
)"),
                                metrics_, table_, nullptr, std::make_shared<const cookies::KeyRing>(kKeys, 1));
  }

  test::ScriptedTarget scripted_;
  net::Listening listening_ = net::listen_tcp(boost::asio::ip::address_v4::loopback(), 0, 1);
  observe::Metrics metrics_{1};
  targets::TargetTable table_{metrics_};
  runtime::SnapshotPtr snapshot_ = snapshot();
  ConnectionLimit limit_;
  Worker worker_{0, metrics_.worker(0), log_.lane(0), errors_.lane(0), [](const runtime::SnapshotPtr&) {}, limit_};
  std::vector<test::Peer> clients_;
  std::vector<test::Peer> targets_;  // their connections from the worker, in any order
};

TEST(Allocations, AreCounted) {
  if (!test::counts_allocations()) GTEST_SKIP() << "a sanitizer's allocator is in use";
  const std::size_t before = test::allocations();
  void* volatile taken = ::operator new(1);  // volatile, and no new-expression: the compiler must not leave it out
  ::operator delete(taken);
  taken = ::operator new(1, std::align_val_t{128});
  ::operator delete(taken, std::align_val_t{128});
  taken = std::malloc(1);
  std::free(taken);
  EXPECT_EQ(test::allocations() - before, 3U);
}

TEST_F(WorkerAllocations, NoneForAnAnswerOfKnownLength) {
  EXPECT_EQ(taken_by({{kGet}, {kOk + kBody}}), 0U);
}

TEST_F(WorkerAllocations, NoneForAnAnswerThatComesInPieces) {
  EXPECT_EQ(taken_by({{kGet}, {kOk, kBody}}), 0U);
}

TEST_F(WorkerAllocations, NoneForAnAnswerThatNeedsALargerBlock) {
  const std::string large = "HTTP/1.1 200 OK\r\nContent-Length: 40004\r\n\r\n" + std::string(40'000, 'x') + "end.";
  EXPECT_EQ(taken_by({{kGet}, {large}}), 0U);
}

TEST_F(WorkerAllocations, NoneForAChunkedAnswer) {
  EXPECT_EQ(taken_by({{kGet}, {kChunked + kChunk + kLastChunk}}), 0U);
  EXPECT_EQ(taken_by({{kGet}, {kChunked, kChunk, kLastChunk}}), 0U);
}

TEST_F(WorkerAllocations, NoneForARequestWithABody) {
  EXPECT_EQ(taken_by({{kPost + kBody}, {kOk + kBody}}), 0U);
}

TEST_F(WorkerAllocations, NoneForARequestWhoseBodyComesLater) {
  EXPECT_EQ(taken_by({{kPost, kBody}, {kOk + kBody}}), 0U);
}

TEST_F(WorkerAllocations, NoneForManyRequestsInFlight) {
  EXPECT_EQ(taken_by({{kGet}, {kOk + kBody}}, 50), 0U);
}

TEST_F(WorkerAllocations, NoneForAUserWhoStays) {
  EXPECT_EQ(taken_by({{sticky_get(target())}, {kOk + kBody}}), 0U);
}

TEST_F(WorkerAllocations, NoneForANewVisitorWhoIsKept) {
  EXPECT_EQ(taken_by({{"GET /sticky HTTP/1.1\r\nHost: a\r\n\r\n"}, {kOk + kBody}}), 0U);
}

TEST_F(WorkerAllocations, NoneWithTheAccessLog) {
  ASSERT_EQ(log_.configure(observe::LineFormat::Alb, "/dev/null"), "");
  EXPECT_EQ(taken_by({{kGet}, {kOk + kBody}}), 0U);
  EXPECT_EQ(taken_by({{kPost, kBody}, {kChunked, kChunk, kLastChunk}}), 0U);
}

}  // namespace
}  // namespace kanaria::server
