#include "kanaria/proxy/handler.hpp"

#include "kanaria/proxy/answer.hpp"
#include "kanaria/proxy/forward.hpp"
#include "kanaria/proxy/request.hpp"

namespace kanaria::proxy {
namespace {

// What is logged of them, and so kept while a request goes on: ALB's bound, and twice what W3C defines.
constexpr std::size_t kLongestUserAgent = 8192;
constexpr std::size_t kLongestTraceparent = 128;

void begin(observe::ExchangeRecord& record, const http::Exchange& client, const runtime::Snapshot& snapshot,
           const runtime::Listener& listener) {
  record.wall = client.began().wall;
  record.created = client.began().time;
  record.load_balancer = snapshot.settings().name;
  record.client_address = client.peer().address;
  record.client_port = client.peer_address().port;
  const http::RequestHead& head = client.head();
  record.method = head.method;
  record.authority = head.authority;
  record.request_target = head.target;
  record.minor = head.minor;
  record.desync = head.desync;
  record.listener = listener.name;
  record.listener_row = listener.row;
  record.listener_port = listener.policy.listener_port;
  if (const http::Field* const agent = http::find(head.fields, http::FieldName::UserAgent))
    record.user_agent = agent->value.substr(0, kLongestUserAgent);
  if (const http::Field* const parent = http::find(head.fields, http::FieldName::Traceparent))
    record.traceparent = parent->value.substr(0, kLongestTraceparent);
}

/// The one place where an exchange is told: counters and access log, success or not.
void finish(Request& request) {
  observe::ExchangeRecord& record = request.record;
  record.end = request.context.loop.now().time;
  record.received_bytes = request.client.received_bytes();
  record.sent_bytes = request.client.sent_bytes();
  request.context.counters.count(record);
  request.context.access_log.write(record);
  request.context.errors.note(record);
}

net::Awaitable<void> redirect(Request& request, const rules::Redirect& action) {
  const runtime::Listener& listener = request.listener;
  const Result<std::string_view> location =
      action.location(request.client.head(), listener.policy.https ? "https" : "http", listener.policy.listener_port,
                      request.client.arena());
  if (!location) co_return co_await answer_fault(request, location.error().fault);
  request.record.redirect_url = *location;
  OwnAnswer moved;
  moved.status = action.status;
  moved.content_type = "text/html";
  moved.body = error_page(action.status, request.client.arena());
  moved.location = *location;
  co_await respond(request, moved);
}

net::Awaitable<void> fixed_response(Request& request, const rules::FixedResponse& action) {
  OwnAnswer fixed;
  fixed.status = action.status;
  fixed.content_type = action.content_type;
  fixed.body = action.body;
  co_await respond(request, fixed);
}

}  // namespace

void RequestHandler::keep_present() {
  if (!kept_) kept_.emplace(context_.snapshots.pin());
}

const http::ConnectionPolicy& RequestHandler::policy() const {
  return snapshot().connection_policy();
}

net::Awaitable<void> RequestHandler::handle(http::Exchange& client) {
  const runtime::PinBoard::Pin snapshot = pin();
  const runtime::Listener* const listener = snapshot->listener(binding_);
  if (listener == nullptr) {  // removed by a reload, and its time is over
    client.abort(Fault::ShuttingDown);
    co_return;
  }
  const Scratch out(context_);
  observe::ExchangeRecord record;
  begin(record, client, *snapshot, *listener);
  Request request{client, context_, *snapshot, *listener, *out, record};

  const rules::Subject subject{client.head(), client.peer_address().address, context_.loop.index()};
  const rules::Rule& rule = listener->rules->find(subject);
  record.rule = rule.name();
  record.rule_priority = rule.priority();
  record.route_row = listener->rule_rows[rule.index()];

  // A body that is broken as far as it is here is refused whatever the rule does.
  const Result<http::Piece> body = client.ready();
  if (!body) {
    co_await answer_fault(request, body.error().fault);
  } else if (const auto* const forwarded = std::get_if<rules::Forward>(&rule.action())) {
    record.action = "forward";
    co_await forward(request, rule, *forwarded, *body);
  } else if (const auto* const moved = std::get_if<rules::Redirect>(&rule.action())) {
    record.action = "redirect";
    co_await redirect(request, *moved);
  } else {
    record.action = "fixed-response";
    co_await fixed_response(request, std::get<rules::FixedResponse>(rule.action()));
  }
  finish(request);
}

net::Awaitable<void> RequestHandler::refuse(http::Exchange& client, Fault fault) {
  const runtime::PinBoard::Pin snapshot = pin();
  const runtime::Listener* const listener = snapshot->listener(binding_);
  if (listener == nullptr) {
    client.abort(fault);
    co_return;
  }
  const Scratch out(context_);
  observe::ExchangeRecord record;
  begin(record, client, *snapshot, *listener);
  Request request{client, context_, *snapshot, *listener, *out, record};
  co_await answer_fault(request, fault);
  finish(request);
}

}  // namespace kanaria::proxy
