#include "kanaria/server/connections.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace kanaria::server {
namespace {

class Connection final : public OpenConnection {
 public:
  Connection(Connections& all, std::uint32_t binding) : binding_(binding) { all.add(*this); }

  void drain() override {
    ++drained;
    on_drain();
  }
  void abort(Fault fault) override { aborted = fault; }
  std::uint32_t binding() const override { return binding_; }

  int drained = 0;
  Fault aborted = Fault::None;
  std::function<void()> on_drain = [] {};

 private:
  std::uint32_t binding_;
};

TEST(ConnectionsTest, AreRegisteredForTheirLife) {
  Connections all;
  EXPECT_TRUE(all.empty());
  {
    const Connection one(all, 0);
    EXPECT_FALSE(all.empty());
  }
  EXPECT_TRUE(all.empty());
}

TEST(ConnectionsTest, AllOrThoseOfOneBindingAreToldToEnd) {
  Connections all;
  Connection a(all, 1);
  Connection b(all, 2);
  Connection c(all, 1);
  all.drain(1);
  EXPECT_EQ((std::vector{a.drained, b.drained, c.drained}), (std::vector{1, 0, 1}));
  all.drain();
  EXPECT_EQ((std::vector{a.drained, b.drained, c.drained}), (std::vector{2, 1, 2}));
  all.abort(2, Fault::ShuttingDown);
  EXPECT_EQ((std::vector{a.aborted, b.aborted, c.aborted}),
            (std::vector{Fault::None, Fault::ShuttingDown, Fault::None}));
  all.abort(Fault::ClientGone);
  EXPECT_EQ((std::vector{a.aborted, b.aborted, c.aborted}),
            (std::vector{Fault::ClientGone, Fault::ClientGone, Fault::ClientGone}));
}

TEST(ConnectionsTest, OneMayEndWhileAllAreTold) {
  Connections all;
  auto a = std::make_unique<Connection>(all, 0);
  auto b = std::make_unique<Connection>(all, 0);
  Connection c(all, 0);
  // Moved out first: what runs must not die with its connection.
  std::unique_ptr<Connection>* const slot = &b;
  b->on_drain = [slot] { const std::unique_ptr<Connection> ended = std::move(*slot); };
  all.drain();
  EXPECT_EQ(b, nullptr);
  EXPECT_EQ(a->drained + c.drained, 2);
  a.reset();
  EXPECT_FALSE(all.empty());
}

}  // namespace
}  // namespace kanaria::server
