#include "kanaria/targets/health_check.hpp"

#include <cerrno>
#include <string>

#include "kanaria/http/headers.hpp"
#include "kanaria/http/reader.hpp"
#include "kanaria/net/countdown.hpp"

namespace kanaria::targets {
namespace {

// A target may not keep us reading for ever with interim answers that are always there.
constexpr int kMaxInterim = 16;

net::Endpoint checked_at(const net::Endpoint& target, const config::HealthCheck& settings) {
  if (target.family() == AF_UNIX || !settings.port) return target;
  return net::Endpoint::of(target.address(), *settings.port);
}

HealthReason reason_for(Fault fault) {
  switch (fault) {
    case Fault::ConnectTimeout:
    case Fault::TargetTimeout: return HealthReason::Timeout;
    case Fault::OutOfResources:
    case Fault::Internal: return HealthReason::InternalError;
    default: return HealthReason::FailedHealthChecks;
  }
}

}  // namespace

HealthCheck::HealthCheck(net::Loop& control, const net::Endpoint& target, const config::HealthCheck& settings)
    : loop_(control),
      where_(checked_at(target, settings)),
      settings_(settings),
      deadline_(control.wheel().now() + ticks_of(settings.timeout)) {}

net::Awaitable<CheckResult> HealthCheck::run() {
  const Result<std::uint16_t> status = co_await ask();
  stream_.reset();
  CheckResult result;
  if (!status) {
    result.failed = reason_for(status.error().fault);
  } else {
    result.status = *status;
    if (!settings_.matcher.matches(*status)) result.failed = HealthReason::ResponseCodeMismatch;
  }
  co_return result;
}

net::Awaitable<Result<void>> HealthCheck::connect() {
  Result<int> descriptor = net::start_connect(where_);
  // A Unix socket whose queue is full says so at once; TCP would wait.
  while (!descriptor && descriptor.error().number == EAGAIN) {
    net::Countdown pause(loop_, 1);
    co_await pause.wait(kTickLength);
    if (aborted_) co_return Error(Fault::Stopped);
    if (loop_.wheel().now() + 1 >= deadline_) co_return Error(Fault::ConnectTimeout);
    descriptor = net::start_connect(where_);
  }
  if (!descriptor) co_return descriptor.error();
  stream_.emplace(loop_, *descriptor, Fault::TargetReset);
  const auto left = static_cast<std::int64_t>(deadline_ - loop_.wheel().now() - 1) * kTickLength;
  const Result<void> connected = co_await stream_->connected(Fault::ConnectTimeout, left);
  co_return connected;
}

/// The final answer's status.
net::Awaitable<Result<std::uint16_t>> HealthCheck::ask() {
  const Result<void> connected = co_await connect();
  if (!connected) co_return connected.error();
  const net::Limit limit{Milliseconds(0), deadline_, Fault::TargetTimeout};
  stream_->limit_writes(limit);
  stream_->limit_reads(limit);
  {
    Arena arena(loop_.blocks());
    const std::string host = where_.family() == AF_UNIX ? "localhost" : where_.to_string();
    http::RequestHead head;
    head.method = "GET";
    head.path = settings_.path;  // with its query
    head.fields = {{"Host", host}, {"User-Agent", "ELB-HealthChecker/2.0"}};
    head.isolated = true;  // Connection: close
    net::Gather bytes;
    bytes.add(http::write_head(head, arena));
    // A failed write is not the verdict: the target may have answered before it closed.
    co_await stream_->write(bytes);
  }
  http::ResponseReader reader(*stream_, http::kResponseLimits, BlockSize::Small);
  for (int interim = 0; interim <= kMaxInterim; ++interim) {
    if (!reader.has_bytes()) {  // waits without a block
      const Result<void> readable = co_await stream_->readable();
      if (!readable) co_return readable.error();
    }
    reader.parser().reset("GET");
    const Result<http::HeadEnd> end = co_await reader.head();
    if (!end) co_return end.error();
    if (*end != http::HeadEnd::Whole) co_return Error(Fault::TargetClosed);
    const std::uint16_t status = reader.parser().head().status;
    if (status == 101) break;  // nobody asked for another protocol
    if (status >= 200) co_return status;
  }
  co_return Error(Fault::MalformedResponse);
}

void HealthCheck::abort() {
  aborted_ = true;
  if (stream_) stream_->abort(Fault::Stopped);
}

}  // namespace kanaria::targets
