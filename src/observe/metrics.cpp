#include "kanaria/observe/metrics.hpp"

#include <sys/resource.h>

#include <filesystem>
#include <memory>
#include <string_view>
#include <system_error>

#include "kanaria/base/fault_table.hpp"

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

namespace {

// Prometheus text, format 0.0.4.
class Page {
 public:
  struct Label {
    std::string_view name;
    std::string_view value;
  };

  void family(std::string_view name, std::string_view type, std::string_view text) {
    name_ = name;
    (out_ += "# HELP kanaria_").append(name).append(" ").append(text);
    (out_ += "\n# TYPE kanaria_").append(name).append(" ").append(type) += '\n';
  }

  template <std::size_t N>
  void sample(const std::array<std::string_view, N>& names, const std::array<std::string, N>& values,
              std::string_view number, std::initializer_list<Label> more = {}, std::string_view suffix = "") {
    (out_ += "kanaria_").append(name_).append(suffix);
    char opening = '{';
    const auto label = [&](std::string_view name, std::string_view value) {
      ((out_ += opening) += name) += "=\"";
      for (const char c : value) {
        if (c == '\n') {
          out_ += "\\n";
        } else {
          if (c == '"' || c == '\\') out_ += '\\';
          out_ += c;
        }
      }
      out_ += '"';
      opening = ',';
    };
    for (std::size_t i = 0; i < N; ++i) label(names[i], values[i]);
    for (const Label& one : more) label(one.name, one.value);
    if (opening == ',') out_ += '}';
    ((out_ += ' ') += number) += '\n';
  }

  void sample(std::string_view number, std::initializer_list<Label> labels = {}) { sample<0>({}, {}, number, labels); }

  std::string take() { return std::move(out_); }

 private:
  std::string_view name_;
  std::string out_;
};

// In seconds, exactly.
std::string seconds(std::uint64_t nanoseconds) {
  const std::string part = std::to_string(nanoseconds % 1'000'000'000);
  return std::to_string(nanoseconds / 1'000'000'000) + "." + std::string(9 - part.size(), '0') + part;
}

// One sample a row.
template <class Row, class CellOf>
void add_each(Page& page, const RowTable<Row>& table, CellOf cell_of, Page::Label extra = {}) {
  table.for_each([&](const auto& name, std::uint32_t index) {
    const std::string number = std::to_string(table.sum(index, cell_of));
    if (extra.name.empty()) return page.sample(Row::kLabels, name, number);
    page.sample(Row::kLabels, name, number, {extra});
  });
}

// One sample a row and fault, where there is something to tell.
template <class Row>
void add_faults(Page& page, const RowTable<Row>& table, FaultCells Row::* cells) {
  table.for_each([&](const auto& name, std::uint32_t index) {
    for (std::size_t fault = 0; fault < kFaults; ++fault) {
      const std::uint64_t total = table.sum(index, [&](const Row& row) -> const Cell& { return (row.*cells)[fault]; });
      if (total == 0) continue;
      page.sample(Row::kLabels, name, std::to_string(total), {{"reason", row_of(static_cast<Fault>(fault)).word}});
    }
  });
}

void add_requests(Page& page, const RowTable<RouteRow>& routes) {
  constexpr std::string_view kAnsweredBy[] = {"kanaria", "target"};  // in the order of the enumerators
  page.family("requests_total", "counter", "Requests, by the status that the client got.");
  routes.for_each([&](const auto& name, std::uint32_t index) {
    for (std::size_t by = 0; by < 2; ++by)
      for (std::size_t slot = 0; slot < kCodes; ++slot) {
        const std::uint64_t total =
            routes.sum(index, [&](const RouteRow& row) -> const Cell& { return row.answers[by][slot]; });
        if (total == 0) continue;
        page.sample(RouteRow::kLabels, name, std::to_string(total),
                    {{"code", code_label(slot)}, {"answered_by", kAnsweredBy[by]}});
      }
  });
}

void add_split(Page& page, const RowTable<RouteRow>& routes, const ProcessFacts& facts) {
  page.family("split_weight", "gauge", "Weight in force of a rule's target group.");
  for (const auto& [row, weight] : facts.split_weights)
    page.sample(RouteRow::kLabels, routes.name(row), std::to_string(weight));
  page.family("split_requests_total", "counter", "Requests for which the split chose this target group.");
  for (const auto& split : facts.split_weights)
    page.sample(RouteRow::kLabels, routes.name(split.route_row),
                std::to_string(routes.sum(split.route_row, &RouteRow::split_requests)));
}

void add_targets(Page& page, const RowTable<TargetRow>& targets) {
  page.family("target_requests_total", "counter", "Attempts made at a target.");
  add_each(page, targets, &TargetRow::requests);
  page.family("target_connect_seconds", "summary", "Time that connects to a target took.");
  targets.for_each([&](const auto& name, std::uint32_t index) {
    const std::uint64_t nanoseconds = targets.sum(index, &TargetRow::connect_nanoseconds);
    page.sample(TargetRow::kLabels, name, seconds(nanoseconds), {}, "_sum");
    page.sample(TargetRow::kLabels, name, std::to_string(targets.sum(index, &TargetRow::connects)), {}, "_count");
  });
  page.family("target_connections", "gauge", "Open connections to a target, idle ones too.");
  add_each(page, targets, &TargetRow::connections);
  page.family("target_in_flight", "gauge", "Requests that a target has not finished answering.");
  add_each(page, targets, &TargetRow::in_flight);
}

void add_groups(Page& page, const RowTable<GroupRow>& groups, const ProcessFacts& facts) {
  page.family("proxy_errors_total", "counter", "Requests that failed, or that their client gave up.");
  add_faults(page, groups, &GroupRow::errors);
  page.family("retries_total", "counter", "Further attempts, by what ended the one before.");
  add_faults(page, groups, &GroupRow::retries);
  page.family("fail_open_requests_total", "counter", "Requests that any target could get, for too few were healthy.");
  add_each(page, groups, &GroupRow::fail_open, {"reason", "unhealthy_state_routing"});
  page.family("failover_requests_total", "counter", "Requests given out while another group had no healthy target.");
  add_each(page, groups, &GroupRow::failover, {"reason", "no_healthy_target"});
  page.family("pending_requests", "gauge", "Requests that wait for a target with room.");
  add_each(page, groups, &GroupRow::pending);
  page.family("sticky_requests_total", "counter", "Requests of users who are kept where they are.");
  for (std::size_t one = 1; one < kStickies; ++one)
    add_each(page, groups, [one](const GroupRow& row) -> const Cell& { return row.sticky[one]; },
             {"result", sticky_label(static_cast<Sticky>(one))});
  page.family("cookies_rejected_total", "counter", "Cookies of ours that were not believed: new visitors.");
  for (std::size_t why = 1; why < cookies::kRejections; ++why)
    add_each(page, groups, [why](const GroupRow& row) -> const Cell& { return row.cookies_rejected[why]; },
             {"reason", word_of(static_cast<cookies::Rejection>(why))});
  page.family("ejections_total", "counter", "Targets taken out by passive health.");
  for (const auto& [group, count] : facts.ejections) page.sample(std::to_string(count), {{"target_group", group}});
  page.family("targets", "gauge", "Targets by their state of health.");
  for (const auto& [group, state, count] : facts.target_counts)
    page.sample(std::to_string(count), {{"target_group", group}, {"state", state}});
}

void add_listeners(Page& page, const RowTable<ListenerRow>& listeners) {
  page.family("client_connections", "gauge", "Open client connections.");
  add_each(page, listeners, &ListenerRow::client_connections);
  page.family("connections_refused_total", "counter", "Client connections that were not served.");
  for (std::size_t why = 0; why < kRefusals; ++why)
    add_each(page, listeners, [why](const ListenerRow& row) -> const Cell& { return row.connections_refused[why]; },
             {"reason", refusal_label(static_cast<Refusal>(why))});
  page.family("requests_refused_total", "counter", "Requests that failed before a target group was chosen.");
  add_faults(page, listeners, &ListenerRow::requests_refused);
  page.family("non_compliant_requests_total", "counter", "Requests that desync mitigation classified.");
  constexpr std::string_view kClasses[] = {"compliant", "acceptable", "ambiguous", "severe"};
  for (std::size_t one = 1; one < http::kDesyncClasses; ++one)
    add_each(page, listeners, [one](const ListenerRow& row) -> const Cell& { return row.non_compliant[one]; },
             {"class", kClasses[one]});
  page.family("bytes_total", "counter", "Bytes from and to clients, heads included, counted when a request ends.");
  add_each(page, listeners, &ListenerRow::received_bytes, {"direction", "received"});
  add_each(page, listeners, &ListenerRow::sent_bytes, {"direction", "sent"});
}

// Without the descriptor that the count itself needs.
std::ptrdiff_t open_descriptors() {
  std::error_code failed;
  const std::filesystem::directory_iterator all("/proc/self/fd", failed);
  return failed ? 0 : std::distance(begin(all), end(all)) - 1;
}

rlim_t descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void add_process(Page& page, const ProcessFacts& facts) {
  const Duration reloaded = facts.last_reload.time_since_epoch();
  page.family("config_last_reload_success", "gauge", "1 when the last reload was applied, 0 when it was refused.");
  page.sample(facts.last_reload_success ? "1" : "0");
  page.family("config_last_reload_timestamp_seconds", "gauge", "When the configuration in force was applied.");
  page.sample(seconds(static_cast<std::uint64_t>(reloaded.count())));
  page.family("config_info", "gauge", "The configuration in force.");
  page.sample("1", {{"hash", facts.config_hash}});
  page.family("access_log_dropped_total", "counter", "Access log lines that were lost.");
  page.sample(std::to_string(facts.access_log_dropped));
  page.family("open_fds", "gauge", "Open file descriptors.");
  page.sample(std::to_string(open_descriptors()));
  page.family("max_fds", "gauge", "The limit of open file descriptors.");
  page.sample(std::to_string(descriptor_limit()));
  page.family("build_info", "gauge", "The version that runs.");
  page.sample("1", {{"version", KANARIA_VERSION}});
}

}  // namespace

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

std::string Metrics::text(const ProcessFacts& facts) const {
  Page page;
  add_requests(page, routes_);
  add_split(page, routes_, facts);
  add_groups(page, groups_, facts);
  add_targets(page, targets_);
  add_listeners(page, listeners_);
  add_process(page, facts);
  return page.take();
}

}  // namespace kanaria::observe
