// config/schema.json, which editors read, beside the parser's own table of keys. What its values may be is held against
// `kanaria check` in tests/e2e/schema_test.py.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "../../../src/config/keys.hpp"

namespace kanaria::config {
namespace {

using Json = nlohmann::json;

/// The definition of a kind of mapping is called as its Scope.
std::string_view definition_of(Scope scope) {
  switch (scope) {
    case Scope::File: return "File";
    case Scope::Log: return "Log";
    case Scope::LoadBalancer: return "LoadBalancer";
    case Scope::AccessLogs: return "AccessLogs";
    case Scope::Admin: return "Admin";
    case Scope::Listener: return "Listener";
    case Scope::ProxyProtocol: return "ProxyProtocol";
    case Scope::Rule: return "Rule";
    case Scope::Condition: return "Condition";
    case Scope::Patterns: return "Patterns";
    case Scope::HttpHeader: return "HttpHeader";
    case Scope::Values: return "Values";
    case Scope::QueryString: return "QueryString";
    case Scope::QueryPair: return "QueryPair";
    case Scope::Transform: return "Transform";
    case Scope::Rewrite: return "Rewrite";
    case Scope::Action: return "Action";
    case Scope::Forward: return "Forward";
    case Scope::GroupStickiness: return "GroupStickiness";
    case Scope::UserKey: return "UserKey";
    case Scope::WeightedGroup: return "WeightedGroup";
    case Scope::Redirect: return "Redirect";
    case Scope::FixedResponse: return "FixedResponse";
    case Scope::TargetGroup: return "TargetGroup";
    case Scope::TargetStickiness: return "TargetStickiness";
    case Scope::HealthCheck: return "HealthCheck";
    case Scope::TargetGroupHealth: return "TargetGroupHealth";
    case Scope::UnhealthyStateRouting: return "UnhealthyStateRouting";
    case Scope::Retries: return "Retries";
    case Scope::PassiveHealth: return "PassiveHealth";
    case Scope::Rollout: return "Rollout";
    case Scope::RolloutStep: return "RolloutStep";
    case Scope::Pause: return "Pause";
    case Scope::AnalysisStep: return "AnalysisStep";
    case Scope::RolloutMatch: return "RolloutMatch";
    case Scope::RolloutAnalysis: return "RolloutAnalysis";
    case Scope::RolloutMetric: return "RolloutMetric";
    case Scope::BadAnswers: return "BadAnswers";
    case Scope::Target: return "Target";
  }
  return "";
}

Json read_schema() {
  std::ifstream file(KANARIA_SOURCE_DIR "/config/schema.json");
  return Json::parse(file);
}

using Keys = std::map<std::string, std::set<std::string>>;

Keys keys_of_table() {
  Keys found;
  for (const Key& key : keys()) {
    if (key.standing == Standing::Works) found[std::string(definition_of(key.scope))].emplace(key.name);
  }
  return found;
}

/// Of those definitions that are mappings.
Keys keys_of_schema(const Json& schema) {
  Keys found;
  for (const auto& [name, definition] : schema.at("definitions").items()) {
    if (!definition.contains("properties")) continue;
    for (const auto& [key, value] : definition["properties"].items()) found[name].insert(key);
  }
  return found;
}

/// The names of all definitions that can be come to from `from`.
void follow(const Json& schema, const Json& from, std::set<std::string>& met) {
  for (const auto& [key, value] : from.items()) {
    if (key == "$ref") {
      const std::string name = value.get<std::string>().substr(std::string_view("#/definitions/").size());
      if (met.insert(name).second) follow(schema, schema.at("definitions").at(name), met);
    } else if (value.is_structured()) {
      follow(schema, value, met);
    }
  }
}

TEST(Schema, HasTheKeysThatWorkAndNoOthers) {
  EXPECT_EQ(keys_of_schema(read_schema()), keys_of_table());
}

TEST(Schema, RefusesEveryOtherKey) {
  const Json schema = read_schema();
  for (const auto& [name, keys] : keys_of_table()) {
    EXPECT_EQ(schema.at("definitions").at(name).value("additionalProperties", true), false) << name;
  }
}

TEST(Schema, ExplainsEveryKey) {
  const Json schema = read_schema();
  for (const auto& [name, keys] : keys_of_table()) {
    for (const std::string& key : keys) {
      EXPECT_NE(schema.at("definitions").at(name).at("properties").at(key).value("description", ""), "")
          << name << '.' << key;
    }
  }
}

TEST(Schema, UsesEveryDefinition) {
  const Json schema = read_schema();
  std::set<std::string> met;
  follow(schema, schema.at("allOf"), met);
  for (const auto& [name, definition] : schema.at("definitions").items()) EXPECT_TRUE(met.contains(name)) << name;
}

}  // namespace
}  // namespace kanaria::config
