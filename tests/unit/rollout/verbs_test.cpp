#include "rollouts.hpp"

namespace kanaria::rollout {
namespace {

using Status = Changed::Status;

// How to come to each phase, and what each verb does there.
enum class Place : std::uint8_t {
  Rest,
  Progressing,
  StepPause,
  Paused,
  NewRevision,
  StateLost,
  Baking,
  Handover,
  Degraded
};

class VerbsTest : public RolloutTest {
 protected:
  void come_to(Place place) {
    state_ = {};
    written_ = checkout();
    follow_now();
    if (place == Place::Rest) return;
    if (place == Place::StateLost) {
      state_.phase = Phase::Paused;
      state_.reason = Reason::StateLost;
      return;
    }
    start();
    switch (place) {
      case Place::StepPause:
        look(requests(100), 5min);
        look(requests(300));
        return;
      case Place::Paused: ask(Verb::Pause); return;
      case Place::NewRevision:
        written_.revision = "r2";
        follow_now();
        return;
      case Place::Baking: return promote_full();
      case Place::Handover:
        promote_full();
        look({}, 10min);
        return;
      case Place::Degraded: ask(Verb::Abort); return;
      default: return;
    }
  }
};

TEST_F(VerbsTest, RetryWantsToKnowWhichRevision) {
  written_.revision.reset();
  state_ = lost(written_, {}, now_, "damaged");
  follow_now();
  ask(Verb::Abort);
  const Changed changed = ask(Verb::Retry);
  EXPECT_EQ(changed.status, Status::Refused);
  EXPECT_NE(changed.message.find("--revision"), std::string::npos) << changed.message;
}

TEST_F(VerbsTest, WorkWhereTheyMay) {
  constexpr auto kDone = Status::Done;
  constexpr auto kSame = Status::Unchanged;
  constexpr auto kNo = Status::Refused;
  const struct {
    Place place;
    const char* description;
    Status start, promote, pause, resume, abort, retry, set_weight;
  } cases[] = {
      {Place::Rest, "at rest", kDone, kNo, kNo, kNo, kNo, kNo, kNo},
      {Place::Progressing, "Progressing", kNo, kDone, kDone, kSame, kDone, kNo, kDone},
      {Place::StepPause, "a pause until promote", kNo, kDone, kDone, kNo, kDone, kNo, kDone},
      {Place::Paused, "a pause by hand", kNo, kDone, kSame, kDone, kDone, kNo, kDone},
      {Place::NewRevision, "another revision", kDone, kNo, kSame, kNo, kDone, kNo, kNo},
      {Place::StateLost, "a lost state", kDone, kNo, kSame, kNo, kDone, kNo, kNo},
      {Place::Baking, "Baking", kNo, kDone, kNo, kNo, kDone, kNo, kNo},
      {Place::Handover, "Baking(Handover)", kNo, kDone, kNo, kNo, kDone, kNo, kNo},
      {Place::Degraded, "Degraded", kNo, kNo, kNo, kNo, kSame, kDone, kNo},
  };
  for (const auto& one : cases) {
    const Status expected[] = {one.start, one.promote, one.pause, one.resume, one.abort, one.retry, one.set_weight};
    for (std::size_t i = 0; i < kVerbs; ++i) {
      const auto verb = static_cast<Verb>(i);
      SCOPED_TRACE(testing::Message() << one.description << ": " << name_of(verb));
      come_to(one.place);
      const State before = state_;
      Command command{verb, "checkout", "alice", now_};
      command.weight = 2000;
      const Changed changed = ask(command);
      EXPECT_EQ(changed.status, expected[i]) << changed.message;
      EXPECT_FALSE(changed.message.empty());
      if (changed.status != Status::Done) EXPECT_EQ(state_, before);
      if (verb == Verb::Abort && changed.status != kNo) {
        EXPECT_EQ(state_.phase, Phase::Degraded);
        EXPECT_EQ(state_.weight, 0);
      }
    }
  }
}

TEST_F(VerbsTest, StartNeedsARevisionThatTheFileKnows) {
  follow_now();
  EXPECT_NE(ask(Verb::Start, "r2").message.find("the file says that the revision is r1"), std::string::npos);
  written_.revision.reset();
  EXPECT_NE(ask(Verb::Start).message.find("--revision"), std::string::npos);
  EXPECT_EQ(ask(Verb::Start, "a b").status, Status::Refused);
  EXPECT_EQ(ask(Verb::Start, "r7").status, Status::Done);
  EXPECT_EQ(state_.revision, "r7");
}

TEST_F(VerbsTest, AFailedRevisionStaysFailedUntilAnotherOneOrRetry) {
  start();
  look(bad());
  EXPECT_NE(ask(Verb::Start).message.find("retry"), std::string::npos);
  const unsigned epoch = state_.epoch;
  EXPECT_EQ(ask(Verb::Retry).status, Status::Done);
  expect(Phase::Progressing, Reason::None, 1, 100);
  EXPECT_EQ(state_.epoch, epoch + 1) << "the evidence begins anew";

  ask(Verb::Abort);
  written_.revision = "r2";
  EXPECT_EQ(ask(Verb::Retry).status, Status::Refused) << "the file has another one";
  EXPECT_EQ(ask(Verb::Start).status, Status::Done);
  EXPECT_EQ(state_.revision, "r2");
}

TEST_F(VerbsTest, PromoteEndsTheStepInProgress) {
  start();
  ask(Verb::Promote);
  expect(Phase::Progressing, Reason::None, 3, 1000);
  ask(Verb::Promote);
  expect(Phase::Paused, Reason::StepPause, 5, 5000);
}

TEST_F(VerbsTest, SetWeightPausesTheStepsAndResumeGoesOn) {
  start_and_come_to_ten();
  Command command{Verb::SetWeight, "checkout", "alice", now_};
  command.weight = 3000;
  ask(command);
  expect(Phase::Paused, Reason::ManualPause, 3, 3000);
  look(requests(5000), 1h);
  expect(Phase::Paused, Reason::ManualPause, 3, 3000);
  ask(Verb::Resume);
  expect(Phase::Progressing, Reason::None, 3, 3000);
  look(requests(300));
  expect(Phase::Paused, Reason::StepPause, 5, 5000);
}

TEST_F(VerbsTest, SetWeightTakesWhatIsAShare) {
  start();
  for (const config::Basis weight : {-1, 10'001}) {
    Command command{Verb::SetWeight, "checkout", "alice", now_};
    command.weight = weight;
    EXPECT_EQ(ask(command).status, Status::Refused);
  }
  EXPECT_EQ(ask(Command{Verb::SetWeight, "checkout", "alice", now_}).status, Status::Refused) << "none at all";
}

}  // namespace
}  // namespace kanaria::rollout
