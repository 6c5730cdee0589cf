#include "kanaria/proxy/relay.hpp"

#include "kanaria/proxy/answer.hpp"
#include "lease.hpp"

namespace kanaria::proxy {
namespace {

constexpr int kMaxInterim = 16;  // 1xx answers before the final one

}  // namespace

void Upload::start() {
  started_ = true;
  // Many may be slow with bodies behind large heads. What is still to be told of the head is kept: a field or two.
  observe::ExchangeRecord& record = request_.record;
  record.authority = request_.client.arena().keep(record.authority);
  record.user_agent = request_.client.arena().keep(record.user_agent);
  record.traceparent = request_.client.arena().keep(record.traceparent);
  http::forget(request_.out.request.fields);
  request_.client.forget_text();
  child_.start(run());
}

net::Awaitable<void> Upload::run() {
  for (bool last = false; !last;) {
    waiting_ = true;
    const Result<http::Piece> piece = co_await request_.client.read(attempt_.takes());
    waiting_ = false;
    if (!piece) {
      attempt_.abort(piece.error().fault);
      co_return;
    }
    // A failed write is not the verdict: the target may have answered before it closed.
    const Result<void> written = co_await attempt_.write(*piece);
    if (!written) co_return;
    last = piece->last;
  }
}

net::Awaitable<void> Upload::end() {
  if (!child_.running()) co_return;
  if (waiting_) request_.client.stop_reading();
  attempt_.abort(Fault::Stopped);
  co_await child_.join();
}

namespace {

/// Both sides were silent: who owed something? The target, while the client waits for its 100; else the client, while
/// its body is not whole.
Fault blame_silence(Fault fault, const Request& request, const Upload& upload) {
  if (fault != Fault::TargetTimeout && fault != Fault::RequestBodyTimeout) return fault;
  if (request.client.head().expect_continue && !request.continue_sent) return Fault::TargetTimeout;
  return upload.waits_for_client() ? Fault::RequestBodyTimeout : fault;
}

/// The final head after an interim one; 1xx are passed on, but not to HTTP/1.0 clients (RFC 9110 §15.2).
net::Awaitable<Result<const http::ResponseHead*>> relay_interim(Request& request, targets::Attempt& attempt,
                                                                const http::ResponseHead* interim) {
  for (int count = 0; count < kMaxInterim; ++count) {
    if (interim->status == 101) {
      if (!request.client.head().upgrade_websocket || !interim->upgrade_websocket)
        co_return Error(Fault::MalformedResponse);
      co_return interim;
    }
    if (request.client.head().minor > 0) {
      http::make_response(*interim, request.client.head().minor, false, {}, request.out.response);
      const http::Piece nothing{{}, true, nullptr};
      const Result<void> sent = co_await request.client.send(request.out.response, nothing);
      if (!sent) co_return sent.error();
      request.continue_sent = true;
    }
    Result<const http::ResponseHead*> next = co_await attempt.receive();
    if (!next || (*next)->status >= 200) co_return next;
    interim = *next;
  }
  co_return Error(Fault::MalformedResponse);
}

}  // namespace

net::Awaitable<Fault> relay_answer(Request& request, targets::Attempt& attempt, Upload& upload, TargetLease& lease) {
  observe::ExchangeRecord& record = request.record;
  Result<const http::ResponseHead*> received = co_await attempt.receive();
  if (received && (*received)->status < 200) received = co_await relay_interim(request, attempt, *received);
  if (!received) {
    const Fault fault = blame_silence(received.error().fault, request, upload);
    // A time-out leaves it unset: ALB's -1.
    if (fault != Fault::TargetTimeout) record.target_head = request.context.loop.now().time;
    co_return fault;
  }
  record.target_head = request.context.loop.now().time;
  const http::ResponseHead& head = **received;
  lease.answers();
  request.exposure.answered(head.status, record.target_head - record.sent_to_target);
  record.target_status = record.elb_status = head.status;
  record.answered_by = observe::AnsweredBy::Target;
  record.is_websocket = head.status == 101;

  http::make_response(head, request.client.head().minor, record.is_websocket,
                      current_date(request.context.loop.now().wall), request.out.response);
  request.stay.set_cookies(request, lease.group(), lease.target(), head);
  const Result<http::Piece> first = attempt.ready();
  if (!first) co_return first.error().fault;
  http::Piece piece = *first;
  record.answer_start = request.context.loop.now().time;
  const Result<void> started = co_await request.client.send(request.out.response, piece);
  if (!started) co_return started.error().fault;
  http::forget(request.out.response.fields);  // many large heads may wait for their bodies at once
  if (record.is_websocket && !upload.started()) upload.start();
  while (!piece.last) {
    const Result<http::Piece> next = co_await attempt.read(request.client.takes());
    if (!next) co_return next.error().fault;
    piece = *next;
    const Result<void> written = co_await request.client.write(piece);
    if (!written) co_return written.error().fault;
  }
  // A tunnel's two directions end each by itself.
  if (record.is_websocket) co_await upload.join();
  co_return Fault::None;
}

}  // namespace kanaria::proxy
