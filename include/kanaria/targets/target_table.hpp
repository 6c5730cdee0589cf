// Control's table of all targets, by (group, address): their health, ejections, slow start and draining, which outlive
// every reload. It judges what checks and workers report, and writes the verdicts into TargetState and GroupState,
// where workers read them. On control's thread; it makes the targets and outlives all of them. Times are given to it.
//
// A target is a candidate while it is usable by its health checks, not ejected and not draining. With fewer usable
// targets than unhealthy_state_routing wants, all but the draining ones are (fail-open).
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kanaria/config/target_group.hpp"
#include "kanaria/observe/metrics.hpp"
#include "kanaria/targets/ejection.hpp"
#include "kanaria/targets/health.hpp"
#include "kanaria/targets/health_checker.hpp"
#include "kanaria/targets/share.hpp"
#include "kanaria/targets/target.hpp"

namespace kanaria::targets {

class TargetTable {
 public:
  explicit TargetTable(observe::Metrics& metrics);
  ~TargetTable();
  TargetTable(const TargetTable&) = delete;
  TargetTable& operator=(const TargetTable&) = delete;

  // For compile(): what there is of this name, else a new one.
  std::shared_ptr<GroupState> group_state(const std::string& group);
  std::shared_ptr<const Target> target(const std::string& group, const net::Endpoint& endpoint);

  /// One group as the snapshot in force has it.
  struct Member {
    const config::TargetGroup* settings;
    std::shared_ptr<const Group> group;
    bool in_use;                     // a rule forwards to it
    std::set<std::string> draining;  // texts of targets that `kanaria targets` drains
  };
  /// A new snapshot is in force. Who is new begins as initial; who is gone drains for its deregistration_delay; who
  /// drained and is back is simply back.
  void install(const std::vector<Member>& members, Time now);
  /// Every worker has that snapshot. Until then whoever was a candidate is one, for workers may know no other target;
  /// from now on who is gone from a group that stays is none, not even of requests that began before, and those that
  /// wait look at who is new.
  void settle(Time now);

  /// Whom the health checker must check.
  std::vector<HealthChecker::Subject> to_check() const;
  void on_check(const std::shared_ptr<const Target>& target, const CheckResult& result, Time now);

  /// A look at everything, every kLook. Returns targets whose deregistration_delay is over while requests are still in
  /// flight: those are to be aborted.
  static constexpr Milliseconds kLook{100};
  std::vector<std::shared_ptr<const Target>> look(Time now);

  struct Report {
    std::string target;
    HealthState state;
    HealthReason reason;
    std::string description;
    bool is_ejected = false;
    bool is_anomalous = false;
    bool is_mitigated = false;
    std::uint64_t in_flight = 0;
    Share share = 0;
  };
  struct GroupReport {
    std::string name;
    std::vector<Report> targets;  // in the file's order, then those that leave
    std::uint64_t ejections = 0;
    bool fail_open = false;
  };
  /// In the order of names.
  std::vector<GroupReport> report() const;

 private:
  struct Entry;
  struct GroupEntry;
  void look_at(GroupEntry& group, Time now, bool anomalies);
  void publish(GroupEntry& group, Time now);
  static void tell_shortage(GroupEntry& group, bool is_short, std::size_t usable, std::size_t registered);
  std::uint64_t in_flight(const Entry& entry) const;
  Observed observed(const Entry& entry) const;
  std::pair<HealthState, HealthReason> state_of(const GroupEntry& group, const Entry& entry) const;

  observe::Metrics& metrics_;
  std::map<std::string, std::unique_ptr<GroupEntry>> groups_;
  std::uint64_t looks_ = 0;
  std::uint64_t installs_ = 0;
};

}  // namespace kanaria::targets
