#include "kanaria/observe/metrics.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace kanaria::observe {
namespace {

using testing::ContainsRegex;
using testing::HasSubstr;
using testing::Not;

TEST(Codes, EachStatusHasACellAndItsLabelSaysWhich) {
  struct Case {
    std::uint16_t status;
    std::string_view label;
  };
  for (const Case& c : std::vector<Case>{{101, "101"},
                                         {200, "200"},
                                         {226, "226"},
                                         {308, "308"},
                                         {404, "404"},
                                         {460, "460"},
                                         {463, "463"},
                                         {464, "464"},
                                         {561, "561"},
                                         {511, "511"},
                                         {299, "2xx"},
                                         {306, "3xx"},
                                         {499, "4xx"},
                                         {599, "5xx"},
                                         {0, "other"},
                                         {100, "other"},
                                         {199, "other"},
                                         {600, "other"},
                                         {65535, "other"}})
    EXPECT_EQ(code_label(code_slot(c.status)), c.label) << c.status;
}

TEST(Codes, NoTwoCellsShareALabel) {
  std::set<std::string_view> labels;
  for (std::size_t slot = 0; slot < kCodes; ++slot) labels.insert(code_label(slot));
  EXPECT_EQ(labels.size(), kCodes);
}

TEST(Rows, KeepTheirPlaceWhileMoreAreAdded) {
  Rows<TargetRow> rows;
  std::vector<TargetRow*> places;
  for (std::uint32_t index = 0; index < 1000; ++index) {
    rows.make_room(index);
    places.push_back(&rows[index]);
  }
  for (std::uint32_t index = 0; index < 1000; ++index) EXPECT_EQ(&rows[index], places[index]);
  EXPECT_EQ(std::set<TargetRow*>(places.begin(), places.end()).size(), 1000U);
}

TEST(RowTable, OneNameIsOneRowUntilItsLastRelease) {
  Metrics metrics(2);
  const std::uint32_t first = metrics.groups().acquire({"a"});
  EXPECT_EQ(metrics.groups().acquire({"a"}), first);
  EXPECT_NE(metrics.groups().acquire({"b"}), first);
  metrics.worker(1).group(first).errors[1].add();

  metrics.groups().release(first);
  EXPECT_EQ(metrics.groups().acquire({"a"}), first);
  EXPECT_EQ(metrics.worker(1).group(first).errors[1].read(), 1U);

  metrics.groups().release(first);
  metrics.groups().release(first);
  EXPECT_EQ(metrics.groups().acquire({"c"}), first);
  EXPECT_EQ(metrics.worker(1).group(first).errors[1].read(), 0U) << "other names start at zero";
  EXPECT_EQ(metrics.groups().name(first)[0], "c");
}

TEST(Counters, AFinishedExchangeIsCountedWhereItBelongs) {
  Metrics metrics(1);
  ExchangeRecord record;
  record.listener_row = metrics.listeners().acquire({"http"});
  record.received_bytes = 100;
  record.sent_bytes = 30;
  Counters& counters = metrics.worker(0);
  const ListenerRow& listener = counters.listener(record.listener_row);

  record.fault = Fault::MalformedRequest;
  record.elb_status = 400;
  counters.count(record);
  EXPECT_EQ(listener.requests_refused[static_cast<std::size_t>(Fault::MalformedRequest)].read(), 1U);

  record.route_row = metrics.routes().acquire({"http", "canary", "app"});
  record.group_row = metrics.groups().acquire({"app"});
  record.fault = Fault::ConnectRefused;
  record.elb_status = 502;
  counters.count(record);
  record.fault = Fault::None;
  record.elb_status = 200;
  record.answered_by = AnsweredBy::Target;
  counters.count(record);

  const RouteRow& route = counters.route(record.route_row);
  EXPECT_EQ(route.answers[0][code_slot(502)].read(), 1U);
  EXPECT_EQ(route.answers[1][code_slot(200)].read(), 1U);
  const GroupRow& group = counters.group(record.group_row);
  EXPECT_EQ(group.errors[static_cast<std::size_t>(Fault::ConnectRefused)].read(), 1U);
  EXPECT_EQ(listener.requests_refused[static_cast<std::size_t>(Fault::ConnectRefused)].read(), 0U);
  EXPECT_EQ(listener.received_bytes.read(), 300U);
  EXPECT_EQ(listener.sent_bytes.read(), 90U);
}

// What an exchange with a target's answer looks like at its end, in milliseconds since its first byte.
struct Times {
  int sent = 0;
  int head = 0;
  int started = 0;
  int end = 0;
};

ExchangeRecord answered(Metrics& metrics, const Times& after) {
  ExchangeRecord record;
  record.route_row = metrics.routes().acquire({"http", "canary", "app"});
  record.group_row = metrics.groups().acquire({"app"});
  record.elb_status = record.target_status = 200;
  record.answered_by = AnsweredBy::Target;
  record.created = Time(std::chrono::hours(1));
  record.sent_to_target = record.created + Milliseconds(after.sent);
  record.target_head = record.created + Milliseconds(after.head);
  record.answer_start = record.created + Milliseconds(after.started);
  record.end = record.created + Milliseconds(after.end);
  return record;
}

TEST(Counters, AnExchangeIsTimedForItsGroupAndItsRoute) {
  Metrics metrics(1);
  const ExchangeRecord record = answered(metrics, {.sent = 2, .head = 32, .started = 33, .end = 700});
  metrics.worker(0).count(record);

  const GroupRow& group = metrics.worker(0).group(record.group_row);
  const auto by = static_cast<std::size_t>(AnsweredBy::Target);
  EXPECT_EQ(group.request_duration[by].nanoseconds.read(), 700'000'000U);
  EXPECT_EQ(group.target_response[by].nanoseconds.read(), 30'000'000U);
  EXPECT_EQ(group.request_duration[0].nanoseconds.read(), 0U);
  EXPECT_EQ(metrics.worker(0).route(record.route_row).duration.nanoseconds.read(), 700'000'000U);
}

TEST(Counters, ATunnelIsTimedToItsUpgrade) {
  Metrics metrics(1);
  ExchangeRecord record = answered(metrics, {.sent = 2, .head = 32, .started = 33, .end = 3'600'000});
  record.is_websocket = true;
  metrics.worker(0).count(record);
  EXPECT_EQ(metrics.worker(0).route(record.route_row).duration.nanoseconds.read(), 33'000'000U);
}

TEST(Counters, ATargetThatNeverBeganToAnswerIsNotTimed) {
  Metrics metrics(1);
  ExchangeRecord record = answered(metrics, {.sent = 2, .started = 60'000, .end = 60'001});
  record.target_head = kUnset;
  record.target_status = 0;
  record.answered_by = AnsweredBy::Kanaria;
  record.fault = Fault::TargetTimeout;
  metrics.worker(0).count(record);
  const GroupRow& group = metrics.worker(0).group(record.group_row);
  const auto by = static_cast<std::size_t>(AnsweredBy::Kanaria);
  EXPECT_EQ(group.request_duration[by].nanoseconds.read(), 60'001'000'000U);
  for (const Cell& bucket : group.target_response[by].buckets) EXPECT_EQ(bucket.read(), 0U);
}

TEST(Totals, AreOfAllWorkersAndWhoeverAnswered) {
  Metrics metrics(2);
  ExchangeRecord record = answered(metrics, {.end = 80});
  metrics.worker(0).count(record);
  record.elb_status = 502;
  metrics.worker(1).count(record);
  record.elb_status = 599;  // shares a cell with others of its class
  record.answered_by = AnsweredBy::Kanaria;
  metrics.worker(1).count(record);

  const RouteTotals totals = metrics.totals(record.route_row);
  EXPECT_EQ(totals.requests, 3U);
  EXPECT_EQ(totals.server_errors, 2U);
  EXPECT_EQ(totals.durations[bucket_of(Milliseconds(80))], 3U);
}

TEST(Counters, AnExchangeWithoutRowsIsNoFault) {
  Metrics metrics(1);
  ExchangeRecord record;
  record.fault = Fault::RequestHeadTimeout;
  metrics.worker(0).count(record);
  EXPECT_THAT(metrics.text({}), Not(HasSubstr("request_head_timeout")));
}

TEST(MetricsText, AddsUpAllWorkers) {
  Metrics metrics(3);
  const std::uint32_t route = metrics.routes().acquire({"http", "canary", "app-canary"});
  const std::uint32_t target = metrics.targets().acquire({"app-canary", "127.0.0.1:9002"});
  const std::uint32_t group = metrics.groups().acquire({"app-canary"});
  const std::uint32_t listener = metrics.listeners().acquire({"http"});
  for (std::size_t worker = 0; worker < 3; ++worker) {
    Counters& counters = metrics.worker(worker);
    counters.route(route).count(200, AnsweredBy::Target);
    counters.route(route).count(503, AnsweredBy::Kanaria);
    counters.route(route).split_requests.add(2);
    counters.target(target).requests.add();
    counters.target(target).connected(std::chrono::milliseconds(500));
    counters.target(target).connections.add(2);
    counters.target(target).connections.subtract();
    counters.target(target).in_flight.add();
    counters.group(group).retries[static_cast<std::size_t>(Fault::ConnectRefused)].add();
    counters.group(group).errors[static_cast<std::size_t>(Fault::TargetTimeout)].add();
    counters.group(group).sticky[static_cast<std::size_t>(Sticky::Moved)].add();
    counters.group(group).rejected(cookies::Rejection::Forged);
    counters.listener(listener).client_connections.add(4);
    counters.listener(listener).refused(Refusal::Descriptors);
    counters.listener(listener).sent_bytes.add(10);
  }
  ProcessFacts facts;
  facts.last_reload = WallTime(std::chrono::milliseconds(1'700'000'000'250));
  facts.config_hash = "9f2c31";
  facts.access_log_dropped = 5;
  facts.split_weights = {{route, 10}};
  const std::string text = metrics.text(facts);

  const std::string names = R"({listener="http",rule="canary",target_group="app-canary")";
  const std::string at = R"({target_group="app-canary",target="127.0.0.1:9002"} )";
  for (const std::string& line : {
           "kanaria_requests_total" + names + R"(,code="200",answered_by="target"} 3)",
           "kanaria_requests_total" + names + R"(,code="503",answered_by="kanaria"} 3)",
           "kanaria_split_weight" + names + "} 10",
           "kanaria_split_requests_total" + names + "} 6",
           "kanaria_target_requests_total" + at + "3",
           "kanaria_target_connect_seconds_sum" + at + "1.5",
           "kanaria_target_connect_seconds_count" + at + "3",
           "kanaria_target_connections" + at + "3",
           "kanaria_target_in_flight" + at + "3",
           std::string(R"(kanaria_retries_total{target_group="app-canary",reason="connect_refused"} 3)"),
           std::string(R"(kanaria_proxy_errors_total{target_group="app-canary",reason="target_timeout"} 3)"),
           std::string(R"(kanaria_sticky_requests_total{target_group="app-canary",result="moved"} 3)"),
           std::string(R"(kanaria_sticky_requests_total{target_group="app-canary",result="kept"} 0)"),
           std::string(R"(kanaria_cookies_rejected_total{target_group="app-canary",reason="forged"} 3)"),
           std::string(R"(kanaria_client_connections{listener="http"} 12)"),
           std::string(R"(kanaria_connections_refused_total{listener="http",reason="descriptors"} 3)"),
           std::string(R"(kanaria_connections_refused_total{listener="http",reason="max_connections"} 0)"),
           std::string(R"(kanaria_bytes_total{listener="http",direction="sent"} 30)"),
           std::string(R"(kanaria_bytes_total{listener="http",direction="received"} 0)"),
           std::string("kanaria_config_last_reload_success 1"),
           std::string("kanaria_config_last_reload_timestamp_seconds 1700000000.25"),
           std::string(R"(kanaria_config_info{hash="9f2c31"} 1)"),
           std::string("kanaria_access_log_dropped_total 5"),
       })
    EXPECT_THAT(text, HasSubstr("\n" + line + "\n"));
  EXPECT_THAT(text, ContainsRegex("\nkanaria_open_fds [1-9][0-9]*\n"));
  EXPECT_THAT(text, ContainsRegex("\nkanaria_max_fds [1-9][0-9]*\n"));
  EXPECT_THAT(text, HasSubstr("\n# TYPE kanaria_requests_total counter\n"));
  EXPECT_THAT(text, HasSubstr("\n# TYPE kanaria_target_connect_seconds summary\n"));
  EXPECT_THAT(text, Not(HasSubstr("code=\"404\""))) << "codes that never occurred are left out";
}

TEST(MetricsText, AHistogramIsCumulated) {
  Metrics metrics(2);
  ExchangeRecord record = answered(metrics, {.sent = 1, .head = 5, .end = 8});
  metrics.worker(0).count(record);
  record.end = record.created + std::chrono::seconds(90);
  metrics.worker(1).count(record);
  const std::string text = metrics.text({});

  const std::string bucket = R"(kanaria_request_duration_seconds_bucket{target_group="app",answered_by="target",le=)";
  const std::string total = R"(kanaria_request_duration_seconds_count{target_group="app",answered_by="target"} 2)";
  for (const std::string& line :
       {bucket + R"("0.0005"} 0)", bucket + R"("0.0025"} 0)", bucket + R"("0.01"} 1)", bucket + R"("60"} 1)",
        bucket + R"("+Inf"} 2)", total,
        std::string(R"(kanaria_request_duration_seconds_sum{target_group="app",answered_by="target"} 90.008)")})
    EXPECT_THAT(text, HasSubstr("\n" + line + "\n"));
  EXPECT_THAT(text, HasSubstr("\n# TYPE kanaria_request_duration_seconds histogram\n"));
  EXPECT_THAT(
      text,
      HasSubstr(R"(kanaria_target_response_seconds_bucket{target_group="app",answered_by="target",le="0.005"} 2)"));
  EXPECT_THAT(text, Not(HasSubstr(R"(_seconds_count{target_group="app",answered_by="kanaria"})")));
}

TEST(MetricsText, LargeCountsAreWrittenToTheLastDigit) {
  Metrics metrics(1);
  const std::uint32_t listener = metrics.listeners().acquire({"http"});
  metrics.worker(0).listener(listener).sent_bytes.add(1'000'000);
  metrics.worker(0).listener(listener).received_bytes.add((std::uint64_t{1} << 53) - 1);
  const std::string text = metrics.text({});
  EXPECT_THAT(text, HasSubstr("direction=\"sent\"} 1000000\n"));
  EXPECT_THAT(text, HasSubstr("direction=\"received\"} 9007199254740991\n"));
}

TEST(MetricsText, ARefusedReloadIsAZero) {
  ProcessFacts facts;
  facts.last_reload_success = false;
  EXPECT_THAT(Metrics(1).text(facts), HasSubstr("\nkanaria_config_last_reload_success 0\n"));
}

TEST(MetricsText, EscapesLabelValues) {
  Metrics metrics(1);
  metrics.targets().acquire({"g", "unix:/run/a\"b\\c\nd"});
  EXPECT_THAT(metrics.text({}), HasSubstr(R"(target="unix:/run/a\"b\\c\nd"} 0)"));
}

TEST(MetricsText, EachFamilyIsDescribedOnceBeforeItsSamples) {
  const std::string text = Metrics(1).text({});
  std::set<std::string> seen;
  std::size_t at = 0;
  while ((at = text.find("# TYPE ", at)) != std::string::npos) {
    at += 7;
    const std::string name = text.substr(at, text.find(' ', at) - at);
    EXPECT_TRUE(seen.insert(name).second) << name;
    EXPECT_THAT(text, HasSubstr("# HELP " + name + " "));
  }
  EXPECT_EQ(seen.size(), 39U);
}

// Workers count, control adds rows and reads: what TSan is to look at.
TEST(MetricsThreads, ControlReadsAndAddsRowsWhileWorkersCount) {
  constexpr std::size_t kWorkers = 4;
  constexpr std::uint64_t kCounts = 20'000;
  Metrics metrics(kWorkers);
  const std::uint32_t route = metrics.routes().acquire({"http", "canary", "app"});
  std::atomic<std::size_t> done{0};
  std::vector<std::jthread> workers;
  for (std::size_t worker = 0; worker < kWorkers; ++worker)
    workers.emplace_back([&, worker] {
      for (std::uint64_t i = 0; i < kCounts; ++i) metrics.worker(worker).route(route).count(200, AnsweredBy::Target);
      ++done;
    });
  for (int i = 0; done < kWorkers; ++i) {
    metrics.routes().acquire({"http", std::to_string(i % 500), "app"});
    metrics.text({});
  }
  EXPECT_THAT(metrics.text({}),
              HasSubstr(R"(rule="canary",target_group="app",code="200",answered_by="target"} 80000)"));
}

}  // namespace
}  // namespace kanaria::observe
