#include "kanaria/rollout/controller.hpp"

#include <latch>

#include "../runtime/stores.hpp"
#include "support/files.hpp"

namespace kanaria::rollout {
namespace {

class ControllerTest : public runtime::StoreTest {
 protected:
  ControllerTest() {
    store_.set_steering(controller_);
    EXPECT_EQ(driver_.run(controller_.restore(dir_.path())), "");
    without_ =
        runtime::canary("[{name: main, weight: 100}, {name: new, weight: 0}]") + "state_dir: " + dir_.path() + "\n";
    with_ = without_ +
            "rollouts: [{name: checkout, rule: web/api, stable: main, canary: new, revision: r1, "
            "steps: [{set_weight: 10%}, {pause: {}}, {set_weight: 100%}]}]\n";
    change(to(with_));
  }
  ~ControllerTest() override {
    EXPECT_TRUE(driver_.until([&] { return driver_.loop().tasks() == 0; }));
  }

  net::Awaitable<Changed> ask(Verb verb) { return controller_.change({verb, "checkout", "alice", {}}); }
  State kept() const {
    std::string fault;
    const auto contents = Journal(dir_.path()).read(fault);
    EXPECT_TRUE(contents) << fault;
    return contents ? contents->rollouts.at("checkout").state : State();
  }

  test::Directory dir_;
  std::string without_, with_;  // files, of which the second one has the rollout
  net::Blocking disk_;
  Controller controller_{driver_.loop(), store_, disk_, 1};
};

TEST_F(ControllerTest, KeepsNoOlderStateBehindAnAbortWhereTheDiskIsSlow) {
  driver_.run(ask(Verb::Start));
  ASSERT_EQ(kept().weight, 1000);
  std::latch stalls(1);
  auto stall = [&] { return stalls.wait(), true; };
  const auto stalled = driver_.start(disk_.run(driver_.loop(), stall));
  const auto aborted = driver_.start(ask(Verb::Abort));
  // Meanwhile the evidence is due to be kept.
  const Time due = std::chrono::steady_clock::now() + Controller::kKeep + 4 * Rollout::kLook;
  EXPECT_TRUE(driver_.until([&] { return std::chrono::steady_clock::now() > due; }));
  EXPECT_FALSE(aborted->has_value()) << "it isn't kept yet";
  stalls.count_down();
  ASSERT_TRUE(driver_.until([&] { return stalled->has_value() && aborted->has_value(); }));
  EXPECT_EQ((*aborted)->status, Changed::Status::Done);
  EXPECT_EQ(kept().phase, Phase::Degraded);
  EXPECT_EQ(kept().weight, 0);
}

TEST_F(ControllerTest, TellsOnceOfWhatWasTakenBackAndComesAgain) {
  driver_.run(ask(Verb::Start));
  driver_.run(ask(Verb::Abort));
  change(to(without_));
  change(to(with_));
  EXPECT_EQ(controller_.find("checkout")->state.phase, Phase::Degraded);
  EXPECT_EQ((controller_.rollbacks().at({"checkout", Reason::ManualAbort})), 1U);
}

TEST_F(ControllerTest, SaysNothingOfWeightsAtRestWhileTheCanaryHasAShare) {
  driver_.run(ask(Verb::Start));
  EXPECT_EQ(runtime::words_of(change(to(with_))), runtime::Words());
}

}  // namespace
}  // namespace kanaria::rollout
