#include "kanaria/proxy/forward.hpp"

#include <gtest/gtest.h>

#include <stdexcept>
#include <string>

#include "kanaria/net/event.hpp"
#include "kanaria/observe/metrics.hpp"
#include "kanaria/proxy/handler.hpp"
#include "support/scripted_target.hpp"
#include "unit/runtime/models.hpp"

namespace kanaria::proxy {
namespace {

/// A client whose body never comes, and to whom an answer can't be sent: a bug.
class BrokenClient final : public http::Exchange {
 public:
  explicit BrokenClient(net::Loop& loop) : loop_(loop), arena_(loop.blocks()) {
    head_.method = "POST";
    head_.target = head_.path = "/";
    head_.authority = "a";
    head_.framing = http::Framing::Length;
    head_.content_length = 5;
  }

  bool has_reader() const { return reading_.waiting(); }

  Result<http::Piece> ready() override { return http::Piece{}; }
  net::Awaitable<Result<http::Piece>> read(http::Carry) override {
    co_await reading_.wait();
    co_return Error(Fault::Stopped);
  }
  http::Carry takes() const override { return http::Carry::Memory; }
  net::Awaitable<Result<void>> write(const http::Piece&) override { co_return Result<void>(); }
  void stop_reading() override {
    loop_.post([this] { reading_.notify(); });
  }
  void abort(Fault fault) override { fault_ = fault; }
  Fault fault() const override { return fault_; }
  const http::RequestHead& head() const override { return head_; }
  net::Awaitable<Result<void>> send(const http::ResponseHead&, const http::Piece&) override {
    throw std::logic_error("send");
    co_return Result<void>();
  }
  void on_gone(http::Abortable*) override {}
  void forget_fields() override {}
  void forget_text() override {}
  http::PeerText peer() const override { return {"192.0.2.7", "192.0.2.7:1", "a"}; }
  const net::Peer& peer_address() const override { return peer_; }
  const Moment& began() const override { return began_; }
  Arena& arena() override { return arena_; }
  std::uint64_t received_bytes() const override { return 0; }
  std::uint64_t sent_bytes() const override { return 0; }

 private:
  net::Loop& loop_;
  Arena arena_;
  http::RequestHead head_;
  net::Event reading_;
  net::Peer peer_;
  Moment began_;
  Fault fault_ = Fault::None;
};

TEST(Forward, EndsTheUploadWhenAnExceptionLeavesTheAnswer) {
  test::ScriptedTarget scripted;
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  observe::AccessLog log(1);
  observe::ErrorLog errors(1);
  const runtime::SnapshotPtr snapshot =
      runtime::snapshot_of(runtime::model_of("listeners: [{port: 8080, default_action: {target_group: main}}]\n"
                                             "target_groups: [{name: main, targets: [\"" +
                                             scripted.endpoint().to_string() + "\"]}]\n"),
                           metrics, table);
  test::Driver driver;
  Context context(driver.loop(), metrics.worker(0), log.lane(0), errors.lane(0), [](const runtime::SnapshotPtr&) {});
  context.snapshots.install(snapshot);
  RequestHandler handler(context, 0);
  BrokenClient client(driver.loop());

  const auto handled = driver.start(handler.handle(client));
  test::Peer target = scripted.accept();
  ASSERT_TRUE(driver.until([&] { return target.received().ends_with("\r\n\r\n"); }));
  EXPECT_TRUE(client.has_reader());
  target.send("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
  EXPECT_TRUE(driver.until([&] { return driver.loop().tasks() == 0; }));
  EXPECT_FALSE(client.has_reader());
  EXPECT_FALSE(handled->has_value()) << "the exception was lost";
}

}  // namespace
}  // namespace kanaria::proxy
