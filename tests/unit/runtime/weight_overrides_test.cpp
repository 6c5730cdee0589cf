// What weights set by hand do to a model, and what they keep over a restart.
#include "kanaria/runtime/overrides.hpp"
#include "models.hpp"
#include "support/files.hpp"

namespace kanaria::runtime {
namespace {

using namespace std::chrono_literals;
using Kind = OverrideFault::Kind;

const WallTime kNoon = WallTime(std::chrono::sys_days(std::chrono::year(2026) / 1 / 31)) + 12h;

WeightChange change_of(std::optional<Weights> weights, const std::string& rule = "api") {
  WeightChange change;
  change.listener = "web";
  change.rule = rule;
  change.weights = std::move(weights);
  change.who = "alice";
  change.when = kNoon;
  return change;
}

std::string weights_of(const config::Model& model, const std::string& rule = "api") {
  std::string words;
  for_each_forward(model, [&](const std::string& name, const config::Rule&, const config::Forward& forward) {
    if (name != "web/" + rule) return;
    for (const config::WeightedGroup& group : forward.target_groups)
      words += group.name.value + "=" + std::to_string(group.weight) + " ";
  });
  return words;
}

TEST(WeightOverrides, AreInForceUntilTheyAreReset) {
  const ModelPtr file = model_of(canary());
  WeightOverrides overrides;
  EXPECT_EQ(in_force(overrides, file), file);
  EXPECT_FALSE(change(overrides, *file, change_of(Weights{{"new", 50}, {"main", 50}})));
  EXPECT_EQ(weights_of(*in_force(overrides, file)), "main=50 new=50 ");
  EXPECT_EQ(weights_of(*in_force(overrides, file), "default"), "main=1 ");
  EXPECT_EQ(overrides.at("web/api").who, "alice");
  EXPECT_FALSE(change(overrides, *file, change_of(std::nullopt)));
  EXPECT_EQ(in_force(overrides, file), file);
}

TEST(WeightOverrides, OfADefaultActionAreKnownByItsName) {
  const ModelPtr file = model_of(canary());
  WeightOverrides overrides;
  EXPECT_FALSE(change(overrides, *file, change_of(Weights{{"main", 0}}, "default")));
  EXPECT_EQ(weights_of(*in_force(overrides, file), "default"), "main=0 ");
}

TEST(WeightOverrides, AFaultChangesNothing) {
  const ModelPtr file =
      model_of(canary("[{name: main, weight: 90}, {name: new, weight: 10}]",
                      "  - {port: 81, name: gone, default_action: {fixed_response: {status_code: 404}}}\n"));
  struct Case {
    WeightChange change;
    Kind kind;
    std::string message;
  };
  WeightChange elsewhere = change_of(Weights{{"main", 1}});
  elsewhere.listener = "wep";
  WeightChange fixed = change_of(Weights{{"main", 1}}, "default");
  fixed.listener = "gone";
  WeightChange past = change_of(Weights{{"main", 1}, {"new", 1}});
  past.until = past.when;
  WeightChange forever = past;
  forever.until = past.when + 366 * 24h;
  WeightChange wordy = change_of(Weights{{"main", 1}, {"new", 1}});
  wordy.reason = std::string(kLongestReason + 1, 'x');
  for (const Case& one : {
           Case{elsewhere, Kind::Unknown, "there is no listener \"wep\": did you mean \"web\"?"},
           Case{change_of(Weights{}, "apo"), Kind::Unknown,
                "there is no rule \"apo\" in listener web: did you mean \"api\"?"},
           Case{change_of(Weights{{"main", 1}, {"neu", 1}}), Kind::Unknown,
                "there is no target group \"neu\" in the action of rule web/api: did you mean \"new\"?"},
           Case{fixed, Kind::Wrong, "rule gone/default doesn't forward: it has no weights"},
           Case{change_of(Weights{{"main", 50}}), Kind::Wrong,
                "all target groups of the rule must be named: main=50 new=10"},
           Case{change_of(Weights{{"main", 1000}, {"new", 1}}), Kind::Wrong,
                "the weight of main must be between 0 and 999, not 1000"},
           Case{change_of(Weights{{"main", -1}, {"new", 1}}), Kind::Wrong,
                "the weight of main must be between 0 and 999, not -1"},
           Case{change_of(Weights{{"main", 1}, {"main", 2}}), Kind::Wrong, "target group main is named twice"},
           Case{past, Kind::Wrong, "an override lasts between 1s and 365d"},
           Case{forever, Kind::Wrong, "an override lasts between 1s and 365d"},
           Case{wordy, Kind::Wrong, "a reason has at most 200 bytes"},
       }) {
    WeightOverrides overrides;
    const auto fault = change(overrides, *file, one.change);
    ASSERT_TRUE(fault) << one.message;
    EXPECT_EQ(fault->kind, one.kind) << one.message;
    EXPECT_EQ(fault->message, one.message);
    EXPECT_TRUE(overrides.empty());
  }
}

TEST(WeightOverrides, EndWithTheirRuleOrOneOfItsGroups) {
  const ModelPtr file = model_of(canary());
  Overrides overrides;
  change(overrides.weights, *file, change_of(Weights{{"main", 50}, {"new", 50}}));
  config::Diagnostics diagnostics;
  forget_gone(overrides, *model_of(canary("[{name: main, weight: 1}, {name: new, weight: 0}]")), diagnostics);
  EXPECT_EQ(overrides.weights.size(), 1U) << "its weights in the file don't matter";
  forget_gone(overrides, *model_of(canary("[{name: main, weight: 1}]")), diagnostics);
  EXPECT_TRUE(overrides.weights.empty());
  ASSERT_EQ(diagnostics.sorted().size(), 1U);
  EXPECT_NE(diagnostics.sorted().front().message.find("those set by alice have ended"), std::string::npos);
}

Overrides some(const config::Model& file) {
  Overrides overrides;
  WeightChange weights = change_of(Weights{{"main", 50}, {"new", 50}});
  weights.until = kNoon + 30min;
  weights.reason = "INC-204 \"quoted\" \xc3\xa4";
  change(overrides.weights, file, weights);
  change(overrides.targets, file, {"main", TargetAction::Drain, "127.0.0.1:9001", "bob", kNoon});
  change(overrides.targets, file, {"main", TargetAction::Deregister, "127.0.0.1:9002", "bob", kNoon});
  change(overrides.targets, file, {"new", TargetAction::Register, "127.0.0.1:9004", "bob", kNoon});
  return overrides;
}

TEST(OverridesFile, KeepsEverythingOverARestart) {
  const ModelPtr file = model_of(canary());
  const test::Directory directory;
  std::string fault;
  EXPECT_TRUE(read_overrides(directory.path(), *file, fault).empty());
  EXPECT_EQ(fault, "") << "no file is a first start";
  const Overrides kept = some(*file);
  EXPECT_EQ(keep_overrides(directory.path(), to_text(kept)), "");
  const Overrides read = read_overrides(directory.path(), *file, fault);
  EXPECT_EQ(fault, "");
  EXPECT_EQ(read.weights, kept.weights);
  EXPECT_EQ(to_text(read), to_text(kept));
  EXPECT_TRUE(*in_force(read, file) == *in_force(kept, file));
  EXPECT_FALSE(*in_force(read, file) == *file);
}

TEST(OverridesFile, ThatIsDamagedIsMovedAside) {
  const ModelPtr file = model_of(canary());
  for (const std::string& text :
       {std::string("{"), std::string("[]"), std::string(R"({"version": 2})"),
        std::string(R"({"version": 1, "weights": [{"rule": 7}], "targets": []})"),
        std::string(R"({"version": 1, "weights": 0, "targets": []})"), to_text(some(*file)).substr(0, 100)}) {
    const test::Directory directory;
    keep_overrides(directory.path(), text);
    std::string fault;
    EXPECT_TRUE(read_overrides(directory.path(), *file, fault).empty()) << text;
    EXPECT_NE(fault, "") << text;
    EXPECT_NE(fault.find("; it is now " + directory.path() + "/overrides.json.damaged"), std::string::npos) << fault;
    fault.clear();
    EXPECT_TRUE(read_overrides(directory.path(), *file, fault).empty());
    EXPECT_EQ(fault, "") << "the next start has nothing to complain of";
  }
}

TEST(OverridesFile, OfGroupsThatAreGoneIsReadWithoutThem) {
  const ModelPtr file = model_of(canary());
  std::string text = canary("[{name: main, weight: 1}]");
  const ModelPtr next = model_of(text.substr(0, text.find("  - name: new")));
  std::string fault;
  const auto read = parse_overrides(to_text(some(*file)), *next, fault);
  ASSERT_TRUE(read) << fault;
  EXPECT_EQ(read->targets.size(), 1U);
}

}  // namespace
}  // namespace kanaria::runtime
