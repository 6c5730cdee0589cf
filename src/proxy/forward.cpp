#include "kanaria/proxy/forward.hpp"

#include <algorithm>
#include <exception>
#include <optional>
#include <utility>

#include "experiment.hpp"
#include "kanaria/base/fault_table.hpp"
#include "kanaria/proxy/relay.hpp"
#include "kanaria/proxy/retry.hpp"
#include "lease.hpp"

namespace kanaria::proxy {
namespace {

/// Connects that time out are not repeated for ever: after so many time-outs' worth, no further try.
constexpr int kConnectTimeouts = 3;

/// What ALB names as its methods: a 405 has to say some (RFC 9110 §15.5.6). Others that are not refused are forwarded
/// too.
constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

/// What splits this request: the rule's split or, with failover, that of the groups that are alive.
targets::Split& split_of(const runtime::Route& route, bool& failed_over) {
  std::size_t alive = 0;
  for (std::size_t i = 0; i < route.groups.size() && !route.survivors.empty(); ++i)
    if (route.groups[i]->state->alive.load(std::memory_order_relaxed)) alive |= std::size_t{1} << i;
  targets::Split* const survivors = route.survivors.empty() ? nullptr : route.survivors[alive].get();
  failed_over = survivors != nullptr;
  return failed_over ? *survivors : *route.split;
}

/// The group of this request; null: all weights are 0.
const targets::Group* choose(Request& request, const rules::Forward& action) {
  const runtime::Route& route = request.listener.routes[action.index];
  bool failed_over = false;
  const auto [chosen, is_drawn] = route.experiment
                                      ? choose_arm(request, action, route)
                                      : request.stay.choose(request, action, route, split_of(route, failed_over));
  if (chosen == targets::Split::kNone) return nullptr;
  const targets::Group& group = *route.groups[chosen];
  request.stay.read_target(request, group);
  request.record.target_group = group.name;
  request.record.group_row = group.row;
  request.record.route_row = route.rows[chosen];
  if (is_drawn) request.context.counters.route(route.rows[chosen]).split_requests.add();
  if (failed_over) request.context.counters.group(group.row).failover.add();
  return &group;
}

/// What the tries of one request have come to.
struct Tries {
  const targets::Group* group;
  const runtime::Snapshot* seen;  // whose the group is, or that has none of its name
  bool may_probe;                 // it does no harm twice, so it may try an ejected target
  targets::Tried tried;
  std::size_t pinned = 0;  // of `tried`, those whose configuration is held for sure
  int counted = 0;         // further tries that counted against Retries::max
  bool fresh = false;      // the next one on a new connection
  bool fail_open = false;  // told already
};

/// The group as the configuration now in force has it. Who waits or tries again would else know neither the targets
/// that came meanwhile, and those behind it in line wait for nothing, nor that others have left.
void follow(Request& request, Tries& tries) {
  runtime::PinBoard& board = request.context.snapshots;
  const runtime::Snapshot& present = board.current();
  if (&present == tries.seen) return;
  tries.seen = &present;
  const auto& groups = present.groups();
  const auto at = std::ranges::find(groups, tries.group->state, &targets::Group::state);
  if (at == groups.end() || at->get() == tries.group)
    return;  // removed: it goes on by what it began with; or as it was
  tries.group = at->get();
  if (tries.pinned == tries.tried.size() && !request.later.empty()) request.later.pop_back();
  tries.pinned = tries.tried.size();
  request.later.push_back(board.pin());
}

/// A target not yet tried that has room, as a lease. None, or why there is none.
Fault take_target(Request& request, Tries& tries, std::optional<TargetLease>& lease) {
  if (tries.tried.size() == tries.tried.capacity()) return Fault::NoTarget;
  follow(request, tries);
  while (true) {
    const auto own = tries.tried.empty() ? request.stay.target() : std::nullopt;
    const targets::Pick pick = request.context.balancer.pick(*tries.group, tries.tried, tries.may_probe, own);
    if (pick.target == nullptr) return pick.is_full ? Fault::TargetsFull : Fault::NoTarget;
    lease.emplace(request.context.counters, *tries.group, pick);
    if (!lease->has_room()) {
      lease.reset();
      continue;
    }
    tries.tried.push_back(pick.target);
    if (pick.fail_open && !std::exchange(tries.fail_open, true))
      request.context.counters.group(tries.group->row).fail_open.add();
    return Fault::None;
  }
}

/// The same, after waiting in line.
net::Awaitable<Fault> wait_for_target(Request& request, Tries& tries, std::optional<TargetLease>& lease) {
  const targets::Group& group = *tries.group;
  targets::WaitingLine::Place place(request.context.loop, *group.state->line);
  if (!place.join(group.max_pending, group.pending_timeout)) co_return Fault::TargetsFull;
  const observe::Gauge waiting(request.context.counters.group(group.row).pending);
  const http::Watch watch(request.client, place);
  while (true) {
    if (place.is_first()) {
      const Fault taken = take_target(request, tries, lease);
      if (taken != Fault::TargetsFull) co_return taken;
    }
    const Fault fault = co_await place.wait();
    if (fault != Fault::None) co_return fault;
  }
}

/// Builds the head that the target gets, once for all tries.
Result<void> make_outgoing(Request& request, const rules::Rule& rule) {
  http::Exchange& client = request.client;
  observe::ExchangeRecord& record = request.record;
  http::Rewritten rewritten;
  if (rule.has_transforms()) {
    const Result<void> done = rule.rewrite(client.head(), request.context.loop.index(), client.arena(), rewritten);
    record.transformed_host = rewritten.host;
    record.transformed_uri = rewritten.target;
    if (!done) {
      record.transform_status = "TransformFailed";
    } else if (!rewritten.host.empty() || !rewritten.target.empty()) {
      record.transform_status = "TransformSuccess";
    }
    if (!done) return done.error();
  }
  http::make_request(client.head(), client.peer(), request.listener.policy, rewritten, record.wall,
                     request.context.loop.random(), client.arena(), request.out.request, record.trace_id);
  return {};
}

struct Try {
  const targets::Group& group;
  TargetLease& lease;
  bool fresh;  // not on a reused connection
  // Set by the try:
  bool sent = false;           // bytes may have reached the target
  bool body_consumed = false;  // bytes of the body, or of the head, are gone
};

net::Awaitable<Fault> try_once(Request& request, Try& attempted, const http::Piece& first) {
  Context& context = request.context;
  const config::LoadBalancer& settings = request.snapshot.settings();
  const targets::Target& target = attempted.lease.target();
  request.record.target = target.text;
  request.record.target_row = target.row;

  const targets::AttemptTimeouts timeouts{settings.target_connect_timeout, settings.idle_timeout};
  targets::AttemptPtr owned;
  if (!attempted.fresh) owned = context.pool.take(attempted.group, target, timeouts);
  const bool is_reused = owned != nullptr;
  if (!owned) {
    Result<targets::AttemptPtr> connected =
        co_await context.pool.connect(attempted.group, target, timeouts, &request.client);
    if (!connected) co_return connected.error().fault;
    owned = std::move(*connected);
  }
  targets::Attempt& attempt = *owned;

  const http::Watch watch(request.client, attempt);
  attempted.sent = true;
  const Result<void> sent = co_await attempt.send(request.out.request, first);
  request.record.sent_to_target = request.context.loop.now().time;
  request.record.target_head = observe::kUnset;  // was the try before's
  // Many large heads may wait for their answers at once: those are not sent again, unless a reused connection ends.
  if (sent && !is_reused) attempted.body_consumed = http::forget(request.out.request.fields);
  Upload upload(request, attempt);
  if (sent && !first.last) upload.start();
  Fault fault = Fault::None;
  std::exception_ptr bug;  // on its way to whoever logs it; the upload must not outlive us
  try {
    fault = co_await relay_answer(request, attempt, upload, attempted.lease);
  } catch (...) {
    bug = std::current_exception();
  }
  if (fault != Fault::None && !sent && !request.answer_started()) fault = sent.error().fault;
  co_await upload.end();
  if (bug) std::rethrow_exception(bug);
  attempted.body_consumed = attempted.body_consumed || upload.started();
  co_return fault;
}

}  // namespace

net::Awaitable<void> forward(Request& request, const rules::Rule& rule, const rules::Forward& action,
                             const http::Piece& first) {
  if (request.client.head().max_forwards == 0) {  // asks us, and no target (RFC 9110 §7.6.2)
    const OwnAnswer ours;
    co_return co_await respond(request, ours);
  }
  // A request that we refuse draws no ticket: it must not shift the others.
  const Result<void> made = make_outgoing(request, rule);
  if (!made) co_return co_await answer_fault(request, made.error().fault);
  const targets::Group* const group = choose(request, action);
  request.client.forget_fields();
  if (group == nullptr) co_return co_await answer_fault(request, Fault::AllWeightsZero);

  const Time give_up =
      request.context.loop.now().time + kConnectTimeouts * request.snapshot.settings().target_connect_timeout;
  targets::RetryBudget& budget = request.context.budget(group->row);
  budget.deposit(group->retries.budget_percent);
  const std::string_view method = request.out.request.method;
  // Without retries too: one request that fails is less than the several that would fail if the target came back
  // untried.
  const bool may_probe = first.last && http::is_idempotent(method);
  Tries tries{group, &request.snapshot, may_probe, {}};
  Fault fault = Fault::None;
  while (true) {
    std::optional<TargetLease> lease;
    // Who comes later doesn't overtake those who wait. A further try takes what has room, or none: it may not wait for
    // targets that it has tried.
    const bool in_turn = fault != Fault::None || !group->max_connections || group->state->line->empty();
    Fault none = in_turn ? take_target(request, tries, lease) : Fault::TargetsFull;
    if (none == Fault::TargetsFull && fault == Fault::None) none = co_await wait_for_target(request, tries, lease);
    if (none != Fault::None) {
      // A connection that was closed under us is no word against its target: where there is no other one, it again.
      if (fault != Fault::ReusedConnectionClosed) {
        if (fault == Fault::None) fault = none;
        break;
      }
      lease.emplace(request.context.counters, *tries.group, targets::Pick{tries.tried.back()});
      if (!lease->has_room()) break;
    }
    if (fault != Fault::None) request.context.counters.group(group->row).retries[static_cast<std::size_t>(fault)].add();
    lease->begins();
    Try attempted{*tries.group, *lease, tries.fresh};
    fault = co_await try_once(request, attempted, first);
    lease->tell(fault, request.record.target_status);
    if (fault == Fault::None) co_return;
    // Closed under the request, most likely before the target looked at it: the next try is the first one that counts.
    if (fault != Fault::ReusedConnectionClosed) tell_failure(request, fault);
    const Failure failure{fault, attempted.sent, request.answer_started(), attempted.body_consumed};
    const Retry again = retry(failure, method, group->retries, tries.counted);
    if (!again.again || request.client.fault() != Fault::None || request.context.loop.now().time > give_up) break;
    if (again.counts && !budget.withdraw()) break;
    if (again.counts) ++tries.counted;
    tries.fresh = again.fresh;
  }
  tell_failure(request, fault);  // nothing new where a try was told of
  co_await answer_fault(request, fault);
}

net::Awaitable<void> respond(Request& request, const OwnAnswer& what) {
  request.record.elb_status = what.status;
  request.record.answer_start = request.context.loop.now().time;
  const Result<void> sent = co_await answer(request.client, what, request.out.response);
  if (!sent) request.record.fault = sent.error().fault;
}

net::Awaitable<void> answer_fault(Request& request, Fault fault) {
  const FaultRow& row = row_of(fault);
  observe::ExchangeRecord& record = request.record;
  record.fault = fault;
  if (request.answer_started()) {  // cut, and seen as cut
    request.client.abort(fault);
    co_return;
  }
  record.elb_status = row.status;
  record.answered_by = observe::AnsweredBy::Kanaria;
  if (row.status == 0 || fault == Fault::ClientGone || request.client.fault() != Fault::None) {
    request.client.abort(fault);
    co_return;
  }
  OwnAnswer page;
  page.status = row.status;
  page.content_type = "text/html";
  page.body = error_page(row.status, request.client.arena());
  if (row.status == 405) page.allow = kMethods;
  page.close = row.side == Side::Client || row.status == 502;  // ALB closes after a 502
  record.answer_start = request.context.loop.now().time;
  const Result<void> sent = co_await answer(request.client, page, request.out.response);
  if (!sent) request.client.abort(Fault::ClientGone);
}

}  // namespace kanaria::proxy
