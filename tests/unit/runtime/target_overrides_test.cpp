// What changes by hand do to a model, as tables.
#include "kanaria/runtime/target_overrides.hpp"

#include "models.hpp"

namespace kanaria::runtime {
namespace {

using Words = std::vector<std::string>;

/// Group "main" is in the file with these targets, and port 80.
ModelPtr file_with(const std::string& targets) {
  return model_of(
      "listeners: [{port: 8080, default_action: {target_group: main}}]\n"
      "target_groups: [{name: main, port: 80, targets: [" +
      targets + "]}, {name: other, targets: []}]\n");
}

const ModelPtr& file() {
  static const ModelPtr model = file_with("10.0.0.1, 10.0.0.2");
  return model;
}

/// "drain 10.0.0.1", or "reset".
TargetChange change_of(const std::string& words) {
  const std::size_t space = words.find(' ');
  TargetChange change{"main", target_action_of(words.substr(0, space)), {}, "alice", {}};
  if (change.action) change.target = words.substr(space + 1);
  return change;
}

/// "10.0.0.1 (drained)"
Words targets_of(const config::Model& model) {
  Words words;
  for (const config::Target& target : model.target_groups.front().targets)
    words.push_back(target.text.value + (target.drained ? " (drained)" : ""));
  return words;
}

Words overrides_of(const TargetOverrides& overrides) {
  Words words;
  for (const auto& [group, ours] : overrides)
    for (const TargetOverride& one : ours)
      words.push_back(group + ": " + one.target.text.value + " " + std::string(one.words()));
  return words;
}

TargetOverrides after(const Words& changes, const config::Model& model = *file()) {
  TargetOverrides overrides;
  for (const std::string& words : changes) {
    const auto fault = change(overrides, model, change_of(words));
    EXPECT_FALSE(fault) << words << ": " << fault->message;
  }
  return overrides;
}

TEST(TargetOverrides, LeaveTheModelThatFollowsFromThem) {
  struct Case {
    const char* description;
    Words changes, targets, overrides;
  };
  const Words as_in_file{"10.0.0.1", "10.0.0.2"};
  for (const Case& one : {
           Case{"nothing", {}, as_in_file, {}},
           Case{"drained", {"drain 10.0.0.2"}, {"10.0.0.1", "10.0.0.2 (drained)"}, {"main: 10.0.0.2 drained"}},
           Case{"drained twice",
                {"drain 10.0.0.2", "drain 10.0.0.2"},
                {"10.0.0.1", "10.0.0.2 (drained)"},
                {"main: 10.0.0.2 drained"}},
           Case{"written otherwise",
                {"drain 10.0.0.2:80"},
                {"10.0.0.1", "10.0.0.2 (drained)"},
                {"main: 10.0.0.2 drained"}},
           Case{"undrained is as in the file", {"drain 10.0.0.2", "undrain 10.0.0.2"}, as_in_file, {}},
           Case{"undrained though it isn't drained", {"undrain 10.0.0.2"}, as_in_file, {}},
           Case{"deregistered", {"deregister 10.0.0.1"}, {"10.0.0.2"}, {"main: 10.0.0.1 deregistered"}},
           Case{"and registered again", {"deregister 10.0.0.1", "register 10.0.0.1"}, as_in_file, {}},
           Case{
               "drained before it was", {"drain 10.0.0.1", "deregister 10.0.0.1", "register 10.0.0.1"}, as_in_file, {}},
           Case{"registered",
                {"register 10.0.0.3:90"},
                {"10.0.0.1", "10.0.0.2", "10.0.0.3:90"},
                {"main: 10.0.0.3:90 registered"}},
           Case{"registered though it is there", {"register 10.0.0.1"}, as_in_file, {}},
           Case{"registered and drained",
                {"register 10.0.0.3", "drain 10.0.0.3"},
                {"10.0.0.1", "10.0.0.2", "10.0.0.3 (drained)"},
                {"main: 10.0.0.3 registered and drained"}},
           Case{"of those undrained",
                {"register 10.0.0.3", "drain 10.0.0.3", "undrain 10.0.0.3"},
                {"10.0.0.1", "10.0.0.2", "10.0.0.3"},
                {"main: 10.0.0.3 registered"}},
           Case{"registered and deregistered", {"register 10.0.0.3", "deregister 10.0.0.3"}, as_in_file, {}},
           Case{"reset", {"drain 10.0.0.1", "register 10.0.0.3", "reset"}, as_in_file, {}},
           Case{"reset with nothing to reset", {"reset"}, as_in_file, {}},
       }) {
    SCOPED_TRACE(one.description);
    const TargetOverrides overrides = after(one.changes);
    EXPECT_EQ(targets_of(*in_force(overrides, file())), one.targets);
    EXPECT_EQ(overrides_of(overrides), one.overrides);
  }
}

TEST(TargetOverrides, ThatAreNoneLeaveTheFilesModelItself) {
  EXPECT_EQ(in_force({}, file()), file());
}

TEST(TargetOverrides, StayWhateverTheFileBrings) {
  struct Case {
    const char* description;
    Words changes;
    const char* file;
    Words targets;
  };
  for (const Case& one : {
           Case{"a drained one is gone", {"drain 10.0.0.1"}, "10.0.0.2", {"10.0.0.2"}},
           Case{"a deregistered one is gone", {"deregister 10.0.0.1"}, "10.0.0.2", {"10.0.0.2"}},
           Case{"a registered one is there", {"register 10.0.0.3"}, "10.0.0.3", {"10.0.0.3"}},
           Case{"drained in another order",
                {"drain 10.0.0.1"},
                "10.0.0.2, 10.0.0.1",
                {"10.0.0.2", "10.0.0.1 (drained)"}},
       }) {
    SCOPED_TRACE(one.description);
    EXPECT_EQ(targets_of(*in_force(after(one.changes), file_with(one.file))), one.targets);
  }
}

TEST(TargetOverrides, OfATargetThatTheFileHasMeanwhileStillEnd) {
  TargetOverrides overrides = after({"register 10.0.0.3"});
  const ModelPtr later = file_with("10.0.0.1, 10.0.0.3");
  ASSERT_FALSE(change(overrides, *later, change_of("deregister 10.0.0.3")));
  EXPECT_EQ(targets_of(*in_force(overrides, later)), Words{"10.0.0.1"});
}

TEST(TargetOverrides, AFaultChangesNothing) {
  struct Case {
    const char* group;
    const char* change;
    bool is_unknown;
    const char* message;
  };
  for (const Case& one : {
           Case{"mian", "drain 10.0.0.1", true, "there is no target group \"mian\": did you mean \"main\"?"},
           Case{"mian", "reset", true, "there is no target group \"mian\": did you mean \"main\"?"},
           Case{"main", "drain 10.0.0.11", true,
                "there is no target \"10.0.0.11\" in target group main: did you mean \"10.0.0.1\"?"},
           Case{"main", "undrain app", true, "there is no target \"app\" in target group main"},
           Case{"main", "deregister 10.0.0.1:81", true,
                "there is no target \"10.0.0.1:81\" in target group main: did you mean \"10.0.0.1\"?"},
           Case{"main", "register 10.0.0.1:0", false, "a target's port must be 1-65535, not \"0\""},
           Case{"main", "register unix:/a\x1b", false, "a target is text without control characters"},
           Case{"other", "register 10.0.0.1", false,
                "the target \"10.0.0.1\" needs a port: write it, or port in its target group"},
       }) {
    SCOPED_TRACE(one.change);
    TargetOverrides overrides = after({"drain 10.0.0.2"});
    TargetChange wanted = change_of(one.change);
    wanted.group = one.group;
    const auto fault = change(overrides, *file(), wanted);
    ASSERT_TRUE(fault);
    EXPECT_EQ(fault->kind == OverrideFault::Kind::Unknown, one.is_unknown);
    EXPECT_EQ(fault->message, one.message);
    EXPECT_EQ(overrides_of(overrides), Words{"main: 10.0.0.2 drained"});
  }
}

TEST(TargetOverrides, AreBounded) {
  TargetOverrides overrides;
  for (std::size_t i = 1; i <= kMaxOverrides; ++i)
    ASSERT_FALSE(change(overrides, *file(), change_of("register 10.1.0.1:" + std::to_string(i))));
  EXPECT_TRUE(change(overrides, *file(), change_of("register 10.1.0.2")));
  EXPECT_FALSE(change(overrides, *file(), change_of("drain 10.1.0.1:1"))) << "one that is counted already";
}

}  // namespace
}  // namespace kanaria::runtime
