#include "targets_by_hand.hpp"

#include <algorithm>
#include <map>

#include "by_hand.hpp"
#include "kanaria/config/text.hpp"

namespace kanaria::server {

net::Awaitable<Changed> change_targets(runtime::Store& store, const runtime::TargetChange& change) {
  const runtime::Outcome outcome = co_await store.override_targets(change);
  Changed changed = words_of(outcome);
  if (!store.overrides().targets.empty() && !store.file()->state_dir)
    changed.warnings.emplace_back("what is changed by hand outlives reloads, and a restart forgets it");
  const std::string asked = change.action
                                ? std::string(name_of(*change.action)) + " " + config::in_quotes(change.target)
                                : std::string("reset");
  audit("targets of " + config::in_quotes(change.group), change.who, asked, changed);
  co_return changed;
}

GroupTargets targets_of(const runtime::Store& store, const Reports& reports, const std::string& group) {
  GroupTargets result;
  const std::shared_ptr<const runtime::Snapshot>& current = store.current();
  const auto& groups = current->model().target_groups;
  const auto settings = std::ranges::find(groups, group, &config::TargetGroup::name);
  if (settings == groups.end()) {
    result.fault = runtime::unknown_group(current->model(), group).message;
    return result;
  }
  const auto report = std::ranges::lower_bound(reports, group, {}, &targets::TargetTable::GroupReport::name);
  if (report != reports.end() && report->name == group) result.report = *report;
  const auto ours = store.overrides().targets.find(group);
  if (ours != store.overrides().targets.end()) result.overrides = ours->second;

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

}  // namespace kanaria::server
