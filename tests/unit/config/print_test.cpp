#include "kanaria/config/print.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "reports.hpp"

namespace kanaria::config {
namespace {

using Lines = std::vector<std::string>;

// All of config/ but what is Prometheus's.
std::vector<std::string> examples() {
  std::vector<std::string> files{KANARIA_SOURCE_DIR "/packaging/kanaria.yaml"};
  for (const auto& entry : std::filesystem::directory_iterator(KANARIA_SOURCE_DIR "/config")) {
    const std::string name = entry.path().filename();
    if (name.ends_with(".yaml") && !name.starts_with("alerts")) files.push_back(entry.path());
  }
  return files;
}

Model model(const std::string& text) {
  const Loaded loaded = parse("test.yaml", text, no_environment);
  EXPECT_FALSE(loaded.diagnostics.has_errors()) << render(loaded);
  return loaded.model.value_or(Model{});
}

TEST(Examples, EachIsReadWithoutFaultOrWarning) {
  EXPECT_GE(examples().size(), 6U);
  for (const std::string& file : examples()) EXPECT_EQ(render(load(file, no_environment)), "");
}

TEST(ToYaml, ItsOutputParsesToAnEqualModel) {
  for (const std::string& file : examples()) {
    const Loaded loaded = load(file, no_environment);
    ASSERT_TRUE(loaded.model);
    const Loaded again = parse(file, to_yaml(*loaded.model), no_environment);
    EXPECT_EQ(render(again), "");
    ASSERT_TRUE(again.model);
    EXPECT_EQ(*again.model, *loaded.model) << file;
    EXPECT_EQ(differences(*loaded.model, *again.model), Lines{});
  }
}

TEST(ToYaml, TextThatYamlOrTheEnvironmentWouldReadOtherwiseComesBackAsItIs) {
  const std::string body = R"("a: \"b\" # c\n\t'\\ $1 $${HOME} $$$${X} \xe4\x07\x85\x7f\0 ~ null")";
  const Model before = model(
      "listeners: [{port: 80, default_action: {fixed_response: {status_code: 200, message_body: " + body + "}}}]");
  EXPECT_EQ(model(to_yaml(before)), before);
}

TEST(ToYaml, PrintsEveryDefault) {
  EXPECT_EQ(to_yaml(model("listeners: [{port: 80, default_action: {target_group: a}}]\ntarget_groups: [{name: a}]")),
            R"(workers: auto
log: {level: info, format: text}

load_balancer:
  name: "kanaria"
  idle_timeout: 1m
  client_keep_alive: 1h
  preserve_host_header: false
  xff_header_processing_mode: append
  enable_xff_client_port: false
  drop_invalid_header_fields: false
  desync_mitigation_mode: defensive
  request_header_timeout: 10s
  target_connect_timeout: 3s
  max_connections: auto
  max_request_body: unlimited
  drain_timeout: 25s
  drain_delay: 0s

access_logs: {enabled: true, path: "-", format: alb}
admin:
  address: "127.0.0.1:9900"
  token_file: none
  read_only_address: "none"
  allowed_hosts: []
state_dir: none
cookie_key_file: none

listeners:
  - name: "http-80"
    address: "*"
    port: 80
    protocol: HTTP
    proxy_protocol: {version: off, trusted: []}
    rules: []
    default_action:
      forward:
        target_groups:
          - {name: "a", weight: 1}
        stickiness: {enabled: false, duration: 1h}
        split: shuffled
        failover: false

target_groups:
  - name: "a"
    port: none
    protocol: HTTP
    targets: []
    target_idle_timeout: 4s
    dns_max_ttl: 5s
    load_balancing_algorithm_type: round_robin
    load_balancing_anomaly_mitigation: off
    deregistration_delay: 5m
    slow_start: 0s
    stickiness: {enabled: false, type: lb_cookie, cookie_duration: 1d, cookie_name: none}
    health_check:
      enabled: true
      protocol: HTTP
      path: "/"
      port: traffic-port
      interval: 30s
      timeout: 5s
      healthy_threshold: 3
      unhealthy_threshold: 3
      matcher: "200"
    target_group_health:
      unhealthy_state_routing:
        minimum_healthy_targets_count: 1
        minimum_healthy_targets_percentage: off
    retries: {max: 1, budget: 20%, retry_on: [connect_failure, reused_connection_closed, reset_before_answer]}
    passive_health:
      enabled: true
      on: [connect_failure, reset, timeout]
      failures: 3
      ejection_time: 10s
      max_ejected: 50%
    max_connections_per_target: unlimited
    max_pending: 1024
    pending_timeout: 5s

rollouts: []
)");
}

TEST(Percent, HasADigitThatIsNotZeroWhereTheShareIsNot) {
  struct Case {
    int weight;
    int total;
    const char* expected;
  };
  for (const Case& one : {Case{90, 100, "90.0%"}, Case{1, 3, "33.3%"}, Case{1, 1000, "0.1%"}, Case{1, 3997, "0.03%"},
                          Case{0, 100, "0.0%"}, Case{5, 5, "100.0%"}, Case{0, 0, "0.0%"}, Case{3996, 3997, "99.97%"}}) {
    EXPECT_EQ(percent(one.weight, one.total), one.expected);
  }
}

TEST(SizeText, IsTheLargestUnitThatIsExact) {
  EXPECT_EQ(size_text(std::nullopt), "unlimited");
  EXPECT_EQ(size_text(0), "0");
  EXPECT_EQ(size_text(1000), "1000");
  EXPECT_EQ(size_text(1024), "1KiB");
  EXPECT_EQ(size_text(1536), "1536");
  EXPECT_EQ(size_text(std::uint64_t{10} << 20), "10MiB");
  EXPECT_EQ(size_text(std::uint64_t{1} << 40), "1024GiB");
}

TEST(ToText, IsTheShortestExactSpelling) {
  struct Case {
    long long milliseconds;
    const char* expected;
  };
  for (const Case& one :
       {Case{0, "0s"}, Case{250, "250ms"}, Case{1'000, "1s"}, Case{1'500, "1500ms"}, Case{90'000, "90s"},
        Case{120'000, "2m"}, Case{3'600'000, "1h"}, Case{86'400'000, "1d"}, Case{90'000'000, "25h"}}) {
    EXPECT_EQ(to_text(Milliseconds(one.milliseconds)), one.expected);
  }
}

TEST(Shares, OneLineForEachForwardAction) {
  EXPECT_EQ(shares(*load(KANARIA_SOURCE_DIR "/config/canary.yaml", no_environment).model),
            Lines{"http-8080/canary  app-main 90 (90.0%)  app-canary 10 (10.0%)"});
  EXPECT_EQ(shares(*load(KANARIA_SOURCE_DIR "/config/minimal.yaml", no_environment).model),
            Lines{"http-8080/default  app 1 (100.0%)"});
}

// ---- differences

constexpr const char* kBase = R"(
listeners:
  - name: web
    port: 80
    rules:
      - name: canary
        priority: 10
        conditions: [{path_pattern: ["/"]}]
        action: {forward: {target_groups: [{name: a, weight: 90}, {name: b, weight: 10}]}}
    default_action: {fixed_response: {status_code: 404}}
target_groups:
  - {name: a, targets: ["127.0.0.1:1", "127.0.0.1:2"]}
  - {name: b, targets: ["127.0.0.1:3"]}
)";

TEST(Differences, AreInTheOperatorsWords) {
  struct Case {
    const char* description;
    std::string from;
    std::string to;
    Lines expected;
  };
  for (const Case& one : {
           Case{"nothing", "web", "web", {}},
           Case{"a comment", "listeners:", "# hello\nlisteners:", {}},
           Case{"weights",
                "weight: 90}, {name: b, weight: 10}",
                "weight: 50}, {name: b, weight: 50}",
                {"listener web: rule canary: a weight 90 -> 50 (90.0% -> 50.0%)",
                 "listener web: rule canary: b weight 10 -> 50 (10.0% -> 50.0%)"}},
           Case{"one weight changes both shares",
                "weight: 10",
                "weight: 90",
                {"listener web: rule canary: a weight stays 90 (90.0% -> 50.0%)",
                 "listener web: rule canary: b weight 10 -> 90 (10.0% -> 50.0%)"}},
           Case{"a group leaves the rule",
                ", {name: b, weight: 10}",
                "",
                {"listener web: rule canary: a weight stays 90 (90.0% -> 100.0%)",
                 "listener web: rule canary: b removed (weight 10, 10.0%)"}},
           Case{"the split",
                "weight: 10}]",
                "weight: 10}], split: random",
                {"listener web: rule canary: split: shuffled -> random"}},
           Case{"a condition", "[\"/\"]", "[\"/*\"]", {"listener web: rule canary: conditions changed"}},
           Case{"a priority", "priority: 10", "priority: 20", {"listener web: rule canary: priority 10 -> 20"}},
           Case{"a rule's name",
                "name: canary",
                "name: split",
                {"listener web: rule canary removed", "listener web: rule split added (priority 10, forward to a b)"}},
           Case{"another action",
                "fixed_response: {status_code: 404}",
                "redirect: {protocol: HTTPS, status_code: HTTP_302}",
                {"listener web: rule default: fixed_response 404 -> redirect 302 to "
                 "HTTPS://#{host}:#{port}/#{path}?#{query}"}},
           Case{"a status", "404", "410", {"listener web: rule default: fixed_response 404 -> fixed_response 410"}},
           Case{"a body", "404", "404, message_body: x", {"listener web: rule default: fixed_response 404 changed"}},
           Case{"a port", "port: 80", "port: 81", {"listener web: address: *:80 -> *:81"}},
           Case{
               "an address", "port: 80", "port: 80\n    address: \"::1\"", {"listener web: address: *:80 -> [::1]:80"}},
           Case{"PROXY protocol",
                "port: 80",
                "port: 80\n    proxy_protocol: {version: v2, trusted: [10.1.0.0/8, \"::1\"]}",
                {"listener web: proxy_protocol version: off -> v2",
                 "listener web: proxy_protocol trusted: nobody -> 10.0.0.0/8 ::1/128"}},
           Case{"a listener's name",
                "name: web",
                "name: net",
                {"listener web removed", "listener net added (*:80, 1 rule)"}},
           Case{"a target",
                "127.0.0.1:2",
                "127.0.0.1:4",
                {"target group a: target 127.0.0.1:2 removed", "target group a: target 127.0.0.1:4 added"}},
           Case{"the order of targets",
                "\"127.0.0.1:1\", \"127.0.0.1:2\"",
                "\"127.0.0.1:2\", \"127.0.0.1:1\"",
                {"target group a: the order of its targets changed"}},
           Case{"failover",
                "weight: 10}]",
                "weight: 10}], failover: true",
                {"listener web: rule canary: failover: false -> true"}},
           Case{"balancing",
                "{name: b, t",
                "{name: b, load_balancing_algorithm_type: weighted_random, load_balancing_anomaly_mitigation: on, t",
                {"target group b: load_balancing_algorithm_type: round_robin -> weighted_random",
                 "target group b: load_balancing_anomaly_mitigation: off -> on"}},
           Case{"how targets come and go",
                "{name: b, t",
                "{name: b, dns_max_ttl: 9s, deregistration_delay: 0, slow_start: 60, t",
                {"target group b: dns_max_ttl: 5s -> 9s", "target group b: deregistration_delay: 5m -> 0s",
                 "target group b: slow_start: 0s -> 1m"}},
           Case{"health checks",
                "{name: b, t",
                "{name: b, health_check: {enabled: false, path: /h, port: 81, interval: 5s, timeout: 1s, "
                "healthy_threshold: 2, unhealthy_threshold: 4, matcher: \"200,204-206\"}, t",
                {"target group b: health_check enabled: true -> false", "target group b: health_check path: / -> /h",
                 "target group b: health_check port: traffic-port -> 81",
                 "target group b: health_check interval: 30s -> 5s", "target group b: health_check timeout: 5s -> 1s",
                 "target group b: health_check healthy_threshold: 3 -> 2",
                 "target group b: health_check unhealthy_threshold: 3 -> 4",
                 "target group b: health_check matcher: 200 -> 200,204-206"}},
           Case{"when all targets take traffic",
                "{name: a, t",
                "{name: a, target_group_health: {unhealthy_state_routing: {minimum_healthy_targets_count: 2, "
                "minimum_healthy_targets_percentage: 50}}, t",
                {"target group a: unhealthy_state_routing minimum_healthy_targets_count: 1 -> 2",
                 "target group a: unhealthy_state_routing minimum_healthy_targets_percentage: off -> 50%"}},
           Case{"retries",
                "{name: b, t",
                "{name: b, retries: {max: 0, budget: 5%, retry_on: []}, t",
                {"target group b: retries max: 1 -> 0", "target group b: retries budget: 20% -> 5%",
                 "target group b: retries retry_on: connect_failure, reused_connection_closed, reset_before_answer -> "
                 "nothing"}},
           Case{"passive health",
                "{name: b, t",
                "{name: b, passive_health: {enabled: false, on: [timeout], failures: 1, ejection_time: 1m, "
                "max_ejected: 0%}, t",
                {"target group b: passive_health enabled: true -> false",
                 "target group b: passive_health on: connect_failure, reset, timeout -> timeout",
                 "target group b: passive_health failures: 3 -> 1",
                 "target group b: passive_health ejection_time: 10s -> 1m",
                 "target group b: passive_health max_ejected: 50% -> 0%"}},
           Case{"bounds",
                "{name: b, t",
                "{name: b, max_connections_per_target: 10, max_pending: 0, pending_timeout: 1s, t",
                {"target group b: max_connections_per_target: unlimited -> 10",
                 "target group b: max_pending: 1024 -> 0", "target group b: pending_timeout: 5s -> 1s"}},
           Case{"a new group",
                "target_groups:\n",
                "target_groups:\n  - {name: c}\n",
                {"target group c added (no targets)"}},
           Case{"settings",
                "listeners:",
                "workers: 2\nadmin: {address: none}\nload_balancer: {idle_timeout: 2m, max_connections: "
                "100}\nlisteners:",
                {"workers: auto -> 2 (needs a restart; a reload is refused)", "load_balancer idle_timeout: 1m -> 2m",
                 "load_balancer max_connections: auto -> 100",
                 "admin address: 127.0.0.1:9900 -> none (needs a restart; a reload is refused)"}},
       }) {
    std::string after = kBase;
    after.replace(after.find(one.from), one.from.size(), one.to);
    EXPECT_EQ(differences(model(kBase), model(after)), one.expected) << one.description;
  }
}

}  // namespace
}  // namespace kanaria::config
