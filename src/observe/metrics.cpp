#include "kanaria/observe/metrics.hpp"

#include <memory>

namespace kanaria::observe {

template <class Row>
std::uint32_t RowTable<Row>::acquire(const Name& name) {
  if (const auto found = indexes_.find(name); found != indexes_.end()) {
    ++entries_[found->second].references;
    return found->second;
  }
  auto index = static_cast<std::uint32_t>(entries_.size());
  if (free_.empty()) {
    entries_.emplace_back();
    for (Rows<Row>* rows : workers_) rows->make_room(index);
  } else {
    index = free_.back();
    free_.pop_back();
  }
  entries_[index] = {name, 1};
  indexes_.emplace(name, index);
  return index;
}

template <class Row>
void RowTable<Row>::release(std::uint32_t index) {
  Entry& entry = entries_[index];
  if (--entry.references > 0) return;
  indexes_.erase(entry.name);
  free_.push_back(index);
  for (Rows<Row>* rows : workers_) {
    Row& row = (*rows)[index];
    std::destroy_at(&row);  // a fresh row for the next names: no worker knows this one any more
    std::construct_at(&row);
  }
}

template class RowTable<RouteRow>;
template class RowTable<GroupRow>;
template class RowTable<TargetRow>;
template class RowTable<ListenerRow>;

template <class Row>
std::vector<Rows<Row>*> Metrics::rows_of(Rows<Row> Counters::* kind) const {
  std::vector<Rows<Row>*> rows;
  rows.reserve(counters_.size());
  for (const auto& counters : counters_) rows.push_back(&(counters.get()->*kind));
  return rows;
}

Metrics::Metrics(std::size_t workers)
    : counters_([workers] {
        std::vector<std::unique_ptr<Counters>> counters(workers);
        for (auto& one : counters) one = std::make_unique<Counters>();
        return counters;
      }()),
      routes_(rows_of(&Counters::routes_)),
      groups_(rows_of(&Counters::groups_)),
      targets_(rows_of(&Counters::targets_)),
      listeners_(rows_of(&Counters::listeners_)) {}

RouteTotals Metrics::totals(std::uint32_t route_row) const {
  RouteTotals totals;
  for (std::size_t by = 0; by < kAnswerers; ++by)
    for (std::size_t slot = 0; slot < kCodes; ++slot) {
      const std::uint64_t answers =
          routes_.sum(route_row, [&](const RouteRow& row) -> const Cell& { return row.answers[by][slot]; });
      totals.requests += answers;
      if (code_label(slot).front() == '5') totals.server_errors += answers;
    }
  totals.durations = routes_.buckets(route_row, &RouteRow::duration);
  return totals;
}

}  // namespace kanaria::observe
