// Rollouts as the admin API tells of them, and what it takes for a change.
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <set>

#include "../../../src/admin/rollouts_json.hpp"
#include "../../../src/admin/routes.hpp"
#include "../../../src/admin/weights_json.hpp"
#include "fakes.hpp"
#include "support/driver.hpp"

namespace kanaria::admin {
namespace {

using namespace std::chrono_literals;

constexpr WallTime kStart{std::chrono::seconds(1'795'444'272)};  // 2026-11-23T14:31:12Z

rollout::Report checkout() {
  rollout::Report report;
  report.name = "checkout";
  report.rule = "http/canary";
  report.state.phase = rollout::Phase::Progressing;
  report.state.why = "pause of 5m is over";
  report.state.revision = "2026-11-23.1";
  report.state.step = 1;
  report.state.weight = 1'050;
  report.state.started = kStart;
  report.state.weight_since = kStart + 5min;
  report.state.history = {{kStart, rollout::Phase::Progressing, rollout::Reason::None, 0, 1, 0, 1'050, "started by a"}};
  report.steps = {{"set 10.5%", rollout::StepReport::Is::Passed, ""},
                  {"analysis", rollout::StepReport::Is::Running, "212/300 requests"},
                  {"bake 10m", rollout::StepReport::Is::ToCome, ""}};
  report.deadline_left = 90s;
  report.arms[0].target_group = "app-main";
  report.arms[0].set = 0.895;
  report.arms[1].target_group = "app-canary";
  report.arms[1].got = 0.1;
  rollout::MetricReport metric;
  metric.name = "errors";
  metric.type = "error_rate";
  metric.evidence = 3.5;
  metric.limit = 200;
  report.metrics.push_back(metric);
  return report;
}

class Rollouts : public testing::Test {
 protected:
  Rollouts() { server.reports = {checkout()}; }

  /// What the handler of a path answers; `names` is what stands in it.
  Reply ask(std::string_view method, std::string_view path, std::vector<std::string> names, std::string_view query = "",
            std::string_view body = "") {
    const auto found = std::ranges::find_if(
        routes(), [&](const Route& route) { return route.method == method && route.path == path; });
    if (found == routes().end()) throw std::logic_error("no such route");
    client.asked.query = query;
    http::Piece begun;
    begun.data = body;
    begun.last = true;
    Call call{server, client, begun};
    call.who = "alice";
    call.names = std::move(names);
    const std::string fault = read_parameters(call, found->parameters);
    return fault.empty() ? driver.run(found->handle(call)) : error(400, "bad_request", fault);
  }
  Reply post(const std::string& verb, std::string_view query = "", std::string_view body = "") {
    return ask("POST", "/api/v1/rollouts/{rollout}/{verb}", {"checkout", verb}, query, body);
  }
  static std::string message(const Reply& reply) {
    return Json::parse(reply.body).at("error").at("message").get<std::string>();
  }

  test::Driver driver;
  test::FakeServer server;
  test::FakeClient client;
};

TEST_F(Rollouts, AreListedInTheFilesOrder) {
  server.reports.push_back(checkout());
  server.reports.back().name = "basket";
  const Json body = Json::parse(ask("GET", "/api/v1/rollouts", {}).body);
  ASSERT_EQ(body.at("rollouts").size(), 2U);
  EXPECT_EQ(body.at("rollouts")[1].at("name"), "basket");
}

TEST_F(Rollouts, AreToldInBaseUnits) {
  const Json body = Json::parse(ask("GET", "/api/v1/rollouts/{rollout}", {"checkout"}).body);
  EXPECT_EQ(body.at("phase"), "Progressing");
  EXPECT_EQ(body.at("reason"), nullptr);
  EXPECT_EQ(body.at("step"), 2);
  EXPECT_EQ(body.at("weight"), 0.105);
  EXPECT_EQ(body.at("started_at"), "2026-11-23T14:31:12Z");
  EXPECT_EQ(body.at("weight_since"), "2026-11-23T14:36:12Z");
  EXPECT_EQ(body.at("since"), "2026-11-23T14:31:12Z");
  EXPECT_EQ(body.at("paused_at"), nullptr);
  EXPECT_EQ(body.at("deadline_seconds_left"), 90);
  EXPECT_EQ(body.at("unkept"), nullptr);
  EXPECT_EQ(body.at("steps")[1].at("is"), "running");
  EXPECT_EQ(body.at("steps")[0].at("progress"), nullptr);
  EXPECT_EQ(body.at("stable").at("got"), nullptr);
  EXPECT_EQ(body.at("canary").at("got"), 0.1);
  EXPECT_EQ(body.at("metrics")[0].at("limit"), 200);
  EXPECT_EQ(body.at("history")[0].at("to_weight"), 0.105);
}

TEST_F(Rollouts, AtRestHaveNoStepAndNoWeight) {
  server.reports[0].state = {};
  const Json body = Json::parse(ask("GET", "/api/v1/rollouts/{rollout}", {"checkout"}).body);
  EXPECT_EQ(body.at("phase"), "Healthy");
  for (const char* key : {"reason", "why", "since", "revision", "step", "weight", "started_at", "weight_since"})
    EXPECT_EQ(body.at(key), nullptr) << key;
}

TEST_F(Rollouts, EvidenceIsANumberHoweverLargeItIs) {
  server.reports[0].metrics[0].evidence = std::numeric_limits<double>::infinity();
  const Json body = Json::parse(ask("GET", "/api/v1/rollouts/{rollout}", {"checkout"}).body);
  EXPECT_GT(body.at("metrics")[0].at("evidence").get<double>(), 1e300);
}

TEST_F(Rollouts, SinceIsOfThePhaseAndNotOfTheLastStep) {
  using rollout::Phase;
  using rollout::Reason;
  rollout::State& state = server.reports[0].state;
  state.phase = Phase::Degraded;
  state.reason = Reason::ManualAbort;
  state.history = {{kStart, Phase::Degraded, Reason::AnalysisFailed, 1, 1, 0, 0, ""},
                   {kStart + 1min, Phase::Degraded, Reason::ManualAbort, 1, 1, 0, 0, ""},
                   {kStart + 2min, Phase::Degraded, Reason::ManualAbort, 1, 1, 0, 0, ""}};
  EXPECT_EQ(summary_json(server.reports[0]).at("since"), "2026-11-23T14:32:12Z");
}

TEST_F(Rollouts, StatusHasThemInShort) {
  const Json body = Json::parse(ask("GET", "/api/v1/status", {}).body);
  ASSERT_EQ(body.at("rollouts").size(), 1U);
  EXPECT_EQ(body.at("rollouts")[0], summary_json(server.reports[0]));
}

TEST_F(Rollouts, AnUnknownNameIsAnsweredWithTheNearest) {
  const Reply reply = ask("GET", "/api/v1/rollouts/{rollout}", {"chekout"});
  EXPECT_EQ(reply.status, 404);
  EXPECT_EQ(message(reply), "there is no rollout \"chekout\": did you mean \"checkout\"?");
  const Reply verb = post("strat");
  EXPECT_EQ(verb.status, 404);
  EXPECT_EQ(message(verb), "a rollout has no verb \"strat\": did you mean \"start\"?");
  EXPECT_EQ(message(post("explode")),
            "a rollout has no verb \"explode\": there are start, promote, pause, resume, abort, retry and set-weight");
  EXPECT_TRUE(server.commands.empty());
}

TEST_F(Rollouts, AVerbIsHandedOverWithItsParameters) {
  server.changed.message = "done";
  server.changed.warnings = {"odd"};
  const Json body = Json::parse(post("start", "revision=2026-11-24.1").body);
  EXPECT_EQ(body.at("message"), "done");
  EXPECT_EQ(body.at("warnings"), Json({"odd"}));
  EXPECT_EQ(body.at("changed"), true);
  EXPECT_EQ(body.at("rollout").at("name"), "checkout");
  const struct {
    const char* weight;
    config::Basis expected;
  } weights[] = {{"10%25", 1'000},   {"0.5%25", 50}, {"12.34%25", 1'234},  {"0%25", 0},
                 {"100%25", 10'000}, {"0.01%25", 1}, {"100.00%25", 10'000}};
  for (const auto& example : weights) {
    EXPECT_EQ(post("set-weight", std::string("weight=") + example.weight).status, 200) << example.weight;
    EXPECT_EQ(server.commands.back().weight, example.expected) << example.weight;
  }
  post("promote", "full=1");
  EXPECT_TRUE(server.commands.back().full);
  post("promote", "full=0", "{}");
  EXPECT_FALSE(server.commands.back().full);
  const rollout::Command& first = server.commands.front();
  EXPECT_EQ(first.verb, rollout::Verb::Start);
  EXPECT_EQ(first.rollout, "checkout");
  EXPECT_EQ(first.revision, "2026-11-24.1");
  EXPECT_EQ(first.who, "alice");
  EXPECT_NE(first.when, WallTime{});
}

TEST_F(Rollouts, BadParametersAreRefusedBeforeAnythingIsChanged) {
  const struct {
    const char* verb;
    const char* query;
    const char* words;
  } cases[] = {
      {"set-weight", "", "set-weight wants a weight, such as 10%"},
      {"set-weight", "weight=10", "weight must be between 0% and 100%"},
      {"set-weight", "weight=%25", "weight must be"},
      {"set-weight", "weight=.5%25", "weight must be"},
      {"set-weight", "weight=1.%25", "weight must be"},
      {"set-weight", "weight=1.234%25", "weight must be"},
      {"set-weight", "weight=100.01%25", "weight must be"},
      {"set-weight", "weight=101%25", "weight must be"},
      {"set-weight", "weight=1000%25", "weight must be"},
      {"set-weight", "weight=-1%25", "weight must be"},
      {"set-weight", "weight=%2B1%25", "weight must be"},
      {"set-weight", "weight=1e1%25", "weight must be"},
      {"set-weight", "weight=1.x%25", "weight must be"},
      {"set-weight", "weight=10%25&full=1", "set-weight takes no full"},
      {"promote", "full=yes", "full must be 1 or 0"},
      {"promote", "full=", "full must be 1 or 0"},
      {"promote", "revision=1", "promote takes no revision"},
      {"start", "revision=", "revision must be 1 to 64"},
      {"start", "revision=a+b", "revision must be 1 to 64"},
      {"start", "weight=10%25", "start takes no weight"},
      {"abort", "full=1", "abort takes no full"},
      {"abort", "ful=1", "did you mean \"full\"?"},
  };
  for (const auto& example : cases) {
    SCOPED_TRACE(std::string(example.verb) + "?" + example.query);
    const Reply reply = post(example.verb, example.query);
    EXPECT_EQ(reply.status, 400);
    EXPECT_NE(message(reply).find(example.words), std::string::npos) << reply.body;
  }
  EXPECT_EQ(post("start", "revision=" + std::string(65, 'a')).status, 400);
  EXPECT_EQ(post("abort", "", "{\"now\": true}").status, 400);
  EXPECT_TRUE(server.commands.empty());
}

TEST_F(Rollouts, WhatComesOfAVerbIsToldByTheStatus) {
  using Status = rollout::Changed::Status;
  server.changed = {Status::Unchanged, "it is paused", {}};
  EXPECT_EQ(Json::parse(post("pause").body).at("changed"), false);
  server.changed = {Status::Refused, "not in this phase", {}};
  EXPECT_EQ(post("resume").status, 409);
  server.changed = {Status::Unknown, "there is none", {}};
  EXPECT_EQ(post("resume").status, 404);
  EXPECT_EQ(message(post("resume")), "there is none");
  server.changed = {Status::Done, "gone by a reload since", {}};
  server.reports.clear();
  EXPECT_EQ(Json::parse(post("abort").body).at("rollout"), nullptr);
}

TEST(RolloutJson, HasTheKeysThatTheDocumentDescribes) {
  std::ifstream file(KANARIA_SOURCE_DIR "/docs/openapi.json");
  const Json schemas = Json::parse(file).at("components").at("schemas");
  const auto keys = [](const Json& object) {
    std::set<std::string> names;
    for (const auto& [name, value] : object.items()) names.insert(name);
    return names;
  };
  const Json body = json_of(checkout());
  const Json& described = schemas.at("Rollout").at("properties");
  EXPECT_EQ(keys(body), keys(described));
  EXPECT_EQ(schemas.at("Rollout").at("required").size(), described.size());
  EXPECT_EQ(keys(body.at("canary")), keys(schemas.at("RolloutArm").at("properties")));
  for (const char* list : {"steps", "metrics", "history"})
    EXPECT_EQ(keys(body.at(list)[0]), keys(described.at(list).at("items").at("properties"))) << list;
  std::set<Json> reasons;
  for (std::size_t i = 1; i < rollout::kReasons; ++i) reasons.insert(name_of(static_cast<rollout::Reason>(i)));
  for (const Json& one : schemas.at("Reason").at("enum")) reasons.erase(one);
  EXPECT_TRUE(reasons.empty());
}

TEST(WeightsJson, TellsWhichRolloutDecides) {
  server::RuleWeights weights;
  weights.override.emplace();
  EXPECT_EQ(json_of(weights, 0).at("decided_by"), "override");
  EXPECT_EQ(json_of(weights, 0).at("rollout"), nullptr);
  weights.rollout = "checkout";
  weights.rollout_phase = "Progressing";
  weights.rollout_step = 4;
  weights.rollout_steps = 8;
  const Json body = json_of(weights, 0);
  EXPECT_EQ(body.at("decided_by"), "rollout");
  EXPECT_EQ(body.at("rollout"), Json({{"name", "checkout"}, {"phase", "Progressing"}, {"step", 4}, {"steps", 8}}));
}

}  // namespace
}  // namespace kanaria::admin
