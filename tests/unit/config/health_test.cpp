// What a target group says about health, balancing, retries and bounds, and the faults of each.
#include <gtest/gtest.h>

#include <cstdint>

#include "kanaria/config/matcher.hpp"
#include "reports.hpp"

namespace kanaria::config {
namespace {

using namespace std::chrono_literals;

using Reports = std::vector<std::string>;

/// A file whose group's keys begin in line 3, column 15.
Loaded with(std::string_view keys, std::string_view targets = "\"127.0.0.1:1\"") {
  return parse("test.yaml",
               "listeners: [{port: 80, default_action: {target_group: a}}]\ntarget_groups:\n  - {name: a, " +
                   std::string(keys) + ",\n     targets: [" + std::string(targets) + "]}\n",
               no_environment);
}

TargetGroup group(std::string_view keys) {
  const Loaded loaded = with(keys);
  EXPECT_EQ(render(loaded), "") << keys;
  return loaded.model ? loaded.model->target_groups.front() : TargetGroup{};
}

TEST(Matcher, HoldsStatusesAndRanges) {
  struct Case {
    const char* text;
    std::vector<std::uint16_t> matches;
    std::vector<std::uint16_t> matches_not;
  };
  for (const Case& one : {Case{"200", {200}, {199, 201, 0}}, Case{"200,202", {200, 202}, {201, 203}},
                          Case{"200-299", {200, 250, 299}, {199, 300, 500}},
                          Case{"200,301-399,404", {200, 301, 350, 399, 404}, {201, 300, 400, 403, 405}},
                          Case{"200-499", {200, 499}, {100, 500, 503}}, Case{"499-499", {499}, {498, 500}}}) {
    std::string fault;
    const auto matcher = Matcher::parse(one.text, fault);
    ASSERT_TRUE(matcher) << fault;
    for (const auto status : one.matches) EXPECT_TRUE(matcher->matches(status)) << one.text << ' ' << status;
    for (const auto status : one.matches_not) EXPECT_FALSE(matcher->matches(status)) << one.text << ' ' << status;
    EXPECT_EQ(Matcher::parse(matcher->to_string(), fault), matcher);
  }
  std::string fault;
  EXPECT_EQ(Matcher::parse("200,202-204,299-299", fault)->to_string(), "200,202-204,299");
  EXPECT_EQ(Matcher().to_string(), "200");
}

TEST(Matcher, ThatIsNotAlbsIsAnsweredWithWhatToWrite) {
  const std::string forms = R"(matcher must be statuses such as "200", "200,202" or "200-299", not )";
  std::string long_list = "200";
  for (int i = 0; i < 64; ++i) long_list += ",200";
  for (const auto& [written, fault] : std::vector<std::pair<std::string, std::string>>{
           {"2xx", forms + "\"2xx\": write \"200-299\""},
           {"2XX,404", forms + "\"2XX,404\": write \"200-299,404\""},
           {"200, 202", forms + "\"200, 202\": write \"200,202\""},
           {"200 - 299", forms + "\"200 - 299\": write \"200-299\""},
           {"ok", forms + "\"ok\""},
           {"xx", forms + "\"xx\""},
           {"200-", forms + "\"200-\""},
           {"-200", forms + "\"-200\""},
           {"200,", forms + "\"200,\""},
           {"200,,202", forms + "\"200,,202\""},
           {"200-250-299", forms + "\"200-250-299\""},
           {"20", forms + "\"20\""},
           {"2000", forms + "\"2000\""},
           {"020", forms + "\"020\""},
           {"+200", forms + "\"+200\""},
           {"503", "matcher takes statuses of 200-499, not 503"},
           {"199", "matcher takes statuses of 200-499, not 199"},
           {"400-599", "matcher takes statuses of 200-499, not 599"},
           {"299-200", "matcher has a range that runs backwards: write 200-299, not 299-200"},
           {long_list, "matcher must have at most 64 statuses and ranges, not 65"}}) {
    EXPECT_EQ(reports(with("health_check: {matcher: \"" + written + "\"}").diagnostics), Reports{"3:39 " + fault});
  }
}

TEST(TargetGroups, TakeTerraformsSpellings) {
  const TargetGroup read = group(R"(deregistration_delay: "300", slow_start: 30,
     load_balancing_anomaly_mitigation: "off", load_balancing_algorithm_type: "round_robin",
     health_check: {enabled: true, healthy_threshold: 5, unhealthy_threshold: 2, interval: 10, timeout: "2",
                    path: "/health?deep=1", port: "8080", protocol: "HTTP", matcher: 200},
     target_group_health: {unhealthy_state_routing: {minimum_healthy_targets_count: "1",
                                                     minimum_healthy_targets_percentage: "50"}})");
  EXPECT_EQ(read.deregistration_delay, 300s);
  EXPECT_EQ(read.slow_start, 30s);
  EXPECT_FALSE(read.load_balancing_anomaly_mitigation);
  EXPECT_EQ(read.health_check.healthy_threshold, 5);
  EXPECT_EQ(read.health_check.unhealthy_threshold, 2);
  EXPECT_EQ(read.health_check.interval, 10s);
  EXPECT_EQ(read.health_check.timeout, 2s);
  EXPECT_EQ(read.health_check.path, "/health?deep=1");
  EXPECT_EQ(read.health_check.port, 8080);
  EXPECT_EQ(read.unhealthy_state_routing.minimum_healthy_targets_percentage, 50);
}

TEST(TargetGroups, APercentageIsANumberWithOrWithoutItsSign) {
  const auto percentage = [](const std::string& written) {
    return group("target_group_health: {unhealthy_state_routing: {minimum_healthy_targets_percentage: " + written +
                 "}}")
        .unhealthy_state_routing.minimum_healthy_targets_percentage;
  };
  EXPECT_EQ(percentage("50"), 50);
  EXPECT_EQ(percentage("\"50\""), 50);
  EXPECT_EQ(percentage("50%"), 50);
  EXPECT_EQ(percentage("off"), std::nullopt);
  EXPECT_EQ(group("retries: {budget: 0%}").retries.budget_percent, 0);
  EXPECT_EQ(group("passive_health: {max_ejected: 100%}").passive_health.max_ejected_percent, 100);
}

TEST(TargetGroups, AListOfWordsSwitchesTheOthersOff) {
  const Retries retries = group("retries: {retry_on: [reset_before_answer]}").retries;
  EXPECT_FALSE(retries.connect_failure);
  EXPECT_FALSE(retries.reused_connection_closed);
  EXPECT_TRUE(retries.reset_before_answer);
  const PassiveHealth health = group("passive_health: {on: [connect_failure, timeout]}").passive_health;
  EXPECT_TRUE(health.connect_failure);
  EXPECT_FALSE(health.reset);
  EXPECT_TRUE(health.timeout);
  EXPECT_EQ(group("retries: {max: 3}").retries, (Retries{3, 20, true, true, true}));
}

TEST(TargetGroups, TakeTheEndsOfTheirRanges) {
  EXPECT_EQ(group("health_check: {interval: 1s, timeout: 999ms}").health_check.timeout, 999ms);
  EXPECT_EQ(group("health_check: {interval: 300s, timeout: 120s}").health_check.interval, 300s);
  EXPECT_EQ(group("slow_start: 0").slow_start, 0s);
  EXPECT_EQ(group("slow_start: 900s").slow_start, 900s);
  EXPECT_EQ(group("slow_start: 0, load_balancing_algorithm_type: least_outstanding_requests").slow_start, 0s);
  EXPECT_EQ(group("health_check: {path: /" + std::string(1023, 'a') + "}").health_check.path.size(), 1024U);
  EXPECT_EQ(group("max_pending: 0").max_pending, 0);
  EXPECT_EQ(group("max_connections_per_target: unlimited").max_connections_per_target, std::nullopt);
  EXPECT_EQ(group("max_connections_per_target: 1").max_connections_per_target, 1);
}

TEST(TargetGroups, AFaultInAValueIsReportedOnceWithWhatToWrite) {
  for (const auto& [keys, fault] : std::vector<std::pair<std::string, std::string>>{
           {"slow_start: 10s", "3:27 slow_start must be 0, which is off, or 30s-15m, not 10s"},
           {"slow_start: 901s", "3:27 slow_start must be 0s-15m, not 901s"},
           {"slow_start: 60s, health_check: {enabled: false}",
            "3:27 slow_start begins when a health check finds a target healthy, so health_check must be enabled"},
           {"slow_start: 60s, load_balancing_algorithm_type: least_outstanding_requests",
            "3:27 slow_start works with round_robin only, not with least_outstanding_requests"},
           {"slow_start: 60s, load_balancing_algorithm_type: weighted_random",
            "3:27 slow_start works with round_robin only, not with weighted_random"},
           {"slow_start: 60s, load_balancing_algorithm_type: weightedrandom",
            "3:63 load_balancing_algorithm_type must be round_robin, least_outstanding_requests or weighted_random, "
            "not \"weightedrandom\": did you mean \"weighted_random\"?"},
           {"load_balancing_anomaly_mitigation: on",
            "3:50 load_balancing_anomaly_mitigation needs load_balancing_algorithm_type: weighted_random beside it"},
           {"load_balancing_anomaly_mitigation: true",
            "3:50 load_balancing_anomaly_mitigation must be on or off, not \"true\""},
           {"deregistration_delay: 3601", "3:37 deregistration_delay must be 0s-1h, not 3601"},
           {"dns_max_ttl: 500ms", "3:28 dns_max_ttl must be 1s-1h, not 500ms"},
           {"health_check: {timeout: 30s}", "3:39 timeout must be below interval: 30s is not below 30s"},
           {"health_check: {interval: 5s}", "3:40 timeout must be below interval: 5s is not below 5s"},
           {"health_check: {interval: 5s, timeout: 10s}", "3:53 timeout must be below interval: 10s is not below 5s"},
           {"health_check: {interval: 500ms, timeout: 10s}", "3:40 interval must be 1s-5m, not 500ms"},
           {"health_check: {timeout: 99ms}", "3:39 timeout must be 100ms-2m, not 99ms"},
           {"health_check: {healthy_threshold: 1}", "3:49 healthy_threshold must be 2-10, not 1"},
           {"health_check: {unhealthy_threshold: 11}", "3:51 unhealthy_threshold must be 2-10, not 11"},
           {"health_check: {port: traffic}", "3:36 port must be a number 1-65535, not \"traffic\""},
           {"health_check: {protocol: TCP}", "3:40 protocol must be HTTP, not \"TCP\""},
           {"health_check: {path: health}", "3:36 path must begin with \"/\", not \"health\""},
           {"health_check: {path: \"/a b\"}", "3:36 path must not hold a space: write %20"},
           {"health_check: {path: \"/a\\r\\nHost: b\"}",
            "3:36 path must not hold control characters, as \"/a\\x0d\\nHost: b\" does"},
           {"health_check: {path: /\xc3\xa9}",
            "3:36 path must be visible ASCII, other bytes written as %XX, not \"/\xc3\xa9\""},
           {"health_check: {path: \"/a#b\"}", "3:36 path must not hold \"#\": no target is sent what follows it"},
           {"health_check: {path: \"\"}", "3:36 path must not be empty"},
           {"health_check: {path: /" + std::string(1024, 'a') + "}",
            "3:36 path must have at most 1024 bytes, not 1025"},
           {"health_check: {pth: /}", "3:30 unknown key \"pth\": did you mean \"path\"?"},
           {"health_check: off", "3:29 health_check must be a mapping, not a single value"},
           {"target_group_health: {dns_failover: {}}",
            "3:37 \"dns_failover\" has no meaning here: kanaria answers no DNS queries, leave it out"},
           {"target_group_health: {unhealthy_state_routing: {minimum_healthy_targets_count: off}}",
            "3:94 minimum_healthy_targets_count must be a number 1-1000000, not \"off\""},
           {"target_group_health: {unhealthy_state_routing: {minimum_healthy_targets_percentage: 0}}",
            "3:99 minimum_healthy_targets_percentage must be 1%-100%, not 0"},
           {"retries: {budget: 101%}", "3:33 budget must be 0%-100%, not 101%"},
           {"retries: {budget: 020%}", "3:33 budget must be written without leading zeros: 20%, not 020%"},
           {"retries: {budget: 0.2}", "3:33 budget must be a percentage such as 20%, not \"0.2\""},
           {"retries: {budget: \"%\"}", "3:33 budget must be a percentage such as 20%, not \"%\""},
           {"retries: {max: 16}", "3:30 max must be 0-15, not 16"},
           {"retries: {retry_on: [connect_failures]}",
            "3:36 retry_on must be connect_failure, reused_connection_closed or reset_before_answer, not "
            "\"connect_failures\": did you mean \"connect_failure\"?"},
           {"retries: {retry_on: connect_failure}", "3:35 retry_on must be a list, not a single value"},
           {"passive_health: {on: [5xx]}", "3:37 on must be connect_failure, reset or timeout, not \"5xx\""},
           {"passive_health: {on: [reset, reset]}", "3:44 \"reset\" is in this list already"},
           {"passive_health: {failures: 0}", "3:42 failures must be 1-1000, not 0"},
           {"passive_health: {ejection_time: 2h}", "3:47 ejection_time must be 1s-1h, not 2h"},
           {"passive_health: {max_ejected: half}", "3:45 max_ejected must be a percentage such as 20%, not \"half\""},
           {"max_connections_per_target: 0", "3:43 max_connections_per_target must be 1-10000000, not 0"},
           {"max_pending: 1000001", "3:28 max_pending must be 0-1000000, not 1000001"},
           {"pending_timeout: 0", "3:32 pending_timeout must be 100ms-1h, not 0"},
       }) {
    EXPECT_EQ(reports(with(keys).diagnostics), Reports{fault}) << keys;
  }
}

TEST(TargetGroups, AHealthCheckPortOfUnixSocketsIsAWarning) {
  const Reports warning{"3:12 warning: the port of a health check means nothing here: all targets are Unix sockets"};
  EXPECT_EQ(reports(with("health_check: {port: 80}", "\"unix:/a\"").diagnostics), warning);
  EXPECT_EQ(reports(with("health_check: {port: 80}", "\"unix:/a\", \"127.0.0.1:1\"").diagnostics), Reports{});
  EXPECT_EQ(reports(with("health_check: {port: 80}", "").diagnostics), Reports{});
}

TEST(TargetGroups, MoreHealthyTargetsWantedThanThereAreIsAWarning) {
  const auto two = [](const char* targets) {
    return reports(with("target_group_health: {unhealthy_state_routing: {minimum_healthy_targets_count: 2}}", targets)
                       .diagnostics);
  };
  EXPECT_EQ(two("\"127.0.0.1:1\""), Reports{"3:12 warning: minimum_healthy_targets_count is 2, and there are 1: "
                                            "unhealthy targets always take traffic"});
  EXPECT_EQ(two("\"127.0.0.1:1\", \"127.0.0.1:2\""), Reports{});
  EXPECT_EQ(two("\"app:1\""), Reports{});
}

TEST(Failover, ThatCannotHappenIsAWarning) {
  const auto between = [](const char* groups) {
    return reports(std::string("listeners:\n  - port: 80\n    default_action:\n      forward: {failover: true, "
                               "target_groups: [") +
                   groups +
                   "]}\n"
                   "target_groups:\n  - {name: a}\n  - {name: b, health_check: {enabled: false}}\n");
  };
  EXPECT_EQ(between("{name: a, weight: 1}, {name: b, weight: 1}"),
            Reports{"4:78 warning: failover never leaves the target group \"b\": its health_check is off"});
  EXPECT_EQ(between("{name: a, weight: 1}, {name: b, weight: 0}"), Reports{});
  EXPECT_EQ(between("{name: a}"), (Reports{"4:7 warning: failover means nothing with a single target group",
                                           "7:12 warning: no rule uses the target group \"b\""}));
}

}  // namespace
}  // namespace kanaria::config
