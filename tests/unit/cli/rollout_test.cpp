// The picture of a rollout, line by line.
#include "../../../src/cli/rollout.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <sstream>

namespace kanaria::cli {
namespace {

using Json = nlohmann::ordered_json;

/// As the daemon tells of it.
Json checkout() {
  return Json::parse(R"({
    "name": "checkout", "rule": "http/canary", "phase": "Progressing", "reason": null, "why": "pause of 5m is over",
    "since": "2026-11-23T14:26:12Z", "unkept": null, "revision": "2026-11-23.1", "step": 4, "weight": 0.1,
    "swapped": false, "started_at": "2026-11-23T14:26:12Z", "weight_since": "2026-11-23T14:31:12Z",
    "step_since": "2026-11-23T14:31:12Z", "deadline": "2026-11-23T16:26:12Z", "deadline_seconds_left": 6790,
    "paused_at": null, "ended_at": null,
    "steps": [
      {"step": "set 1%", "is": "passed", "progress": null},
      {"step": "pause 5m", "is": "passed", "progress": null},
      {"step": "set 10%", "is": "passed", "progress": null},
      {"step": "analysis", "is": "running", "progress": "212/300 requests, ~44 s"},
      {"step": "set 50%", "is": "to_come", "progress": null},
      {"step": "pause", "is": "to_come", "progress": null},
      {"step": "set 100%", "is": "to_come", "progress": null},
      {"step": "bake 10m", "is": "to_come", "progress": null}],
    "stable": {"target_group": "app-main", "set": 0.9, "got": 0.9, "requests": 1908, "bad": 4, "p50": 0.008,
               "p90": 0.021, "p99": 0.041, "in_flight": 7, "targets": 2, "healthy": 2},
    "canary": {"target_group": "app-canary", "set": 0.1, "got": 0.1, "requests": 212, "bad": 3, "p50": 0.009,
               "p90": 0.025, "p99": 0.12, "in_flight": 1, "targets": 1, "healthy": 1},
    "matched": 12, "spilled": 0,
    "metrics": [
      {"name": "errors", "type": "error_rate", "evidence": 3.42, "limit": 200, "words": "6.7 x the stable rate",
       "slo": 0.05, "slo_value": 0.01415, "within": true, "bad": {"stable": 4, "canary": 3}},
      {"name": "latency", "type": "latency", "evidence": 1.2, "limit": 200, "words": "p99 +79 ms",
       "slo": 0.8, "slo_value": 0.12, "within": true, "bad": {"stable": 19, "canary": 5}}],
    "verdict": "inconclusive", "verdict_words": "212 of 300 canary requests. Nothing to do.", "dry_run": false,
    "history": [
      {"when": "2026-11-23T14:26:12Z", "phase": "Progressing", "reason": null, "from_step": 0, "to_step": 1,
       "from_weight": 0, "to_weight": 0.01, "why": "started by alice@ci-7"},
      {"when": "2026-11-23T14:31:12Z", "phase": "Progressing", "reason": null, "from_step": 2, "to_step": 3,
       "from_weight": 0.01, "to_weight": 0.1, "why": "pause of 5m is over"}]
  })");
}

constexpr std::string_view kToday = "2026-11-23";

Terminal terminal(int columns, bool has_utf8) {
  Terminal made;
  made.is_terminal = true;
  made.has_utf8 = has_utf8;
  made.columns = columns;
  return made;
}

/// Of a pipe or a file.
Terminal nowhere(bool has_utf8) {
  Terminal made;
  made.has_utf8 = has_utf8;
  return made;
}

constexpr const char* kWhole =
    "checkout  Progressing  step 4 of 8: analysis at 10%         rev 2026-11-23.1\n"
    "http/canary   stable app-main   canary app-canary    deadline in 1h53m\n"
    " 1 set 1% ✓  2 pause 5m ✓  3 set 10% ✓  4 analysis ▶ 212/300 requests, ~44 s\n"
    " 5 set 50%   6 pause       7 set 100%   8 bake 10m\n"
    "\n"
    "since 14:31:12       set    got  requests  bad   rate    p50    p90    p99\n"
    "stable app-main      90%  90.0%     1,908    4  0.21%    8ms   21ms   41ms\n"
    "canary app-canary    10%  10.0%       212    3  1.42%    9ms   25ms  120ms\n"
    "not counted: 12 by match, 0 spilled          in flight 7 + 1\n"
    "\n"
    "evidence that the canary is worse (log scale; a full bar rolls back)\n"
    "errors   ████▋░░░░░░░░░░░░░░░    3.4 of 200    6.7 x the stable rate\n"
    "latency  ▋░░░░░░░░░░░░░░░░░░░    1.2 of 200    p99 +79 ms\n"
    "limits   5xx 1.42% of 5%, p99 120 of 800 ms    within\n"
    "verdict  inconclusive: 212 of 300 canary requests. Nothing to do.\n"
    "\n"
    "health   app-main 2/2   app-canary 1/1\n"
    "14:31:12 step 2 -> 3   weight 1% -> 10%   pause of 5m is over\n"
    "14:26:12 step 0 -> 1   weight 0% -> 1%    started by alice@ci-7\n";

TEST(RolloutPicture, IsTheOneThatWasPromised) {
  EXPECT_EQ(picture(checkout(), terminal(80, true), kToday), kWhole);
  EXPECT_EQ(picture(checkout(), nowhere(true), kToday), kWhole);
}

TEST(RolloutPicture, IsPlainAsciiWhereThereIsNoMore) {
  const std::string text = picture(checkout(), terminal(80, false), kToday);
  EXPECT_TRUE(std::ranges::all_of(text, [](char c) { return static_cast<unsigned char>(c) < 0x80; })) << text;
  EXPECT_NE(text.find(" 1 set 1% +  2 pause 5m +  3 set 10% +  4 analysis > 212/300 requests, ~44 s\n"
                      " 5 set 50%   6 pause       7 set 100%   8 bake 10m\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("errors   ####................    3.4 of 200    6.7 x the stable rate\n"), std::string::npos);
}

TEST(RolloutPicture, HasRoomInFortyColumns) {
  EXPECT_EQ(picture(checkout(), terminal(40, true), kToday),
            "checkout  Progressing\n"
            "step 4 of 8: analysis at 10%\n"
            "rev 2026-11-23.1\n"
            "http/canary   stable app-main\n"
            "canary app-canary      deadline in 1h53m\n"
            " 1 set 1% ✓\n"
            " 2 pause 5m ✓\n"
            " 3 set 10% ✓\n"
            " 4 analysis ▶ 212/300 requests, ~44 s\n"
            " 5 set 50%\n"
            " 6 pause\n"
            " 7 set 100%\n"
            " 8 bake 10m\n"
            "\n"
            "since 14:31:12       set    got\n"
            "stable app-main      90%  90.0%\n"
            "canary app-canary    10%  10.0%\n"
            "not counted: 12 by match, 0 spilled\n"
            "in flight 7 + 1\n"
            "\n"
            "evidence that the canary is worse (log\n"
            "scale; a full bar rolls back)\n"
            "errors   ███▉░░░░░░░░░░░░░    3.4 of 200\n"
            "         6.7 x the stable rate\n"
            "latency  ▌░░░░░░░░░░░░░░░░    1.2 of 200\n"
            "         p99 +79 ms\n"
            "limits   5xx 1.42% of 5%, p99 120 of 800\n"
            "         ms    within\n"
            "verdict  inconclusive: 212 of 300 canary\n"
            "         requests. Nothing to do.\n"
            "\n"
            "health   app-main 2/2   app-canary 1/1\n"
            "14:31:12 step 2 -> 3   weight 1% -> 10%\n"
            "         pause of 5m is over\n"
            "14:26:12 step 0 -> 1   weight 0% -> 1%\n"
            "         started by alice@ci-7\n");
}

TEST(RolloutPicture, FitsEveryWidth) {
  Json rollout = checkout();
  rollout["canary"]["target_group"] = std::string(64, 'c');
  rollout["metrics"][0]["name"] = std::string(64, 'm');
  rollout["metrics"][0]["evidence"] = 1.5e300;
  for (std::size_t i = 0; i < 92; ++i)
    rollout["steps"].push_back({{"step", "analysis"}, {"is", "to_come"}, {"progress", nullptr}});
  for (int columns = 20; columns <= 200; ++columns) {
    std::istringstream lines(picture(rollout, terminal(columns, true), kToday));
    for (std::string line; std::getline(lines, line);)
      ASSERT_LE(width_of(line), static_cast<std::size_t>(columns)) << line;
  }
}

TEST(RolloutPicture, CutsNothingWhereNobodyLooks) {
  Json rollout = checkout();
  const std::string name(64, 'c');
  rollout["canary"]["target_group"] = name;
  EXPECT_NE(picture(rollout, nowhere(true), kToday).find("canary " + name + "    10%"), std::string::npos);
}

TEST(RolloutPicture, HasColourOnlyWhereItIsWanted) {
  Terminal colourful = terminal(80, true);
  colourful.has_colour = true;
  std::string text = picture(checkout(), colourful, kToday);
  EXPECT_NE(text.find("checkout  \x1b[1mProgressing\x1b[0m  step 4"), std::string::npos) << text;
  // Without its colours it is the same.
  for (std::size_t at = 0; (at = text.find('\x1b')) != std::string::npos;) text.erase(at, text.find('m', at) + 1 - at);
  EXPECT_EQ(text, kWhole);
}

TEST(RolloutPicture, OfWhatWaitsSaysForWhat) {
  Json rollout = checkout();
  rollout["phase"] = "Paused";
  rollout["reason"] = "StepPause";
  rollout["why"] = "step 6 waits for promote";
  rollout["step"] = 6;
  rollout["weight"] = 0.5;
  rollout["deadline_seconds_left"] = nullptr;
  rollout["unkept"] = "the disk is full";
  EXPECT_TRUE(picture(rollout, terminal(80, true), kToday)
                  .starts_with("checkout  Paused(StepPause)  step 6 of 8: pause at 50%      rev 2026-11-23.1\n"
                               "http/canary   stable app-main   canary app-canary\n"
                               "! step 6 waits for promote\n"
                               "  kanaria rollout promote checkout goes on\n"
                               "! a restart would lose where it stands: the disk is full\n"
                               " 1 set 1%"))
      << picture(rollout, terminal(80, true), kToday);
  rollout["phase"] = "Degraded";
  rollout["reason"] = "AnalysisFailed";
  rollout["why"] = "errors: evidence 204 of 200";
  rollout["metrics"][0]["evidence"] = 204.4;
  rollout["metrics"][0]["slo_value"] = 0.06;
  rollout["metrics"][0]["within"] = false;
  const std::string text = picture(rollout, terminal(80, true), kToday);
  for (const char* part : {"checkout  Degraded(AnalysisFailed)  taken back in step 6 of 8",
                           "\n! errors: evidence 204 of 200\n  kanaria rollout retry checkout begins again\n",
                           "errors   ████████████████████    204 of 200    6.7 x the stable rate\n",
                           "limits   5xx 6.00% of 5%, p99 120 of 800 ms    OVER\n"})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(RolloutPicture, AtRestHasNoTrafficAndNoEvidence) {
  Json rollout = checkout();
  for (const char* key : {"revision", "step", "weight", "started_at", "weight_since", "deadline_seconds_left", "why"})
    rollout[key] = nullptr;
  rollout["phase"] = "Healthy";
  rollout["history"] = Json::array();
  for (Json& step : rollout["steps"]) step = {{"step", step["step"]}, {"is", "to_come"}, {"progress", nullptr}};
  EXPECT_EQ(picture(rollout, terminal(80, true), kToday),
            "checkout  Healthy  the file's weights are in force\n"
            "http/canary   stable app-main   canary app-canary\n"
            " 1 set 1%   2 pause 5m  3 set 10%   4 analysis\n"
            " 5 set 50%  6 pause     7 set 100%  8 bake 10m\n"
            "\n"
            "health   app-main 2/2   app-canary 1/1\n");
}

TEST(RolloutPicture, OfAClassicRuleHasItsWords) {
  Json rollout = checkout();
  rollout["metrics"].erase(1);
  Json& metric = rollout["metrics"][0];
  metric["name"] = "legacy";
  metric["type"] = "threshold";
  metric["evidence"] = metric["limit"] = nullptr;
  metric["words"] = "2 of 5 failed";
  rollout["dry_run"] = true;
  const std::string text = picture(rollout, terminal(80, true), kToday);
  EXPECT_NE(text.find("dry run: nothing rolls back)\nlegacy   2 of 5 failed\nverdict  "), std::string::npos) << text;
}

TEST(RolloutPicture, OfAnotherDayHasTheDate) {
  const std::string text = picture(checkout(), terminal(80, true), "2026-11-24");
  for (const char* part : {"since 11-23 14:31    set", "\n11-23 14:31 step 2 -> 3 "})
    EXPECT_NE(text.find(part), std::string::npos) << part << "\n" << text;
}

TEST(RolloutStatus, EndsWithWhatAScriptNeeds) {
  const struct {
    const char* phase;
    const char* reason;
    std::optional<int> ended;
    bool waits;
  } cases[] = {
      {"Healthy", nullptr, {}, false},  {"Healthy", "Completed", 0, false},   {"Progressing", nullptr, {}, false},
      {"Paused", "StepPause", 3, true}, {"Paused", "Inconclusive", 3, true},  {"Baking", nullptr, {}, false},
      {"Baking", "Handover", 0, true},  {"Degraded", "ManualAbort", 1, true},
  };
  for (const auto& example : cases) {
    const Json rollout = {{"phase", example.phase}, {"reason", example.reason ? Json(example.reason) : Json()}};
    EXPECT_EQ(ended_with(rollout), example.ended) << phase_text(rollout);
    EXPECT_EQ(waits_for_a_person(rollout), example.waits) << phase_text(rollout);
  }
}

}  // namespace
}  // namespace kanaria::cli
