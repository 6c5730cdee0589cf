#include "kanaria/runtime/pin.hpp"

#include "models.hpp"

namespace kanaria::runtime {
namespace {

class PinTest : public testing::Test {
 protected:
  SnapshotPtr next() {
    latest_ = snapshot_of(model_, metrics_, table_, latest_.get());
    return latest_;
  }

  observe::Metrics metrics_{1};
  targets::TargetTable table_{metrics_};
  ModelPtr model_ = model_of(canary());
  SnapshotPtr latest_;
  std::vector<SnapshotPtr> released_;
  PinBoard board_{[this](SnapshotPtr snapshot) { released_.push_back(std::move(snapshot)); }};
};

TEST_F(PinTest, ASnapshotThatNobodyPinsGoesWhenItIsReplaced) {
  const SnapshotPtr first = next();
  board_.install(first);
  EXPECT_EQ(&board_.current(), first.get());
  EXPECT_TRUE(released_.empty());
  const SnapshotPtr second = next();
  board_.install(second);
  EXPECT_EQ(&board_.current(), second.get());
  EXPECT_EQ(released_, std::vector{first});
}

TEST_F(PinTest, APinOutlivesTheReplacementAndTheLastOneReleasesOnce) {
  const SnapshotPtr first = next();
  board_.install(first);
  std::optional<PinBoard::Pin> a(board_.pin());
  std::optional<PinBoard::Pin> b(board_.pin());
  board_.install(next());
  EXPECT_EQ(&**a, first.get());
  EXPECT_EQ((*b)->revision(), 1U);
  EXPECT_EQ(board_.pin()->revision(), 2U) << "what begins now pins the new one";
  a.reset();
  EXPECT_TRUE(released_.empty());
  b.reset();
  EXPECT_EQ(released_, std::vector{first});
}

TEST_F(PinTest, PinsOfTheOneInForceReleaseNothing) {
  board_.install(next());
  for (int request = 0; request < 3; ++request) board_.pin();
  EXPECT_TRUE(released_.empty());
}

TEST_F(PinTest, AMovedPinIsStillOne) {
  const SnapshotPtr first = next();
  board_.install(first);
  {
    PinBoard::Pin pin = board_.pin();
    const PinBoard::Pin moved(std::move(pin));
    board_.install(next());
    EXPECT_EQ(&*moved, first.get());
    EXPECT_TRUE(released_.empty());
  }
  EXPECT_EQ(released_, std::vector{first});
}

TEST_F(PinTest, AnotherPinOfTheSameSnapshotHoldsItAfterTheFirst) {
  const SnapshotPtr first = next();
  board_.install(first);
  std::optional<PinBoard::Pin> pin(board_.pin());
  board_.install(next());
  std::optional<PinBoard::Pin> other(pin->again());
  pin.reset();
  EXPECT_EQ(&**other, first.get());
  EXPECT_TRUE(released_.empty());
  other.reset();
  EXPECT_EQ(released_, std::vector{first});
}

TEST_F(PinTest, OldSnapshotsGoInTheOrderInWhichTheirPinsEnd) {
  const SnapshotPtr first = next();
  board_.install(first);
  std::optional<PinBoard::Pin> on_first(board_.pin());
  const SnapshotPtr second = next();
  board_.install(second);
  std::optional<PinBoard::Pin> on_second(board_.pin());
  board_.install(next());
  on_second.reset();
  EXPECT_EQ(released_, std::vector{second});
  on_first.reset();
  EXPECT_EQ(released_, (std::vector{second, first}));
}

TEST(PinBoardTest, ReleasesItsLastSnapshotWhenItEnds) {
  observe::Metrics metrics(1);
  targets::TargetTable table(metrics);
  const SnapshotPtr snapshot = snapshot_of(model_of(canary()), metrics, table);
  std::vector<SnapshotPtr> released;
  {
    PinBoard board([&](SnapshotPtr one) { released.push_back(std::move(one)); });
    board.install(snapshot);
  }
  EXPECT_EQ(released, std::vector{snapshot});
}

}  // namespace
}  // namespace kanaria::runtime
