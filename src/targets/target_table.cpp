#include "kanaria/targets/target_table.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "kanaria/base/siphash.hpp"

namespace kanaria::targets {

struct TargetTable::Entry {
  std::shared_ptr<const Target> target;
  Health health;
  Ejection ejection;
  Mitigation mitigation;
  Observed seen;                   // when anomalies were judged last
  std::optional<Time> slow_since;  // slow start goes on
  std::optional<Time> leaves_by;   // it has left the configuration, and what is in flight may finish until then
  bool is_draining = false;        // by hand
  bool is_member = false;          // of the snapshot in force
  bool was_member = false;         // of the one before: until a group settled, workers may know no other target
  bool is_overdue = false;         // leaves_by is over: told already
  std::uint64_t since = 0;         // install() that brought it
};

struct TargetTable::GroupEntry {
  std::string name;
  config::TargetGroup settings;
  std::shared_ptr<GroupState> state = std::make_shared<GroupState>();
  std::vector<std::unique_ptr<Entry>> entries;  // in the file's order, then those that leave
  bool in_use = false;
  bool is_member = false;
  bool is_settled = false;  // every worker has the snapshot in force
  std::uint64_t ejections = 0;
  bool is_short_told = false;  // that too few are healthy

  Entry* find(const net::Endpoint& endpoint) const {
    const auto at = std::ranges::find_if(
        entries, [&](const std::unique_ptr<Entry>& entry) { return entry->target->endpoint == endpoint; });
    return at == entries.end() ? nullptr : at->get();
  }
  bool is_checked() const { return settings.health_check.enabled; }
  /// Takes traffic if its health and its ejection allow it.
  bool is_registered(const Entry& entry) const { return entry.is_member && !entry.is_draining; }
};

TargetTable::TargetTable(observe::Metrics& metrics) : metrics_(metrics) {}

TargetTable::~TargetTable() = default;

std::shared_ptr<GroupState> TargetTable::group_state(const std::string& group) {
  auto& entry = groups_[group];
  if (!entry) {
    entry = std::make_unique<GroupEntry>();
    entry->name = group;
  }
  return entry->state;
}

std::shared_ptr<const Target> TargetTable::target(const std::string& group, const net::Endpoint& endpoint) {
  group_state(group);
  GroupEntry& in = *groups_[group];
  if (const Entry* const known = in.find(endpoint)) return known->target;
  // Its counters live as long as somebody knows it: a snapshot, or this table while it drains. Both end on control.
  auto* const made = new Target;
  made->endpoint = endpoint;
  made->text = endpoint.to_string();
  made->id = name_hash(made->text);
  made->row = metrics_.targets().acquire({group, made->text});
  auto entry = std::make_unique<Entry>();
  entry->target = std::shared_ptr<const Target>(made, [&metrics = metrics_](const Target* gone) {
    metrics.targets().release(gone->row);
    delete gone;
  });
  in.entries.push_back(std::move(entry));
  return in.entries.back()->target;
}

void TargetTable::install(const std::vector<Member>& members, Time now) {
  ++installs_;
  for (auto& [name, group] : groups_) {
    for (auto& entry : group->entries) {
      if (group->is_member) entry->was_member = entry->is_member;
      entry->is_member = false;
    }
    group->is_member = group->in_use = group->is_settled = false;
  }
  for (const Member& member : members) {
    GroupEntry& group = *groups_.at(member.group->name);
    group.settings = *member.settings;
    group.in_use = member.in_use;
    group.is_member = true;
    std::vector<std::unique_ptr<Entry>> ordered;
    for (const auto& target : member.group->targets) {
      const auto at =
          std::ranges::find_if(group.entries, [&](const auto& entry) { return entry && entry->target == target; });
      Entry& entry = **at;
      entry.is_member = true;
      entry.is_overdue = false;
      entry.leaves_by.reset();
      if (entry.since == 0) entry.since = installs_;
      entry.is_draining = member.draining.contains(target->text);
      entry.health.set_checked(group.is_checked());
      ordered.push_back(std::move(*at));
    }
    for (auto& entry : group.entries)
      if (entry) ordered.push_back(std::move(entry));
    group.entries = std::move(ordered);
  }
  for (auto& [name, group] : groups_) {
    for (auto& entry : group->entries)
      if (!entry->is_member && !entry->leaves_by) entry->leaves_by = now + group->settings.deregistration_delay;
    publish(*group, now);
  }
}

void TargetTable::settle(Time now) {
  for (auto& [name, group] : groups_) {
    if (!group->is_member) continue;  // who began with it has no other targets
    group->is_settled = true;
    publish(*group, now);
    group->state->line->give_room();  // who waits finds new targets from now on
  }
}

std::vector<HealthChecker::Subject> TargetTable::to_check() const {
  std::vector<HealthChecker::Subject> subjects;
  for (const auto& [name, group] : groups_) {
    if (!group->in_use || !group->is_checked()) continue;
    for (const auto& entry : group->entries)
      if (entry->is_member) subjects.push_back({entry->target, group->settings.health_check});
  }
  return subjects;
}

void TargetTable::on_check(const std::shared_ptr<const Target>& target, const CheckResult& result, Time now) {
  for (auto& [name, group] : groups_) {
    const auto at = std::ranges::find_if(group->entries, [&](const auto& entry) { return entry->target == target; });
    if (at == group->entries.end()) continue;
    Entry& entry = **at;
    const bool was_new = entry.health.state() == HealthState::Initial;
    if (!entry.health.on_check(result, group->settings.health_check)) return;
    if (entry.health.state() == HealthState::Healthy) {
      spdlog::info("target {}/{}: healthy", name, target->text);
      // Only where another one carries the load meanwhile; targets that came together don't wait for each other
      // (alb.md §4.3).
      const bool others = std::ranges::any_of(group->entries, [&](const auto& other) {
        return other.get() != &entry && group->is_registered(*other) && other->health.is_usable() &&
               !other->slow_since && (!was_new || other->since < entry.since);
      });
      if (others && group->settings.slow_start.count() > 0) entry.slow_since = now;
    } else {
      entry.slow_since.reset();
      spdlog::warn("target {}/{}: {} ({})", name, target->text, name_of(entry.health.state()),
                   description_of(entry.health.reason(), entry.health.status()));
    }
    publish(*group, now);
    return;
  }
}

std::uint64_t TargetTable::in_flight(const Entry& entry) const {
  return metrics_.targets().sum(entry.target->row, &observe::TargetRow::in_flight);
}

Observed TargetTable::observed(const Entry& entry) const {
  return {metrics_.targets().sum(entry.target->row, &observe::TargetRow::requests),
          metrics_.targets().sum(entry.target->row, &observe::TargetRow::failures)};
}

std::vector<std::shared_ptr<const Target>> TargetTable::look(Time now) {
  const bool anomalies = ++looks_ % (kAnomalyInterval / kLook) == 0;
  std::vector<std::shared_ptr<const Target>> overdue;
  for (auto at = groups_.begin(); at != groups_.end();) {
    GroupEntry& group = *at->second;
    std::erase_if(group.entries, [&](const std::unique_ptr<Entry>& entry) {
      if (!entry->leaves_by) return false;
      if (in_flight(*entry) == 0) return true;
      if (now < *entry->leaves_by) return false;
      if (!std::exchange(entry->is_overdue, true))
        spdlog::warn("target {}/{}: deregistration_delay is over, its requests in flight are cut", group.name,
                     entry->target->text);
      overdue.push_back(entry->target);
      return false;
    });
    if (group.entries.empty() && !group.is_member && group.state.use_count() == 1) {
      at = groups_.erase(at);
      continue;
    }
    look_at(group, now, anomalies);
    ++at;
  }
  return overdue;
}

void TargetTable::look_at(GroupEntry& group, Time now, bool anomalies) {
  std::vector<Judged> judged;
  std::vector<Entry*> members;
  for (auto& entry : group.entries) {
    if (!group.is_registered(*entry)) continue;
    TargetState& state = *entry->target->state;
    members.push_back(entry.get());
    judged.push_back({&entry->ejection, entry->health.is_usable(), state.failures.load(std::memory_order_relaxed),
                      state.probe.load(std::memory_order_acquire)});
  }
  const std::vector<Judged> before = judged;
  std::vector<bool> was_out;
  for (const Judged& one : judged) was_out.push_back(one.ejection->phase() != Ejection::Phase::In);
  judge_ejections(judged, group.settings.passive_health, now);
  for (std::size_t i = 0; i < judged.size(); ++i) {
    TargetState& state = *members[i]->target->state;
    const Ejection& ejection = members[i]->ejection;
    if (judged[i].reset_failures) state.failures.store(0, std::memory_order_relaxed);
    // A worker that was faster is heard at the next look.
    Probe was = before[i].probe;
    if (judged[i].probe != was) state.probe.compare_exchange_strong(was, judged[i].probe, std::memory_order_relaxed);
    if (was_out[i] && ejection.phase() == Ejection::Phase::In)
      spdlog::info("target {}/{}: back after its ejection", group.name, members[i]->target->text);
    if (!judged[i].ejected_now) continue;
    ++group.ejections;
    spdlog::warn("target {}/{}: ejected for {} s after {} failures in a row", group.name, members[i]->target->text,
                 std::chrono::duration_cast<std::chrono::seconds>(ejection.until() - now).count(),
                 judged[i].consecutive_failures);
  }
  if (anomalies && group.settings.load_balancing_algorithm_type == config::Algorithm::WeightedRandom) {
    std::vector<Suspect> suspects;
    for (Entry* const entry : members) {
      const Observed total = observed(*entry);
      suspects.push_back({&entry->mitigation,
                          entry->health.is_usable(),
                          {total.requests - entry->seen.requests, total.failures - entry->seen.failures}});
      entry->seen = total;
    }
    judge_anomalies(suspects, group.settings.load_balancing_anomaly_mitigation);
  }
  publish(group, now);
}

/// Writes the verdicts, if they differ from those in force.
void TargetTable::publish(GroupEntry& group, Time now) {
  std::size_t registered = 0;
  std::size_t usable = 0;
  std::size_t in = 0;
  std::size_t unknown = 0;
  for (const auto& entry : group.entries) {
    if (!group.is_registered(*entry)) continue;
    ++registered;
    if (entry->health.state() == HealthState::Initial) ++unknown;
    if (!entry->health.is_usable()) continue;
    ++usable;
    if (entry->ejection.phase() == Ejection::Phase::In) ++in;
  }
  const config::UnhealthyStateRouting& wanted = group.settings.unhealthy_state_routing;
  const auto least = static_cast<std::size_t>(wanted.minimum_healthy_targets_count);
  const auto percentage = static_cast<std::size_t>(wanted.minimum_healthy_targets_percentage.value_or(0));
  // A group smaller than the count is not short as long as all of it is healthy.
  const bool fail_open =
      registered > 0 && (usable < std::min(least, registered) || usable * 100 < percentage * registered);

  bool changed = false;
  bool offered = false;
  for (const auto& entry : group.entries) {
    TargetState& state = *entry->target->state;
    Share share = 0;
    if (!group.is_registered(*entry)) {
      state.probe.store(Probe::None, std::memory_order_relaxed);
    } else {
      // The judge leaves at least one usable target in; between its looks the last one may have become unhealthy.
      const bool is_in = entry->ejection.phase() == Ejection::Phase::In || in == 0;
      if (fail_open || (entry->health.is_usable() && is_in)) share = kFullShare;
      if (share > 0 && !fail_open && entry->slow_since) {
        share = slow_start_share(now - *entry->slow_since, group.settings.slow_start);
        if (share == kFullShare) entry->slow_since.reset();
      }
      if (share > 0 && group.settings.load_balancing_algorithm_type == config::Algorithm::WeightedRandom)
        share = std::max<Share>(1, share * entry->mitigation.share() / kFullShare);
      // One that nobody has taken, or that came back to nothing, is to be seen by all workers.
      offered = offered || state.probe.load(std::memory_order_relaxed) == Probe::Offered;
    }
    if (!group.is_settled && entry->was_member) share = std::max(share, state.share.load(std::memory_order_relaxed));
    changed = state.share.exchange(share, std::memory_order_relaxed) != share || changed;
  }
  changed = group.state->fail_open.exchange(fail_open, std::memory_order_relaxed) != fail_open || changed;
  if (unknown == 0) tell_shortage(group, fail_open, usable, registered);
  // Targets that nobody has judged say nothing: they let a group neither fail nor return.
  const bool nothing_new = registered > 0 && unknown == registered;
  const bool was_alive = group.state->alive.load(std::memory_order_relaxed);
  group.state->alive.store(usable > 0 || (nothing_new && was_alive), std::memory_order_relaxed);
  if (!changed && !offered) return;
  group.state->version.fetch_add(1, std::memory_order_release);
  group.state->line->give_room();  // who waits may find one among them
}

/// Once, when it begins and when it is over.
void TargetTable::tell_shortage(GroupEntry& group, bool is_short, std::size_t usable, std::size_t registered) {
  if (std::exchange(group.is_short_told, is_short) == is_short) return;
  if (is_short) {
    spdlog::warn("target group {}: {} of {} targets healthy, traffic goes to all", group.name, usable, registered);
  } else {
    spdlog::info("target group {}: {} of {} targets healthy, traffic goes to these", group.name, usable, registered);
  }
}

std::pair<HealthState, HealthReason> TargetTable::state_of(const GroupEntry& group, const Entry& entry) const {
  if (entry.is_draining || entry.leaves_by) return {HealthState::Draining, HealthReason::DeregistrationInProgress};
  if (!group.in_use) return {HealthState::Unused, HealthReason::NotInUse};
  return {entry.health.state(), entry.health.reason()};
}

std::vector<TargetTable::GroupReport> TargetTable::report() const {
  std::vector<GroupReport> reports;
  for (const auto& [name, group] : groups_) {
    GroupReport& report = reports.emplace_back();
    report.name = name;
    report.ejections = group->ejections;
    report.fail_open = group->state->fail_open.load(std::memory_order_relaxed);
    for (const auto& entry : group->entries) {
      const auto [state, reason] = state_of(*group, *entry);
      const bool mitigates = group->settings.load_balancing_anomaly_mitigation;
      report.targets.push_back({entry->target->text, state, reason, description_of(reason, entry->health.status()),
                                entry->ejection.phase() != Ejection::Phase::In, entry->mitigation.is_anomalous(),
                                mitigates && entry->mitigation.is_anomalous(), in_flight(*entry),
                                entry->is_member ? entry->target->state->share.load(std::memory_order_relaxed) : 0});
    }
  }
  return reports;
}

}  // namespace kanaria::targets
