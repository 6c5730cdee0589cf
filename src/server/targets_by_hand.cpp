#include "targets_by_hand.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <map>

#include "kanaria/config/text.hpp"

namespace kanaria::server {

net::Awaitable<TargetsChanged> change_targets(runtime::Store& store, const runtime::TargetChange& change) {
  const runtime::Outcome outcome = co_await store.override_targets(change);
  TargetsChanged result{outcome.status, outcome.changes, {}, {}};
  for (const config::Diagnostic& found : outcome.diagnostics.sorted()) {
    if (found.severity == config::Severity::Error) {
      result.faults.push_back(found.message);
    } else if (found.at.line == 0) {  // others are the file's, and were told when it was loaded
      result.warnings.push_back(found.message);
    }
  }
  if (!store.overrides().empty())
    result.warnings.emplace_back("what is changed by hand outlives reloads, and a restart forgets it");
  std::string words = change.action ? std::string(name_of(*change.action)) + " " + config::in_quotes(change.target)
                                    : std::string("reset");
  for (const std::string& fault : result.faults) words += ": refused: " + fault;
  if (result.faults.empty() && result.changes.empty()) words += ": nothing changed";
  for (const std::string& made : result.changes) words += ": " + made;
  spdlog::log(result.faults.empty() ? spdlog::level::info : spdlog::level::warn, "targets of {} changed by {}: {}",
              config::in_quotes(change.group), change.who, words);
  co_return result;
}

GroupTargets targets_of(const runtime::Store& store, const targets::TargetTable& table, const std::string& group) {
  GroupTargets result;
  const std::shared_ptr<const runtime::Snapshot>& current = store.current();
  const auto& groups = current->model().target_groups;
  const auto settings = std::ranges::find(groups, group, &config::TargetGroup::name);
  if (settings == groups.end()) {
    result.fault = runtime::unknown_group(current->model(), group).message;
    return result;
  }
  for (targets::TargetTable::GroupReport& report : table.report())
    if (report.name == group) result.report = std::move(report);
  const auto ours = store.overrides().find(group);
  if (ours != store.overrides().end()) result.overrides = ours->second;

  const auto& in_file = std::ranges::find(store.file()->target_groups, group, &config::TargetGroup::name)->targets;
  std::map<std::string, GroupTargets::Source> sources;  // by address; one that the file leads to as well is the file's
  for (const config::Target& target : settings->targets) {
    const bool is_ours = std::ranges::none_of(in_file, [&](const auto& other) { return same_place(other, target); });
    const auto source = is_ours ? GroupTargets::Source::Hand : GroupTargets::Source::File;
    for (const net::Endpoint& endpoint : current->endpoints_of(target)) {
      const auto at = sources.emplace(endpoint.to_string(), source).first;
      at->second = std::min(at->second, source);
    }
  }
  for (const targets::TargetTable::Report& target : result.report.targets) {
    const auto at = sources.find(target.target);
    result.sources.push_back(at == sources.end() ? GroupTargets::Source::Leaving : at->second);
  }
  return result;
}

void log_overrides(const runtime::Store& store) {
  for (const auto& [group, ours] : store.overrides())
    for (const runtime::TargetOverride& one : ours)
      spdlog::info("override kept: target group {}: target {} {} by {}", group, one.target.text.value, one.words(),
                   one.who);
}

}  // namespace kanaria::server
