#include "target_control.hpp"

#include <set>
#include <string>

namespace kanaria::server {
namespace {

/// The groups that a rule forwards to, whatever their weight.
std::set<std::string> groups_in_use(const config::Model& model) {
  std::set<std::string> used;
  const auto add = [&](const config::Rule& rule) {
    if (const auto* const forward = std::get_if<config::Forward>(&rule.action.of))
      for (const config::WeightedGroup& group : forward->target_groups) used.insert(group.name.value);
  };
  for (const config::Listener& listener : model.listeners) {
    for (const config::Rule& rule : listener.rules) add(rule);
    add(listener.default_rule);
  }
  return used;
}

/// The addresses of what is drained by hand, but those that another target leads to as well.
std::set<std::string> draining_of(const runtime::Snapshot& snapshot, const config::TargetGroup& group) {
  std::set<std::string> draining;
  const auto for_each_place = [&](bool drained, auto&& call) {
    for (const config::Target& target : group.targets)
      if (target.drained == drained)
        for (const net::Endpoint& endpoint : snapshot.endpoints_of(target)) call(endpoint.to_string());
  };
  for_each_place(true, [&](std::string text) { draining.insert(std::move(text)); });
  if (draining.empty()) return draining;
  for_each_place(false, [&](const std::string& text) { draining.erase(text); });
  return draining;
}

}  // namespace

TargetControl::TargetControl(net::Loop& control, observe::Metrics& metrics, Abort abort)
    : control_(control),
      table_(metrics),
      abort_(std::move(abort)),
      checker_(control,
               [this](const std::shared_ptr<const targets::Target>& target, const targets::CheckResult& result) {
                 table_.on_check(target, result, control_.now().time);
               }) {}

void TargetControl::install(const runtime::Snapshot& snapshot) {
  const std::set<std::string> used = groups_in_use(snapshot.model());
  const auto& groups = snapshot.model().target_groups;
  std::vector<targets::TargetTable::Member> members;
  for (std::size_t i = 0; i < groups.size(); ++i)
    members.push_back(
        {&groups[i], snapshot.groups()[i], used.contains(groups[i].name), draining_of(snapshot, groups[i])});
  table_.install(members, control_.now().time);
  checker_.set(table_.to_check());
  if (!scheduled()) control_.wheel().schedule(*this, control_.wheel().now() + 1);
}

void TargetControl::expire() {
  control_.wheel().schedule(*this, control_.wheel().now() + 1);
  for (const auto& target : table_.look(control_.now().time)) abort_(target);
}

net::Awaitable<void> TargetControl::close() {
  control_.wheel().schedule(*this, kNever);
  co_await checker_.close();
}

}  // namespace kanaria::server
