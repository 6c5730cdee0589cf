// What a file says about rollouts, what is odd in it, and how they are told in words.
#include "rollouts.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "kanaria/config/print.hpp"
#include "kanaria/config/summary.hpp"

namespace kanaria::config {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;

using Reports = std::vector<std::string>;

Rollout rollout(const std::string& text) {
  const Loaded loaded = parse("test.yaml", text, no_environment);
  EXPECT_TRUE(loaded.model) << render(loaded);
  return loaded.model ? loaded.model->rollouts.front() : Rollout{};
}

Model example() {
  return *load(KANARIA_SOURCE_DIR "/config/rollout.yaml", no_environment).model;
}

TEST(Rollouts, NeedFiveKeysAndHaveDefaultsForTheRest) {
  const Rollout found = rollout(with_keys(""));
  Rollout expected;
  expected.name = "checkout";
  expected.rule = {"web/split", {}};
  expected.stable = {"main", {}};
  expected.canary = {"canary", {}};
  expected.steps = {{SetWeight{1'000}, {}}, {PauseStep{5min}, {}}, {SetWeight{kWholeRule}, {}}};
  EXPECT_EQ(found, expected);
  EXPECT_EQ(reports(kBase), Reports{});
  EXPECT_EQ(reports(with_keys("hooks: []")), Reports{"21:5 \"hooks\" is not available yet"});
}

TEST(Rollouts, OfTheExampleAreReadInFull) {
  const Rollout found = example().rollouts.front();
  EXPECT_EQ(found.rule.value, "http/canary");
  EXPECT_EQ(found.revision, std::nullopt);
  ASSERT_EQ(found.steps.size(), 7U);
  EXPECT_EQ(std::get<SetWeight>(found.steps[0].of).weight, 100);
  EXPECT_EQ(std::get<AnalysisStep>(found.steps[3].of), (AnalysisStep{300, 30min}));
  EXPECT_EQ(std::get<PauseStep>(found.steps[5].of).duration, std::nullopt);
  ASSERT_EQ(found.match.size(), 2U);
  EXPECT_EQ(summary(found.match[0].conditions), "header X-Canary \"always\"");
  EXPECT_EQ(found.match[1].target_group.value, "app-main");
  ASSERT_EQ(found.analysis.metrics.size(), 3U);
  EXPECT_EQ(std::get<ErrorRate>(found.analysis.metrics[0].of).slo_max, 0.05);
  EXPECT_EQ(std::get<Latency>(found.analysis.metrics[1].of).slo_p99_max, 800ms);
  EXPECT_EQ(std::get<Threshold>(found.analysis.metrics[2].of).min_success_rate, 0.9);
  EXPECT_EQ(std::get<Threshold>(found.analysis.metrics[2].of).failure_limit, 5);
}

TEST(Rollouts, HaveARevisionFromTheEnvironment) {
  const auto revision = [](const char* value) {
    const Environment environment = [&](std::string_view) { return std::optional<std::string>(value); };
    return parse("test.yaml", with_keys("revision: ${REVISION:-none}"), environment).model->rollouts.front().revision;
  };
  EXPECT_EQ(revision("2026-11-23.1"), "2026-11-23.1");
  EXPECT_EQ(revision(""), std::nullopt);
  EXPECT_EQ(revision("none"), std::nullopt);
}

TEST(Rollouts, GiveAnalysisStepsTheirOwnNumberOfRequests) {
  const auto requests = [](std::string_view analysis) {
    const std::string text = with_steps("{set_weight: 1%}, {analysis: {}}, {set_weight: 100%}");
    return std::get<AnalysisStep>(rollout(with("bake_time: 10m", analysis, text)).steps[1].of).min_canary_requests;
  };
  EXPECT_EQ(requests(""), 100);
  EXPECT_EQ(requests("analysis: {min_canary_requests: 7}"), 7);
  EXPECT_EQ(requests("analysis: {min_canary_requests: 0}"), 1);
}

TEST(Rollouts, TakeSharesAndNumbersWithDecimals) {
  const Rollout found =
      rollout(with_keys("holdback: 12.50%\n    analysis: {tolerance: \"1.000001\", false_rollback_rate: "
                        "0.499999, metrics: [{name: a, type: error_rate, slo_max: 0.0001%}]}"));
  EXPECT_EQ(found.holdback, 1'250);
  EXPECT_EQ(found.analysis.tolerance, 1.000001);
  EXPECT_EQ(found.analysis.false_rollback_rate, 0.499999);
  EXPECT_EQ(std::get<ErrorRate>(found.analysis.metrics[0].of).slo_max, 0.000001);
  EXPECT_EQ(std::get<SetWeight>(rollout(with("10%", "0.01%")).steps[0].of).weight, 1);
  EXPECT_EQ(std::get<SetWeight>(rollout(with("10%", "0%")).steps[0].of).weight, 0);
}

// ---- what is odd

TEST(Rollouts, WarnOfWhatIsOnlyOdd) {
  const std::string sticky = "}], stickiness: {enabled: true}}}\n      - name: three";
  struct Case {
    const char* description;
    std::string text;
    Reports expected;
  };
  for (const Case& one : {
           Case{"a canary with traffic at rest",
                with("canary, weight: 0", "canary, weight: 10"),
                {"9:78 warning: while the rollout \"checkout\" is at rest, the canary \"canary\" gets this weight, 10: "
                 "write 0 to begin with nothing"}},
           Case{"a step that nobody judges",
                with_steps("{set_weight: 1%}, {set_weight: 10%}, {pause: {}}, {set_weight: 100%}"),
                {"22:13 warning: nothing is judged at 1%: the next step follows at once; write a pause or an analysis "
                 "between them"}},
           Case{"all at once",
                with_steps("{set_weight: 100%}"),
                {"22:13 warning: the first set_weight gives the canary everything: there is nothing left to compare it "
                 "with"}},
           Case{"stickiness",
                with("}]}}\n      - name: three", sticky),
                {"18:11 warning: the rule has stickiness, so only a user's first request is evidence: write split: "
                 "per_user there, or slo_max in a metric of type: error_rate"}},
           Case{"stickiness with a limit",
                with("}]}}\n      - name: three", sticky, with_metric("name: a, type: error_rate, slo_max: 5%")),
                {}},
           Case{"a dry run",
                with_keys("analysis: {dry_run: true}"),
                {"17:5 warning: analysis has dry_run: true: it tells what it would do, and does nothing"}},
           Case{"pauses beyond the deadline",
                with("5m", "2h"),
                {"17:5 warning: the pauses of its steps take 2h, and progress_deadline is 2h: the rollout can't end in "
                 "time"}},
           Case{"a start that never comes",
                with_keys("auto_start: true"),
                {"17:5 warning: auto_start means nothing without revision: a new one is what starts the rollout"}},
           Case{"a start that comes", with_keys("auto_start: true\n    revision: r1"), {}},
           Case{"steps that fall as they may",
                with("bake_time: 10m", "allow_decrease: true",
                     with_steps("{set_weight: 9%}, {pause: {}}, {set_weight: 5%}, {pause: {}}, {set_weight: 100%}")),
                {}},
       }) {
    EXPECT_EQ(reports(one.text), one.expected) << one.description;
  }
}

// ---- in words

TEST(Rollouts, AreShownWithEveryDefault) {
  const std::string shown = to_yaml(*parse("test.yaml", with_keys(""), no_environment).model);
  EXPECT_EQ(shown.substr(shown.find("rollouts:")), R"(rollouts:
  - name: "checkout"
    rule: "web/split"
    stable: "main"
    canary: "canary"
    revision: none
    steps:
      - set_weight: 10%
      - pause: {duration: 5m}
      - set_weight: 100%
    bake_time: 10m
    match: []
    analysis:
      metrics:
        - {name: "errors", type: error_rate, slo_max: none, bad: {matcher: "500-599", connect_error: true, timeout: true, reset: true}}
        - {name: "latency", type: latency, slo_p99_max: none}
      false_rollback_rate: 0.01
      tolerance: 1.25
      initial_delay: 30s
      min_canary_requests: 100
      on_inconclusive: pause
      on_incident: pause
      dry_run: false
    allow_decrease: false
    auto_start: false
    on_complete: handover
    holdback: 0%
    state_max_age: 1d
    undo_window: 1d
    progress_deadline: 2h
    unhealthy_abort_after: 10s
)");
}

TEST(Rollouts, ThatChangeAreToldInAReload) {
  struct Case {
    const char* description;
    std::string from;
    std::string to;
    Reports expected;
  };
  for (const Case& one : {
           Case{"nothing", "rollouts:", "rollouts:  # it", {}},
           Case{"another name",
                "name: checkout",
                "name: basket",
                {"rollout checkout removed", "rollout basket added (web/split: 10% 5m, 100%)"}},
           Case{"a revision", "bake_time: 10m", "revision: r2", {"rollout checkout: revision: none -> r2"}},
           Case{"steps", "10%", "1%", {"rollout checkout: steps: 10% 5m, 100% -> 1% 5m, 100%"}},
           Case{"a share", "bake_time: 10m", "holdback: 2.5%", {"rollout checkout: holdback: 0% -> 2.5%"}},
           Case{"a match",
                "bake_time: 10m",
                "match: [{path_pattern: [/a], target_group: main}]",
                {"rollout checkout: match changed"}},
           Case{"metrics",
                "bake_time: 10m",
                "analysis: {metrics: [{name: latency, type: latency, slo_p99_max: 1s}, {name: x, type: latency}]}",
                {"rollout checkout: metric errors removed", "rollout checkout: metric latency slo_p99_max: none -> 1s",
                 "rollout checkout: metric x added (latency)"}},
           Case{"their order",
                "bake_time: 10m",
                "analysis: {metrics: [{name: latency, type: latency}, {name: errors, type: error_rate}]}",
                {"rollout checkout: the order of its metrics changed"}},
           Case{"an analysis",
                "bake_time: 10m",
                "analysis: {tolerance: 2, dry_run: true}",
                {"rollout checkout: tolerance: 1.25 -> 2", "rollout checkout: dry_run: false -> true"}},
       }) {
    const Model before = *parse("test.yaml", kBase, no_environment).model;
    const Loaded after = parse("test.yaml", with(one.from, one.to), no_environment);
    ASSERT_TRUE(after.model) << one.description << render(after);
    EXPECT_EQ(differences(before, *after.model), one.expected) << one.description;
  }
}

TEST(Rollouts, AreOutlinedInAFewLines) {
  EXPECT_THAT(
      outline(example().rollouts.front()),
      ElementsAre("rollout checkout  http/canary  app-main -> app-canary",
                  "  1% 5m, 10% analysis, 50% until promote, 100%, bake 10m",
                  "  at least 15m; before 100% the canary gets as many requests as the rule does in 3s, and those of "
                  "steps that wait"));
  const auto last = [](const std::string& text) { return outline(rollout(text)).back(); };
  EXPECT_EQ(last(kBase), "  at least 15m; before 100% the canary gets as many requests as the rule does in 30s");
  EXPECT_EQ(last(with("5m", "100m")),
            "  at least 110m; before 100% the canary gets as many requests as the rule does in 10m");
  EXPECT_EQ(last(with("{duration: 5m}", "{}")),
            "  at least 10m; before 100% the canary gets the requests of steps that wait");
  EXPECT_EQ(last(with_steps("{set_weight: 100%}, {pause: {duration: 5m}}")), "  at least 15m");
  EXPECT_EQ(outline(rollout(with_keys("holdback: 5%")))[1], "  10% 5m, 100%, bake 10m with 5% on stable");
}

}  // namespace
}  // namespace kanaria::config
