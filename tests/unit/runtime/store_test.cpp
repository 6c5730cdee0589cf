#include "stores.hpp"

namespace kanaria::runtime {
namespace {

const std::string kOther = "[{name: main, weight: 80}, {name: new, weight: 20}]";

TEST_F(StoreTest, TheFirstChangeAndAnotherAreApplied) {
  EXPECT_EQ(store_.current(), nullptr);
  Outcome outcome = change(to(canary()));
  EXPECT_EQ(outcome.revision, 1U);
  ASSERT_EQ(board_.published.size(), 1U);
  EXPECT_EQ(store_.current(), board_.published.back());
  outcome = change(to(canary(kOther)));
  EXPECT_EQ(outcome.status, Status::Applied);
  EXPECT_EQ(outcome.revision, 2U);
  EXPECT_FALSE(outcome.changes.empty());
  EXPECT_EQ(store_.current(), board_.published.back());
  EXPECT_EQ(store_.current()->listener(0)->routes[0].split->weight(1), 20U);
}

TEST_F(StoreTest, AnEditSeesTheModelInForce) {
  const ModelPtr first = model_of(canary());
  change([&](const std::shared_ptr<const config::Model>& current) {
    EXPECT_EQ(current, nullptr);
    return first;
  });
  change([&](const std::shared_ptr<const config::Model>& current) {
    EXPECT_EQ(current, first);
    return first;
  });
}

TEST_F(StoreTest, TheSameModelIsNoChange) {
  change(to(canary()));
  const Outcome outcome = change(to("# only a comment\n" + canary()));
  EXPECT_EQ(outcome.status, Status::Unchanged);
  EXPECT_TRUE(outcome.changes.empty());
}

TEST_F(StoreTest, AFaultChangesNothing) {
  change(to(canary()));
  const SnapshotPtr before = store_.current();
  struct Case {
    const char* description;
    void (*change)(config::Model&);
  };
  for (const Case& one :
       {Case{"that validation finds",
             [](config::Model& model) {
               std::get<config::Forward>(model.listeners[0].default_rule.action.of).target_groups[0].name.value =
                   "nowhere";
             }},
        Case{"that compiling finds", [](config::Model& model) {
               auto& path = std::get<config::PathPattern>(model.listeners[0].rules[0].conditions[0].of);
               path.values.clear();
               path.regex_values = {{"(", {}}};
             }}}) {
    SCOPED_TRACE(one.description);
    const Outcome outcome = edit(one.change);
    EXPECT_EQ(outcome.status, Status::Faulty);
    EXPECT_TRUE(outcome.diagnostics.has_errors());
    EXPECT_EQ(outcome.revision, 1U);
    EXPECT_EQ(store_.current(), before);
    EXPECT_EQ(board_.published.size(), 1U);
  }
  EXPECT_EQ(change(to(canary(kOther))).status, Status::Applied) << "and the next change has its turn";
}

TEST_F(StoreTest, WhatOnlyARestartChangesIsRefused) {
  change(to(canary()));
  Outcome outcome = edit([](config::Model& model) { model.workers = 7; });
  EXPECT_EQ(outcome.status, Status::Refused);
  EXPECT_EQ(words_of(outcome), Words{"workers can't be changed by a reload; restart kanaria"});
  outcome = edit([](config::Model& model) { model.admin.address = "none"; });
  EXPECT_EQ(outcome.status, Status::Refused);
  EXPECT_EQ(words_of(outcome), Words{"admin can't be changed by a reload; restart kanaria"});
  EXPECT_EQ(store_.current()->revision(), 1U);
  EXPECT_EQ(board_.published.size(), 1U);
}

TEST_F(StoreTest, TakingARulesLastTargetAwayIsRefused) {
  change(to(canary()));
  const auto empty = [](std::size_t group) {
    return [group](config::Model& model) { model.target_groups[group].targets.clear(); };
  };
  Outcome outcome = edit(empty(0));
  EXPECT_EQ(outcome.status, Status::Refused);
  EXPECT_EQ(words_of(outcome), Words{"rule web/default would be left without a target behind a positive weight; "
                                     "--force does it all the same"});
  EXPECT_EQ(store_.current()->revision(), 1U);
  EXPECT_EQ(edit(empty(1)).status, Status::Applied) << "rule api still has the targets of main";
}

TEST_F(StoreTest, ARuleThatNeverHadATargetMayStaySo) {
  std::string text = canary();
  text.replace(text.find("\"127.0.0.1:9003\""), 16, "");
  change(to(text));
  EXPECT_EQ(edit([](config::Model& model) {
              std::get<config::Forward>(model.listeners[0].rules[0].action.of).target_groups[0].weight = 0;
            }).status,
            Status::Refused)
      << "all of api's weight is on new, which is empty";
  EXPECT_EQ(change(to("# a comment\n" + text)).status, Status::Unchanged);
}

using enum TargetAction;

TEST_F(StoreTest, TargetsChangedByHandOutliveReloads) {
  EXPECT_EQ(by_hand("main", Drain, "127.0.0.1:9001").status, Status::Refused) << "nothing is in force yet";
  change(to(canary()));
  Outcome outcome = by_hand("main", Drain, "127.0.0.1:9001");
  EXPECT_EQ(outcome.status, Status::Applied);
  EXPECT_EQ(outcome.changes, Words{"target group main: target 127.0.0.1:9001 drained"});
  outcome = change(to(canary(kOther)));
  EXPECT_EQ(outcome.status, Status::Applied);
  EXPECT_EQ(outcome.changes.size(), 2U) << "the weights alone";
  EXPECT_TRUE(store_.current()->model().target_groups[0].targets[0].drained);
  ASSERT_EQ(store_.overrides().targets.size(), 1U);
  EXPECT_EQ(store_.overrides().targets.at("main").front().who, "alice");
  outcome = by_hand("main", std::nullopt);
  EXPECT_EQ(outcome.changes, Words{"target group main: target 127.0.0.1:9001 not drained any more"});
  EXPECT_TRUE(store_.overrides().empty());
}

TEST_F(StoreTest, AnEditSeesTheFilesModelWithoutWhatWasChangedByHand) {
  change(to(canary()));
  by_hand("main", Drain, "127.0.0.1:9001");
  bool was_drained = true;
  edit([&](config::Model& model) { was_drained = model.target_groups[0].targets[0].drained; });
  EXPECT_FALSE(was_drained);
  EXPECT_TRUE(store_.current()->model().target_groups[0].targets[0].drained);
}

TEST_F(StoreTest, DrainingARulesLastTargetIsRefused) {
  change(to(canary()));
  EXPECT_EQ(by_hand("main", Drain, "127.0.0.1:9001").status, Status::Applied);
  for (const TargetAction action : {Drain, Deregister}) {
    const Outcome outcome = by_hand("main", action, "127.0.0.1:9002");
    EXPECT_EQ(outcome.status, Status::Refused);
    EXPECT_EQ(words_of(outcome), Words{"rule web/default would be left without a target behind a positive weight; "
                                       "give the rule other weights first"});
  }
  EXPECT_EQ(store_.overrides().targets.at("main").size(), 1U) << "what was refused is forgotten";
  std::string text = canary();
  text.replace(text.find(", \"127.0.0.1:9002\""), 18, "");
  EXPECT_EQ(change(to(text)).status, Status::Refused) << "and so is a reload that leaves the drained one alone";
}

TEST_F(StoreTest, TakingTheTargetsFromARuleThatIsRenamedIsRefusedToo) {
  change(to(canary()));
  const auto rename_and_empty = [](const std::shared_ptr<const config::Model>& current) {
    auto next = std::make_shared<config::Model>(*current);
    next->listeners[0].rules[0].name = "other";
    for (config::TargetGroup& group : next->target_groups) group.targets.clear();
    return next;
  };
  EXPECT_EQ(change(rename_and_empty).status, Status::Refused);
}

TEST_F(StoreTest, ForceLeavesARuleWithoutATarget) {
  change(to(canary()));
  const auto empty = [](const std::shared_ptr<const config::Model>& current) {
    auto next = std::make_shared<config::Model>(*current);
    next->target_groups[0].targets.clear();
    return next;
  };
  EXPECT_EQ(change(empty).status, Status::Refused);
  ChangeOptions forced{"test", {}};
  forced.force = true;
  const Outcome outcome = change(empty, forced);
  EXPECT_EQ(outcome.status, Status::Applied);
  EXPECT_EQ(words_of(outcome), Words{"rule web/default is without a target behind a positive weight"});
}

TEST_F(StoreTest, ADryRunChangesNothing) {
  change(to(canary()));
  by_hand("main", Drain, "127.0.0.1:9001");
  ChangeOptions dry{"test", {}};
  dry.dry_run = true;
  dry.reset_overrides = true;
  const Outcome outcome = change(to(canary(kOther)), dry);
  EXPECT_EQ(outcome.status, Status::Applied);
  EXPECT_EQ(outcome.changes.size(), 3U) << "two weights, and a target that is drained no more";
  EXPECT_EQ(store_.current()->revision(), 2U);
  EXPECT_EQ(store_.overrides().targets.size(), 1U);
  EXPECT_EQ(store_.current()->listener(0)->routes[0].split->weight(0), 90U);
}

TEST_F(StoreTest, WeightsSetByHandOutliveReloadsUntilTheyAreReset) {
  EXPECT_EQ(set_weights(50, 50).status, Status::Refused) << "nothing is in force yet";
  change(to(canary()));
  Outcome outcome = set_weights(50, 50);
  EXPECT_EQ(outcome.status, Status::Applied);
  EXPECT_EQ(weight(1), 50U);
  outcome = change(to(canary(kOther)));
  EXPECT_EQ(outcome.status, Status::Unchanged) << "the file's weights wait";
  EXPECT_EQ(weight(1), 50U);
  ChangeOptions resetting{"test", {}};
  resetting.reset_overrides = true;
  change(to(canary(kOther)), resetting);
  EXPECT_EQ(weight(1), 20U);
  EXPECT_TRUE(store_.overrides().empty());
}

TEST_F(StoreTest, AnotherGenerationThanTheOneSeenIsStale) {
  change(to(canary()));
  const std::string first = generation();
  EXPECT_EQ(set_weights(50, 50, first).status, Status::Applied);
  const std::string second = generation();
  EXPECT_NE(second, first);
  const Outcome stale = set_weights(0, 100, first);
  EXPECT_EQ(stale.status, Status::Stale);
  EXPECT_EQ(words_of(stale), Words{"the weights of web/api have been changed meanwhile, by alice"});
  EXPECT_EQ(weight(1), 50U);
  EXPECT_EQ(set_weights(0, 100, second).status, Status::Applied);
  EXPECT_EQ(set_weights(1, 1).status, Status::Applied) << "unconditional";
}

TEST_F(StoreTest, AGenerationIsOfItsRulesWeightsAlone) {
  change(to(canary()));
  const std::string first = generation();
  by_hand("main", Drain, "127.0.0.1:9001");
  change(to("# a comment\n" + canary()));
  EXPECT_EQ(generation(), first);
  EXPECT_EQ(set_weights(90, 10).status, Status::Unchanged);
  const std::string overridden = generation();
  EXPECT_NE(overridden, first) << "another decides, with the same weights";
  change(to(canary(kOther)));
  EXPECT_EQ(generation(), overridden) << "the override hides the file's";
  reset_weights();
  EXPECT_NE(generation(), overridden);
  EXPECT_EQ(store_.generation("web/nothing"), nullptr);
  // A rule that goes and comes back is another one.
  const std::string before = generation();
  std::string without = canary(kOther);
  without.replace(without.find("name: api"), 9, "name: apo");
  change(to(without));
  EXPECT_EQ(store_.generation("web/api"), nullptr);
  change(to(canary(kOther)));
  EXPECT_NE(generation(), before);
}

TEST_F(StoreTest, WeightsEndWhenTheirTimeIsOver) {
  using namespace std::chrono_literals;
  change(to(canary()));
  const WallTime now{};
  WeightChange wanted = weights_change(50, 50);
  wanted.when = now;
  wanted.until = now + 30min;
  EXPECT_EQ(driver_.run(store_.override_weights(wanted)).status, Status::Applied);
  std::vector<std::string> ended;
  driver_.run(store_.end_expired(now + 29min, ended));
  EXPECT_TRUE(ended.empty());
  EXPECT_EQ(weight(1), 50U);
  driver_.run(store_.end_expired(now + 30min, ended));
  EXPECT_EQ(ended, Words{"web/api"});
  EXPECT_EQ(weight(1), 10U);
  EXPECT_EQ(store_.generation("web/api")->who, "the end of an override's time");
}

TEST_F(StoreTest, WeightsMayLeaveARuleToAnEmptyGroup) {
  std::string text = canary();
  text.replace(text.find("\"127.0.0.1:9003\""), 16, "");
  change(to(text));
  EXPECT_EQ(set_weights(0, 100).status, Status::Applied) << "whoever sets weights has been asked";
  EXPECT_EQ(set_weights(0, 0).status, Status::Applied);
}

TEST_F(StoreTest, WhatIsNotThereCantBeChangedByHand) {
  change(to(canary()));
  EXPECT_EQ(by_hand("mein", Drain, "127.0.0.1:9001").status, Status::Unknown);
  EXPECT_EQ(by_hand("main", Drain, "127.0.0.1:9009").status, Status::Unknown);
  EXPECT_EQ(by_hand("main", Register, "nonsense").status, Status::Faulty);
  EXPECT_EQ(by_hand("main", Register, "127.0.0.1:9001").status, Status::Unchanged);
}

TEST_F(StoreTest, WhatWasChangedByHandEndsWithItsGroup) {
  change(to(canary()));
  by_hand("new", Register, "127.0.0.1:9004");
  const std::string text = canary("[{name: main, weight: 1}]");
  const Outcome outcome = change(to(text.substr(0, text.find("  - name: new"))));
  EXPECT_EQ(outcome.status, Status::Applied);
  EXPECT_EQ(words_of(outcome),
            Words{"target group new is gone, and what was changed by hand about its targets with it"});
  EXPECT_TRUE(store_.overrides().empty());
}

TEST_F(StoreTest, APlaceThatCantBeBoundIsRefusedAndLeavesNoRow) {
  change(to(canary()));
  board_.refusal = "bind 0.0.0.0:81: Address already in use";
  const Outcome outcome =
      change(to(canary(kOther, "  - {port: 81, name: more, default_action: {target_group: new}}\n")));
  EXPECT_EQ(outcome.status, Status::Refused);
  EXPECT_EQ(words_of(outcome), Words{board_.refusal});
  EXPECT_EQ(store_.current()->revision(), 1U);
  std::size_t listeners = 0;
  metrics_.listeners().for_each([&](const auto&, std::uint32_t) { ++listeners; });
  EXPECT_EQ(listeners, 1U);
}

TEST_F(StoreTest, ChangesWaitTheirTurnInOrder) {
  board_.held = true;
  // Named: the coroutines refer to their edits.
  const ChangeOptions options{"test", {}};
  const Store::Edit edits[] = {to(canary()), to(canary(kOther)), to(canary())};
  std::vector<test::Started<Outcome>> outcomes;
  for (const Store::Edit& edit : edits) outcomes.push_back(driver_.start(store_.change(edit, options)));
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    ASSERT_TRUE(driver_.until([&] { return board_.released.waiting(); }));
    driver_.settle();
    EXPECT_EQ(board_.published.size(), i + 1) << "one at a time";
    EXPECT_FALSE(outcomes[i]->has_value()) << "not before the workers have acknowledged";
    board_.released.notify();
    ASSERT_TRUE(driver_.until([&] { return outcomes[i]->has_value(); }));
    EXPECT_EQ((*outcomes[i])->revision, i + 1);
  }
}

// Whoever asks while workers are told meets the new file with the new snapshot, and not one of each.
TEST_F(StoreTest, WhatIsInForceAndItsFileChangeTogether) {
  change(to(canary("[{name: main, weight: 1}]")));
  board_.held = true;
  const std::string first = generation();
  const Store::Edit edit = to(canary());
  const ChangeOptions options{"test", {}};
  const auto outcome = driver_.start(store_.change(edit, options));
  ASSERT_TRUE(driver_.until([&] { return board_.released.waiting(); }));
  EXPECT_TRUE(*store_.file() == store_.current()->model());
  EXPECT_NE(generation(), first);
  board_.released.notify();
  ASSERT_TRUE(driver_.until([&] { return outcome->has_value(); }));
}

TEST_F(StoreTest, TwoChangesOfOneGenerationCantBothBeMade) {
  change(to(canary()));
  WeightChange a = weights_change(50, 50);
  a.generation = generation();
  WeightChange b = weights_change(0, 100);
  b.generation = a.generation;
  const auto first = driver_.start(store_.override_weights(a));
  const auto second = driver_.start(store_.override_weights(b));
  ASSERT_TRUE(driver_.until([&] { return first->has_value() && second->has_value(); }));
  EXPECT_EQ((*first)->status, Status::Applied);
  EXPECT_EQ((*second)->status, Status::Stale);
  EXPECT_EQ(weight(1), 50U);
}

TEST_F(StoreTest, ANameThatIsNotFoundIsAWarning) {
  std::string text = canary();
  text.replace(text.find("127.0.0.1:9003"), 14, "no-such-name.invalid:80");
  const Outcome outcome = change(to(text));
  EXPECT_EQ(outcome.revision, 1U);
  ASSERT_EQ(outcome.diagnostics.sorted().size(), 1U);
  EXPECT_EQ(outcome.diagnostics.sorted().front().severity, config::Severity::Warning);
}

}  // namespace
}  // namespace kanaria::runtime
