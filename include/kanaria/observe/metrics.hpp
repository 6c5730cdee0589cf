// The process's metrics: which row index means which names, and the Prometheus text of all workers' counters added up.
// Owned by the server and used on control's thread; workers only hold their Counters. A tuple of names keeps its row,
// and so its counts, as long as any snapshot has acquired it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/observe/counters.hpp"

namespace kanaria::observe {

/// Names <-> dense indexes of one kind of row. Indexes are counted by reference: each snapshot acquires what it names,
/// and releases it when the last worker has let go of that snapshot. Only then may a row be cleared and used again.
template <class Row>
class RowTable {
 public:
  using Name = typename Row::Name;

  explicit RowTable(std::vector<Rows<Row>*> workers) : workers_(std::move(workers)) {}

  /// The row of these names, made if need be, for all workers.
  std::uint32_t acquire(const Name& name);
  void release(std::uint32_t index);
  const Name& name(std::uint32_t index) const { return entries_[index].name; }
  /// kNoRow: these names have none.
  std::uint32_t find(const Name& name) const {
    const auto found = indexes_.find(name);
    return found == indexes_.end() ? kNoRow : found->second;
  }

  /// Calls f(name, index) for each row in use, in the order of names.
  template <class F>
  void for_each(F&& f) const {
    for (const auto& [name, index] : indexes_) f(name, index);
  }
  /// A cell of a row, added up over all workers.
  template <class CellOf>
  std::uint64_t sum(std::uint32_t index, CellOf&& cell_of) const {
    std::uint64_t total = 0;
    for (const Rows<Row>* rows : workers_) total += std::invoke(cell_of, (*rows)[index]).read();
    return total;
  }
  /// A histogram's buckets of a row, likewise.
  template <class HistogramOf>
  BucketCounts buckets(std::uint32_t index, HistogramOf&& histogram_of) const {
    BucketCounts counts{};
    for (const Rows<Row>* rows : workers_) {
      const Histogram& histogram = std::invoke(histogram_of, (*rows)[index]);
      for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) counts[bucket] += histogram.buckets[bucket].read();
    }
    return counts;
  }

 private:
  struct Entry {
    Name name;
    std::uint32_t references = 0;
  };
  std::vector<Rows<Row>*> workers_;
  std::map<Name, std::uint32_t> indexes_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> free_;
};

/// What a route has answered since its row was made, and how long that took. Of the last minute: now, less what it was
/// a minute ago, number by number; a row that was used again in between has less than before.
struct RouteTotals {
  std::uint64_t requests = 0;
  std::uint64_t server_errors = 0;  // of these: 5xx, whoever answered
  BucketCounts durations{};
};

/// What control knows and no worker counts.
struct ProcessFacts {
  bool last_reload_success = true;
  WallTime last_reload{};
  std::string config_hash;
  std::uint64_t access_log_dropped = 0;
  struct SplitWeight {
    std::uint32_t route_row;
    std::uint32_t weight;
  };
  std::vector<SplitWeight> split_weights;  // of the snapshot in force
  struct TargetCount {
    std::string target_group;
    std::string_view state;  // as in ALB's target health
    std::uint64_t targets;
  };
  std::vector<TargetCount> target_counts;  // each state of each group
  struct Ejections {
    std::string target_group;
    std::uint64_t count;
  };
  std::vector<Ejections> ejections;
  std::vector<std::string> overridden_rules;  // LISTENER/RULE
  std::string_view config_file_state;         // "in_sync", "differs", "broken"
  struct Rollout {
    std::string name;
    std::string_view phase;
    std::size_t step = 0;                     // passed
    double weight = 0;                        // of the canary, 0-1
    std::array<std::uint64_t, 2> requests{};  // of stable, of the canary
    struct Metric {
      std::string name;
      std::optional<double> evidence;
      std::array<std::uint64_t, 2> bad{};
    };
    std::vector<Metric> metrics;
  };
  std::vector<Rollout> rollouts;
  std::vector<std::string_view> rollout_phases;  // all there are
  struct Rollbacks {
    std::string rollout;
    std::string_view reason;
    std::uint64_t count;
  };
  std::vector<Rollbacks> rollbacks;
};

class Metrics {
 public:
  explicit Metrics(std::size_t workers);
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;

  Counters& worker(std::size_t index) { return *counters_[index]; }

  RowTable<RouteRow>& routes() { return routes_; }
  RowTable<GroupRow>& groups() { return groups_; }
  RowTable<TargetRow>& targets() { return targets_; }
  RowTable<ListenerRow>& listeners() { return listeners_; }

  RouteTotals totals(std::uint32_t route_row) const;

  /// Prometheus's text format 0.0.4. Each family is there, if only by its name and type. Left out is what would be a
  /// zero for each code, failure, or who answered.
  std::string text(const ProcessFacts& facts) const;

 private:
  template <class Row>
  std::vector<Rows<Row>*> rows_of(Rows<Row> Counters::* kind) const;

  std::vector<std::unique_ptr<Counters>> counters_;  // declared before the tables that point into it
  RowTable<RouteRow> routes_;
  RowTable<GroupRow> groups_;
  RowTable<TargetRow> targets_;
  RowTable<ListenerRow> listeners_;
};

}  // namespace kanaria::observe
