// What is refused in a rollout, a row for each fault.
#include "rollouts.hpp"

namespace kanaria::config {
namespace {

using Reports = std::vector<std::string>;

TEST(Rollouts, RefuseStepsThatLeadNowhere) {
  struct Case {
    const char* description;
    const char* steps;
    Reports expected;
  };
  for (const Case& one : {
           Case{"none", "", {"22:12 steps needs at least one step: - set_weight: 100%"}},
           Case{"no weight", "{pause: {}}", {"22:13 steps have no set_weight: the last one must be 100%"}},
           Case{"the end is missing",
                "{set_weight: 10%}, {set_weight: 99.99%}, {pause: {}}",
                {"22:32 the last set_weight must be 100%, not 99.99%: a rollout ends with the canary in charge"}},
           Case{"they fall",
                "{set_weight: 50%}, {pause: {}}, {set_weight: 10%}, {pause: {}}, {set_weight: 100%}",
                {"22:45 set_weight falls from 50% to 10%: write allow_decrease: true in the rollout if that is meant"}},
           Case{"two keys in one",
                "{set_weight: 100%, pause: {}}",
                {"22:39 a step takes only one of set_weight, pause or analysis, and set_weight is written already"}},
           Case{"no key", "{}", {"22:13 a step needs one of set_weight, pause or analysis"}},
           Case{"no mapping", "100%", {"22:13 a step must be a mapping, not a single value"}},
           Case{"no sign",
                "{set_weight: 100}",
                {"22:26 set_weight must be a percentage with its sign: write 100%, not 100"}},
           Case{"more than all", "{set_weight: 100.01%}", {"22:26 set_weight must be 0%-100%, not 100.01%"}},
           Case{"less than nothing", "{set_weight: -1%}", {"22:26 set_weight must be 0%-100%, not -1%"}},
           Case{"too fine", "{set_weight: 0.001%}", {"22:26 set_weight goes in steps of 0.01%, not \"0.001%\""}},
           Case{"zeros", "{set_weight: 01%}", {"22:26 set_weight must be written without leading zeros: 1%, not 01%"}},
           Case{"a word", "{set_weight: all}", {"22:26 set_weight must be a percentage such as 10%, not \"all\""}},
           Case{"half a number",
                "{set_weight: 1.%}",
                {"22:26 set_weight must be a percentage such as 10%, not \"1.%\""}},
           Case{"a bare pause",
                "{pause: 5m}, {set_weight: 100%}",
                {"22:21 pause must be a mapping: write pause: {duration: 5m}"}},
           Case{"an empty pause",
                "{pause: }, {set_weight: 100%}",
                {"22:21 pause must be a mapping: write pause: {}, which waits for `kanaria rollout promote`"}},
           Case{"a pause of nothing",
                "{pause: {duration: 0}}, {set_weight: 100%}",
                {"22:32 duration must be 1s-365d, not 0"}},
           Case{"an analysis without requests",
                "{analysis: {min_canary_requests: 0}}, {set_weight: 100%}",
                {"22:46 min_canary_requests must be 1-1000000000, not 0"}},
           Case{"an endless wait",
                "{analysis: {max_wait: forever}}, {set_weight: 100%}",
                {"22:35 max_wait must be none or a duration such as 30, 250ms, 30s, 5m, 1h or 7d, not \"forever\""}},
           Case{"Argo's word",
                "{setWeight: 10}",
                {"22:14 \"setWeight\" is called set_weight here and takes a percentage such as 10%"}},
       }) {
    EXPECT_EQ(reports(with_steps(one.steps)), one.expected) << one.description;
  }
  std::string many;
  for (int i = 0; i < 100; ++i) many += "{pause: {}}, ";
  EXPECT_EQ(reports(with_steps(many + "{set_weight: 100%}")), Reports{"22:12 steps has at most 100 steps, not 101"});
}

TEST(Rollouts, RefuseWhatDoesNotFitTheRestOfTheFile) {
  struct Case {
    const char* description;
    std::string from;
    std::string to;
    Reports expected;
  };
  for (const Case& one : {
           Case{"nothing to keep it in",
                "state_dir: /s",
                "state_dir: none",
                {"17:5 a rollout must outlive a restart: write state_dir, a directory where it is kept"}},
           Case{"one group for both",
                "canary: canary",
                "canary: main",
                {"20:13 stable and canary must be two target groups, not both \"main\""}},
           Case{"no such group",
                "canary: canary",
                "canary: canari",
                {"20:13 there is no target group \"canari\": did you mean \"canary\"?"}},
           Case{"no such groups",
                "main\n    canary: canary",
                "old\n    canary: new",
                {"19:13 there is no target group \"old\"", "20:13 there is no target group \"new\""}},
           Case{"no such rule",
                "web/split\n",
                "web/splt\n",
                {"18:11 there is no rule \"web/splt\": did you mean \"web/split\"?"}},
           Case{"no listener before it",
                "web/split\n",
                "split\n",
                {"18:11 rule must be LISTENER/RULE or LISTENER/default, not \"split\": did you mean \"web/split\"?"}},
           Case{"neither",
                "web/split\n",
                "checkout\n",
                {"18:11 rule must be LISTENER/RULE or LISTENER/default, not \"checkout\""}},
           Case{"a rule without weights",
                "web/split\n",
                "web/default\n",
                {"18:11 the rule \"web/default\" has no weights to set, it is fixed_response 404: a rollout needs a "
                 "forward action"}},
           Case{"three groups",
                "web/split\n",
                "web/three\n",
                {"18:11 the rule \"web/three\" must forward to exactly main and canary, and its action is: forward to "
                 "main canary other"}},
           Case{"other groups",
                "stable: main",
                "stable: other",
                {"18:11 the rule \"web/split\" must forward to exactly other and canary, and its action is: forward to "
                 "main canary"}},
           Case{"two rollouts of a rule",
                "rollouts:",
                "rollouts:\n  - {name: a, rule: web/split, stable: main, canary: canary, steps: [{set_weight: 0%}, "
                "{pause: {}}, {set_weight: 100%}]}",
                {"19:11 the rule \"web/split\" already has the rollout \"a\" in line 17"}},
           Case{"two of a name",
                "rollouts:",
                "rollouts:\n  - {name: checkout, rule: web/gone, stable: main, canary: canary, steps: [{set_weight: "
                "100%}]}",
                {"17:28 there is no rule \"web/gone\"",
                 "18:11 the rollout name \"checkout\" is already used in line 17: names are unique"}},
           Case{"a group that isn't part of it",
                "bake_time: 10m",
                "match: [{path_pattern: [/a], target_group: other}]",
                {"21:48 a match leads to one of the rollout's groups, main or canary, not to \"other\""}},
           Case{"more values than a rule may have",
                "bake_time: 10m",
                "match: [{path_pattern: [/a, /b, /c], host_header: [a, b, c], target_group: main}]",
                {"21:13 a match's conditions have at most 5 values together, not 6"}},
           Case{"two metrics of a name",
                "bake_time: 10m",
                "analysis: {metrics: [{name: a, type: latency}, {name: a, type: error_rate}]}",
                {"21:52 the metric name \"a\" is already used in line 21: names are unique"}},
       }) {
    EXPECT_EQ(reports(with(one.from, one.to)), one.expected) << one.description;
  }
}

TEST(Rollouts, RefuseValuesOutOfRange) {
  struct Case {
    const char* keys;
    Reports expected;
  };
  for (const Case& one : {
           Case{"revision: a b", {"21:15 revision must be 1-64 of A-Z a-z 0-9 _ . -, not \"a b\""}},
           Case{"bake_time: 31d", {"21:16 bake_time must be 0s-30d, not 31d"}},
           Case{"holdback: 50.01%", {"21:15 holdback must be 0%-50%, not 50.01%"}},
           Case{"holdback: 5", {"21:15 holdback must be a percentage with its sign: write 5%, not 5"}},
           Case{"state_max_age: 59s", {"21:20 state_max_age must be 1m-365d, not 59s"}},
           Case{"undo_window: 366d", {"21:18 undo_window must be 0s-365d, not 366d"}},
           Case{"progress_deadline: 59s", {"21:24 progress_deadline must be 1m-365d, not 59s"}},
           Case{"unhealthy_abort_after: 0", {"21:28 unhealthy_abort_after must be 1s-1h, not 0"}},
           Case{"on_complete: swop",
                {"21:18 on_complete must be handover or swap, not \"swop\": did you mean \"swap\"?"}},
           Case{"auto_start: yes", {"21:17 auto_start must be true or false, not \"yes\""}},
           Case{"steps_: []", {"21:5 unknown key \"steps_\": did you mean \"steps\"?"}},
           Case{"match: [{path_pattern: [/a]}]", {"21:13 a match needs target_group"}},
           Case{"match: [{target_group: main}]",
                {"21:13 a match needs a condition beside target_group, such as http_header: {http_header_name: "
                 "X-Canary, values: [always]}"}},
           Case{"match: [{path_pattern: [], target_group: main}]", {"21:28 path_pattern needs at least one value"}},
           Case{"match: {}", {"21:12 match must be a list, not a mapping"}},
           Case{"analysis: {false_rollback_rate: 0}",
                {"21:37 false_rollback_rate must be a number above 0 and below 0.5, not \"0\""}},
           Case{"analysis: {false_rollback_rate: 0.5}",
                {"21:37 false_rollback_rate must be a number above 0 and below 0.5, not \"0.5\""}},
           Case{"analysis: {false_rollback_rate: 1%}",
                {"21:37 false_rollback_rate must be a number above 0 and below 0.5, not \"1%\""}},
           Case{"analysis: {false_rollback_rate: 0.0000001}",
                {"21:37 false_rollback_rate has at most 6 decimals, not as \"0.0000001\""}},
           Case{"analysis: {tolerance: 0.9}", {"21:27 tolerance must be a number 1-10, not \"0.9\""}},
           Case{"analysis: {tolerance: 10.1}", {"21:27 tolerance must be a number 1-10, not \"10.1\""}},
           Case{"analysis: {initial_delay: 61m}", {"21:31 initial_delay must be 0s-1h, not 61m"}},
           Case{"analysis: {min_canary_requests: -1}", {"21:37 min_canary_requests must be 0-1000000000, not -1"}},
           Case{"analysis: {on_inconclusive: wait}",
                {"21:33 on_inconclusive must be pause, promote or abort, not \"wait\""}},
           Case{"analysis: {on_incident: promote}", {"21:29 on_incident must be pause or abort, not \"promote\""}},
           Case{"analysis: {metrics: []}",
                {"21:25 metrics needs at least one metric: without the key there are {name: errors, type: error_rate} "
                 "and {name: latency, type: latency}"}},
           Case{"analysis: {stepWeight: 10}",
                {"21:16 \"stepWeight\" is written as steps here: [{set_weight: 10%}, {pause: {duration: 5m}}, ...]"}},
       }) {
    EXPECT_EQ(reports(with_keys(one.keys)), one.expected) << one.keys;
  }
  std::string matches = "match: [";
  for (int i = 0; i < 17; ++i) matches += "{path_pattern: [/a], target_group: main}, ";
  EXPECT_EQ(reports(with_keys(matches + "]")), Reports{"21:12 match has at most 16 entries, not 17"});
}

TEST(Rollouts, RefuseMetricsThatMakeNoSense) {
  struct Case {
    const char* keys;
    Reports expected;
  };
  for (const Case& one : {
           Case{"name: a", {"21:26 a metric needs type"}},
           Case{"type: latency", {"21:26 a metric needs name"}},
           Case{"name: a, type: eror_rate",
                {"21:42 type must be error_rate, latency or threshold, not \"eror_rate\": did you mean "
                 "\"error_rate\"?"}},
           Case{"name: a, type: latency, slo_max: 5%",
                {"21:60 slo_max belongs to a metric of type: error_rate, not latency"}},
           Case{"name: a, type: latency, bad: {}", {"21:56 bad belongs to a metric of type: error_rate, not latency"}},
           Case{"name: a, type: error_rate, slo_p99_max: 1s",
                {"21:67 slo_p99_max belongs to a metric of type: latency, not error_rate"}},
           Case{"name: a, type: error_rate, interval: 1m",
                {"21:64 interval belongs to a metric of type: threshold, not error_rate"}},
           Case{"name: a, type: error_rate, slo_max: 0%", {"21:63 slo_max must be none or 0.0001%-99.9999%, not 0%"}},
           Case{"name: a, type: error_rate, slo_max: 0.05",
                {"21:63 slo_max must be a percentage with its sign: write 0.05%, not 0.05"}},
           Case{"name: a, type: latency, slo_p99_max: 2h", {"21:64 slo_p99_max must be none or 1ms-1h, not 2h"}},
           Case{"name: a, type: error_rate, bad: {matcher: 5xx}",
                {"21:69 matcher must be statuses such as \"200\", \"200,202\" or \"200-299\", not \"5xx\": write "
                 "\"500-599\""}},
           Case{"name: a, type: error_rate, bad: {matcher: 600}", {"21:69 matcher takes statuses of 100-599, not 600"}},
           Case{"name: a, type: threshold", {"21:26 a metric needs metric"}},
           Case{"name: a, type: threshold, metric: p99", {"21:26 a metric needs max"}},
           Case{"name: a, type: threshold, metric: success_rate", {"21:26 a metric needs min"}},
           Case{"name: a, type: threshold, metric: p95, max: 1s",
                {"21:61 metric must be success_rate or p99, not \"p95\": did you mean \"p99\"?"}},
           Case{"name: a, type: threshold, metric: p99, min: 1s",
                {"21:71 metric: p99 takes max, such as 800ms, and not min"}},
           Case{"name: a, type: threshold, metric: success_rate, max: 1s",
                {"21:80 metric: success_rate takes min, such as 99%, and not max"}},
           Case{"name: a, type: threshold, metric: success_rate, min: 101%", {"21:80 min must be 0%-100%, not 101%"}},
           Case{"name: a, type: threshold, metric: p99, max: 2h", {"21:71 max must be 1ms-1h, not 2h"}},
           Case{"name: a, type: threshold, metric: p99, max: 1s, interval: 0", {"21:85 interval must be 1s-1d, not 0"}},
           Case{"name: a, type: threshold, metric: p99, max: 1s, failure_limit: 1001",
                {"21:90 failure_limit must be 0-1000, not 1001"}},
           Case{"name: a, type: threshold, successCondition: \"result[0] >= 0.95\"",
                {"21:53 \"successCondition\" is written as min: 99% or max: 800ms here, in a metric of type: "
                 "threshold"}},
       }) {
    EXPECT_EQ(reports(with_metric(one.keys)), one.expected) << one.keys;
  }
  std::string metrics = "analysis: {metrics: [";
  for (int i = 0; i < 9; ++i) metrics += "{name: m" + std::to_string(i) + ", type: latency}, ";
  EXPECT_EQ(reports(with_keys(metrics + "]}")), Reports{"21:25 metrics has at most 8 metrics, not 9"});
}

}  // namespace
}  // namespace kanaria::config
