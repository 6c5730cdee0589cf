#include "kanaria/proxy/forward.hpp"

#include <exception>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/proxy/relay.hpp"
#include "kanaria/proxy/retry.hpp"

namespace kanaria::proxy {
namespace {

/// A target that is in use: in flight until it dies.
class TargetLease {
 public:
  TargetLease(observe::Counters& counters, const targets::Target& target) : row_(counters.target(target.row)) {
    row_.requests.add();
    row_.in_flight.add();
  }
  TargetLease(const TargetLease&) = delete;
  TargetLease& operator=(const TargetLease&) = delete;
  ~TargetLease() { row_.in_flight.subtract(); }

 private:
  observe::TargetRow& row_;
};

/// Connects that time out are not repeated for ever: after so many time-outs' worth, no further try.
constexpr int kConnectTimeouts = 3;

/// What ALB names as its methods: a 405 has to say some (RFC 9110 §15.5.6). Others that are not refused are forwarded
/// too.
constexpr std::string_view kMethods = "GET, HEAD, POST, PUT, DELETE, OPTIONS, PATCH";

/// A target not yet tried; null: there is none, or the tries are used up.
const targets::Target* next_target(Request& request, const targets::Group& group, targets::Tried& tried) {
  if (tried.size() == tried.capacity()) return nullptr;
  const targets::Target* const target = request.context.balancer.pick(group, tried);
  if (target != nullptr) tried.push_back(target);
  return target;
}

/// The group of this request; null: all weights are 0.
const targets::Group* choose(Request& request, const rules::Forward& action) {
  const runtime::Route& route = request.listener.routes[action.index];
  const std::size_t chosen = route.split->choose(request.context.loop.random());
  if (chosen == targets::Split::kNone) return nullptr;
  const targets::Group& group = *route.groups[chosen];
  request.record.target_group = group.name;
  request.record.group_row = group.row;
  request.record.route_row = route.rows[chosen];
  request.context.counters.route(route.rows[chosen]).split_requests.add();
  return &group;
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
  const targets::Target& target;
  bool fresh = false;          // not on a reused connection
  bool body_consumed = false;  // set by the try
};

net::Awaitable<Fault> try_once(Request& request, Try& attempted, const http::Piece& first) {
  Context& context = request.context;
  const config::LoadBalancer& settings = request.snapshot.settings();
  request.record.target = attempted.target.text;
  request.record.target_row = attempted.target.row;
  const TargetLease lease(context.counters, attempted.target);

  const targets::AttemptTimeouts timeouts{settings.target_connect_timeout, settings.idle_timeout};
  targets::AttemptPtr owned;
  if (!attempted.fresh) owned = context.pool.take(attempted.group, attempted.target, timeouts);
  const bool is_reused = owned != nullptr;
  if (!owned) {
    Result<targets::AttemptPtr> connected =
        co_await context.pool.connect(attempted.group, attempted.target, timeouts, &request.client);
    if (!connected) co_return connected.error().fault;
    owned = std::move(*connected);
  }
  targets::Attempt& attempt = *owned;

  const http::Watch watch(request.client, attempt);
  const Result<void> sent = co_await attempt.send(request.out.request, first);
  request.record.sent_to_target = request.context.loop.now().time;
  // Many large heads may wait for their answers at once, and none that went out on a fresh connection is sent again.
  if (sent && !is_reused) http::forget(request.out.request.fields);
  Upload upload(request, attempt);
  if (sent && !first.last) upload.start();
  Fault fault = Fault::None;
  std::exception_ptr bug;  // on its way to whoever logs it; the upload must not outlive us
  try {
    fault = co_await relay_answer(request, attempt, upload);
  } catch (...) {
    bug = std::current_exception();
  }
  if (fault != Fault::None && !sent && !request.answer_started()) fault = sent.error().fault;
  co_await upload.end();
  if (bug) std::rethrow_exception(bug);
  attempted.body_consumed = upload.started();
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
  request.client.forget_fields();
  const targets::Group* const group = choose(request, action);
  if (group == nullptr) co_return co_await answer_fault(request, Fault::AllWeightsZero);

  const Time give_up =
      request.context.loop.now().time + kConnectTimeouts * request.snapshot.settings().target_connect_timeout;
  Fault fault = Fault::NoTarget;
  targets::Tried tried;
  for (bool fresh = false;;) {
    const targets::Target* const target = fresh ? tried.back() : next_target(request, *group, tried);
    if (target == nullptr) break;
    if (fault != Fault::NoTarget)
      request.context.counters.group(group->row).retries[static_cast<std::size_t>(fault)].add();
    Try attempted{*group, *target, fresh};
    fault = co_await try_once(request, attempted, first);
    if (fault == Fault::None) co_return;
    const Retry again = retry({fault, request.answer_started(), attempted.body_consumed}, request.out.request.method);
    if (again == Retry::No || request.client.fault() != Fault::None || request.context.loop.now().time > give_up) break;
    fresh = again == Retry::SameTarget;
  }
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
