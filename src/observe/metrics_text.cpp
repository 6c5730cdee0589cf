// What /metrics answers: prometheus-cpp's families, filled with what the workers counted and what control knows, and
// its serializer's text. Numbers are doubles on the way: whole ones are exact up to 2^53, as they are in Prometheus.
#include <prometheus/metric_family.h>
#include <prometheus/text_serializer.h>
#include <sys/resource.h>

#include <filesystem>
#include <iterator>
#include <limits>
#include <sstream>
#include <string_view>
#include <system_error>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/observe/metrics.hpp"

namespace kanaria::observe {
namespace {

using prometheus::ClientMetric;
using prometheus::MetricFamily;
using prometheus::MetricType;

using Labels = std::vector<ClientMetric::Label>;

double seconds(Duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double seconds(std::uint64_t nanoseconds) {
  return static_cast<double>(nanoseconds) / 1e9;
}

// The names of a row, and more.
template <class Row>
Labels labels_of(const typename Row::Name& name, Labels more = {}) {
  Labels labels;
  for (std::size_t i = 0; i < name.size(); ++i) labels.push_back({std::string(Row::kLabels[i]), name[i]});
  std::ranges::move(more, std::back_inserter(labels));
  return labels;
}

ClientMetric::Label label(std::string_view name, std::string_view value) {
  return {std::string(name), std::string(value)};
}

// The families in the order in which they are begun. A sample belongs to the one begun last.
class Page {
 public:
  void counter(std::string_view name, std::string_view help) { begin(MetricType::Counter, name, help); }
  void gauge(std::string_view name, std::string_view help) { begin(MetricType::Gauge, name, help); }
  void summary(std::string_view name, std::string_view help) { begin(MetricType::Summary, name, help); }
  void histogram(std::string_view name, std::string_view help) { begin(MetricType::Histogram, name, help); }

  // Of a counter or a gauge.
  void sample(Labels labels, double value) {
    ClientMetric& one = add(std::move(labels));
    (families_.back().type == MetricType::Counter ? one.counter.value : one.gauge.value) = value;
  }
  void sample(Labels labels, std::uint64_t value) { sample(std::move(labels), static_cast<double>(value)); }

  ClientMetric& add(Labels labels) {
    ClientMetric& one = families_.back().metric.emplace_back();
    one.label = std::move(labels);
    return one;
  }

  std::string text() const {
    std::ostringstream out;
    prometheus::TextSerializer{}.Serialize(out, families_);
    return std::move(out).str();
  }

 private:
  void begin(MetricType type, std::string_view name, std::string_view help) {
    families_.push_back({"kanaria_" + std::string(name), std::string(help), type, {}});
  }

  std::vector<MetricFamily> families_;
};

// One sample a row.
template <class Row, class CellOf>
void add_each(Page& page, const RowTable<Row>& table, CellOf cell_of, const Labels& more = {}) {
  table.for_each([&](const auto& name, std::uint32_t index) {
    page.sample(labels_of<Row>(name, more), table.sum(index, cell_of));
  });
}

// One sample a row and fault, where there is something to tell.
template <class Row>
void add_faults(Page& page, const RowTable<Row>& table, FaultCells Row::* cells) {
  table.for_each([&](const auto& name, std::uint32_t index) {
    for (std::size_t fault = 0; fault < kFaults; ++fault) {
      const std::uint64_t total = table.sum(index, [&](const Row& row) -> const Cell& { return (row.*cells)[fault]; });
      if (total == 0) continue;
      page.sample(labels_of<Row>(name, {label("reason", row_of(static_cast<Fault>(fault)).word)}), total);
    }
  });
}

ClientMetric::Label answered_by(std::size_t by) {
  constexpr std::array<std::string_view, kAnswerers> kWords{"kanaria", "target"};  // in the order of the enumerators
  return label("answered_by", kWords[by]);
}

ClientMetric::Histogram cumulated(const BucketCounts& counts, std::uint64_t nanoseconds) {
  ClientMetric::Histogram all;
  for (std::size_t bucket = 0; bucket < kBuckets; ++bucket) {
    all.sample_count += counts[bucket];
    all.bucket.push_back({all.sample_count, bucket < kBucketBounds.size() ? seconds(kBucketBounds[bucket])
                                                                          : std::numeric_limits<double>::infinity()});
  }
  all.sample_sum = seconds(nanoseconds);
  return all;
}

// One histogram a group and who answered, where anything was counted.
void add_durations(Page& page, const RowTable<GroupRow>& groups, Durations GroupRow::* durations) {
  groups.for_each([&](const auto& name, std::uint32_t index) {
    for (std::size_t by = 0; by < kAnswerers; ++by) {
      const auto histogram = [&](const GroupRow& row) -> const Histogram& { return (row.*durations)[by]; };
      const std::uint64_t nanoseconds =
          groups.sum(index, [&](const GroupRow& row) -> const Cell& { return histogram(row).nanoseconds; });
      ClientMetric::Histogram all = cumulated(groups.buckets(index, histogram), nanoseconds);
      if (all.sample_count == 0) continue;
      page.add(labels_of<GroupRow>(name, {answered_by(by)})).histogram = std::move(all);
    }
  });
}

void add_requests(Page& page, const RowTable<RouteRow>& routes, const RowTable<GroupRow>& groups) {
  page.counter("requests_total", "Requests, by the status that the client got.");
  routes.for_each([&](const auto& name, std::uint32_t index) {
    for (std::size_t by = 0; by < kAnswerers; ++by)
      for (std::size_t slot = 0; slot < kCodes; ++slot) {
        const std::uint64_t total =
            routes.sum(index, [&](const RouteRow& row) -> const Cell& { return row.answers[by][slot]; });
        if (total == 0) continue;
        page.sample(labels_of<RouteRow>(name, {label("code", code_label(slot)), answered_by(by)}), total);
      }
  });
  page.histogram("request_duration_seconds", "Time from a request's first byte to its end, or to its upgrade.");
  add_durations(page, groups, &GroupRow::request_duration);
  page.histogram("target_response_seconds", "Time from sending a target its request to the head of its answer.");
  add_durations(page, groups, &GroupRow::target_response);
}

void add_split(Page& page, const RowTable<RouteRow>& routes, const ProcessFacts& facts) {
  page.gauge("split_weight", "Weight in force of a rule's target group.");
  for (const auto& [row, weight] : facts.split_weights)
    page.sample(labels_of<RouteRow>(routes.name(row)), std::uint64_t{weight});
  page.counter("split_requests_total", "Requests for which the split chose this target group.");
  for (const auto& split : facts.split_weights)
    page.sample(labels_of<RouteRow>(routes.name(split.route_row)),
                routes.sum(split.route_row, &RouteRow::split_requests));
}

void add_targets(Page& page, const RowTable<TargetRow>& targets) {
  page.counter("target_requests_total", "Attempts made at a target.");
  add_each(page, targets, &TargetRow::requests);
  page.summary("target_connect_seconds", "Time that connects to a target took.");
  targets.for_each([&](const auto& name, std::uint32_t index) {
    ClientMetric::Summary& connects = page.add(labels_of<TargetRow>(name)).summary;
    connects.sample_count = targets.sum(index, &TargetRow::connects);
    connects.sample_sum = seconds(targets.sum(index, &TargetRow::connect_nanoseconds));
  });
  page.gauge("target_connections", "Open connections to a target, idle ones too.");
  add_each(page, targets, &TargetRow::connections);
  page.gauge("target_in_flight", "Requests that a target has not finished answering.");
  add_each(page, targets, &TargetRow::in_flight);
}

void add_groups(Page& page, const RowTable<GroupRow>& groups, const ProcessFacts& facts) {
  page.counter("proxy_errors_total", "Requests that failed, or that their client gave up.");
  add_faults(page, groups, &GroupRow::errors);
  page.counter("retries_total", "Further attempts, by what ended the one before.");
  add_faults(page, groups, &GroupRow::retries);
  page.counter("fail_open_requests_total", "Requests that any target could get, for too few were healthy.");
  add_each(page, groups, &GroupRow::fail_open, {label("reason", "unhealthy_state_routing")});
  page.counter("failover_requests_total", "Requests given out while another group had no healthy target.");
  add_each(page, groups, &GroupRow::failover, {label("reason", "no_healthy_target")});
  page.gauge("pending_requests", "Requests that wait for a target with room.");
  add_each(page, groups, &GroupRow::pending);
  page.counter("sticky_requests_total", "Requests of users who are kept where they are.");
  for (std::size_t one = 1; one < kStickies; ++one)
    add_each(page, groups, [one](const GroupRow& row) -> const Cell& { return row.sticky[one]; },
             {label("result", sticky_label(static_cast<Sticky>(one)))});
  page.counter("cookies_rejected_total", "Cookies of ours that were not believed: new visitors.");
  for (std::size_t why = 1; why < cookies::kRejections; ++why)
    add_each(page, groups, [why](const GroupRow& row) -> const Cell& { return row.cookies_rejected[why]; },
             {label("reason", word_of(static_cast<cookies::Rejection>(why)))});
  page.counter("ejections_total", "Targets taken out by passive health.");
  for (const auto& [group, count] : facts.ejections) page.sample({label("target_group", group)}, count);
  page.gauge("targets", "Targets by their state of health.");
  for (const auto& [group, state, count] : facts.target_counts)
    page.sample({label("target_group", group), label("state", state)}, count);
}

void add_listeners(Page& page, const RowTable<ListenerRow>& listeners) {
  page.gauge("client_connections", "Open client connections.");
  add_each(page, listeners, &ListenerRow::client_connections);
  page.counter("connections_refused_total", "Client connections that were not served.");
  for (std::size_t why = 0; why < kRefusals; ++why)
    add_each(page, listeners, [why](const ListenerRow& row) -> const Cell& { return row.connections_refused[why]; },
             {label("reason", refusal_label(static_cast<Refusal>(why)))});
  page.counter("requests_refused_total", "Requests that failed before a target group was chosen.");
  add_faults(page, listeners, &ListenerRow::requests_refused);
  page.counter("non_compliant_requests_total", "Requests that desync mitigation classified.");
  constexpr std::string_view kClasses[] = {"compliant", "acceptable", "ambiguous", "severe"};
  for (std::size_t one = 1; one < http::kDesyncClasses; ++one)
    add_each(page, listeners, [one](const ListenerRow& row) -> const Cell& { return row.non_compliant[one]; },
             {label("class", kClasses[one])});
  page.counter("bytes_total", "Bytes from and to clients, heads included, counted when a request ends.");
  add_each(page, listeners, &ListenerRow::received_bytes, {label("direction", "received")});
  add_each(page, listeners, &ListenerRow::sent_bytes, {label("direction", "sent")});
}

void add_rollouts(Page& page, const ProcessFacts& facts) {
  constexpr std::array<std::string_view, 2> kArms{"stable", "canary"};
  page.gauge("rollout_state", "1 for the phase that a rollout is in.");
  for (const ProcessFacts::Rollout& one : facts.rollouts)
    for (const std::string_view phase : facts.rollout_phases)
      page.sample({label("rollout", one.name), label("state", phase)}, phase == one.phase ? 1.0 : 0.0);
  page.gauge("rollout_step", "Steps of a rollout that are passed.");
  for (const ProcessFacts::Rollout& one : facts.rollouts)
    page.sample({label("rollout", one.name)}, std::uint64_t{one.step});
  page.gauge("rollout_weight", "Share that a rollout gives its canary, 0 to 1.");
  for (const ProcessFacts::Rollout& one : facts.rollouts) page.sample({label("rollout", one.name)}, one.weight);
  page.gauge("rollout_evidence", "Evidence that the canary is worse; 1 is none.");
  for (const ProcessFacts::Rollout& one : facts.rollouts)
    for (const auto& metric : one.metrics)
      if (metric.evidence) page.sample({label("rollout", one.name), label("metric", metric.name)}, *metric.evidence);
  page.counter("rollout_requests_total", "Requests of a rollout's rule with an outcome, by arm.");
  for (const ProcessFacts::Rollout& one : facts.rollouts)
    for (std::size_t arm = 0; arm < kArms.size(); ++arm)
      page.sample({label("rollout", one.name), label("arm", kArms[arm])}, one.requests[arm]);
  page.counter("rollout_bad_total", "Of these, bad ones by each metric.");
  for (const ProcessFacts::Rollout& one : facts.rollouts)
    for (const auto& metric : one.metrics)
      for (std::size_t arm = 0; arm < kArms.size(); ++arm)
        page.sample({label("rollout", one.name), label("arm", kArms[arm]), label("metric", metric.name)},
                    metric.bad[arm]);
  page.counter("rollbacks_total", "Rollouts that were taken back, by why.");
  for (const auto& [rollout, reason, count] : facts.rollbacks)
    page.sample({label("rollout", rollout), label("reason", reason)}, count);
}

// Without the descriptor that the count itself needs.
std::uint64_t open_descriptors() {
  std::error_code failed;
  const std::filesystem::directory_iterator all("/proc/self/fd", failed);
  return failed ? 0 : static_cast<std::uint64_t>(std::distance(begin(all), end(all)) - 1);
}

std::uint64_t descriptor_limit() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  return limit.rlim_cur;
}

void add_process(Page& page, const ProcessFacts& facts) {
  page.gauge("config_last_reload_success", "1 when the last reload was applied, 0 when it was refused.");
  page.sample({}, facts.last_reload_success ? 1.0 : 0.0);
  page.gauge("config_last_reload_timestamp_seconds", "When the configuration in force was applied.");
  page.sample({}, seconds(facts.last_reload.time_since_epoch()));
  page.gauge("config_info", "The configuration in force.");
  page.sample({label("hash", facts.config_hash)}, 1.0);
  page.gauge("config_file_state", "1 for what the file on disk is, beside what runs.");
  for (const std::string_view state : {"in_sync", "differs", "broken"})
    page.sample({label("state", state)}, state == facts.config_file_state ? 1.0 : 0.0);
  page.gauge("override_active", "1 for each rule whose weights were set by hand.");
  for (const std::string& name : facts.overridden_rules) {
    const std::size_t slash = name.find('/');
    page.sample({label("listener", name.substr(0, slash)), label("rule", name.substr(slash + 1))}, 1.0);
  }
  page.counter("access_log_dropped_total", "Access log lines that were lost.");
  page.sample({}, facts.access_log_dropped);
  page.gauge("open_fds", "Open file descriptors.");
  page.sample({}, open_descriptors());
  page.gauge("max_fds", "The limit of open file descriptors.");
  page.sample({}, descriptor_limit());
  page.gauge("build_info", "The version that runs.");
  page.sample({label("version", KANARIA_VERSION)}, 1.0);
}

}  // namespace

std::string Metrics::text(const ProcessFacts& facts) const {
  Page page;
  add_requests(page, routes_, groups_);
  add_split(page, routes_, facts);
  add_groups(page, groups_, facts);
  add_targets(page, targets_);
  add_listeners(page, listeners_);
  add_rollouts(page, facts);
  add_process(page, facts);
  return page.text();
}

}  // namespace kanaria::observe
