#include "rollouts_json.hpp"
#include "routes.hpp"
#include "targets_json.hpp"
#include "weights_json.hpp"

namespace kanaria::admin {
namespace {

Json rule_json(const server::RuleStatus& rule, double window) {
  Json body = {{"name", rule.name},
               {"priority", rule.priority},
               {"conditions", rule.conditions},
               {"action", rule.action},
               {"requests_per_second", window > 0 ? static_cast<double>(rule.requests) / window : 0.0},
               {"requests", rule.requests},
               {"errors", rule.errors},
               {"weights", nullptr}};
  if (rule.weights) body["weights"] = json_of(*rule.weights, window);
  return body;
}

}  // namespace

net::Awaitable<Reply> status_get(Call& call) {
  const server::Status status = co_await call.server.status();
  Json body = {{"version", KANARIA_VERSION},
               {"name", status.name},
               {"ready", status.ready},
               {"up_seconds", std::chrono::floor<std::chrono::seconds>(status.up).count()},
               {"config",
                {{"file", status.config_file},
                 {"number", status.config_number},
                 {"hash", status.config_hash},
                 {"applied_at", text_of(status.applied)},
                 {"applied_by", status.applied_by},
                 {"last_reload_success", status.last_reload_success},
                 {"file_state", server::name_of(status.file.is)},
                 {"file_state_since", text_of(status.file.since)},
                 {"file_fault", status.file.fault}}},
               {"damaged_state", status.damaged_state},
               {"unkept", status.unkept},
               {"window_seconds", status.window},
               {"rollouts", Json::array()},
               {"listeners", Json::array()},
               {"target_groups", Json::array()}};
  for (const rollout::Report& report : call.server.rollouts()) body["rollouts"].push_back(summary_json(report));
  for (const server::ListenerStatus& listener : status.listeners) {
    Json one = {{"name", listener.name}, {"address", listener.address}, {"rules", Json::array()}};
    for (const server::RuleStatus& rule : listener.rules) one["rules"].push_back(rule_json(rule, status.window));
    body["listeners"].push_back(std::move(one));
  }
  for (const server::GroupTargets& group : status.groups)
    body["target_groups"].push_back(json_of(group.report.name, group));
  co_return json(200, body);
}

}  // namespace kanaria::admin
