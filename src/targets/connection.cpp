#include "connection.hpp"

#include "kanaria/http/writer.hpp"
#include "pool_state.hpp"

namespace kanaria::targets {

ConnectionPlace take_place(const Target& target, std::optional<std::uint32_t> most) {
  std::atomic<std::uint32_t>& connections = target.state->connections;
  std::uint32_t open = connections.load(std::memory_order_relaxed);
  do {
    if (most && open >= *most) return nullptr;
  } while (!connections.compare_exchange_weak(open, open + 1, std::memory_order_relaxed));
  return ConnectionPlace(target.state.get());
}

Connection::Connection(Pool& pool, const Target& target, ConnectionPlace place, int descriptor)
    : pool_(pool),
      target_(target),
      place_(std::move(place)),
      stream_(pool.state_->loop, descriptor, Fault::TargetReset),
      reader_(stream_, http::kResponseLimits, BlockSize::Medium) {  // an answer of 10 or 20 KiB in one read
  pool_.state_->counters.target(target_.row).connections.add();
  pool_.state_->used.push_back(*this);
}

Connection::~Connection() {
  if (IdleHook::is_linked()) --pool_.state_->idle;
  pool_.state_->counters.target(target_.row).connections.subtract();
}

void Connection::begin(const Group& group, const AttemptTimeouts& timeouts) {
  if (!UsedHook::is_linked()) pool_.state_->used.push_back(*this);
  pool_.state_->loop.wheel().schedule(*this, kNever);
  stream_.watch(nullptr);
  timeouts_ = timeouts;
  keep_ = group.target_idle_timeout;
  read_before_ = stream_.bytes_read();
  request_whole_ = answered_ = false;
}

void Connection::wait_idle() {
  UsedHook::unlink();
  reused_ = true;
  net::Wheel& wheel = pool_.state_->loop.wheel();
  wheel.schedule(*this, wheel.now() + ticks_of(keep_));
  stream_.watch(this);
}

net::Awaitable<Result<void>> Connection::send(const http::RequestHead& head, const http::Piece& first) {
  method_ = head.method;
  framing_ = head.framing;
  isolated_ = head.isolated;
  stream_.limit_writes({timeouts_.idle, kNever, Fault::TargetStalled});
  stream_.limit_reads({timeouts_.idle, kNever, Fault::TargetTimeout});
  // A large head is not to be held twice while the target thinks: its text is gone when it is sent.
  Arena arena(stream_.loop().blocks());
  const std::string_view text = http::write_head(head, arena);
  const Result<void> written = co_await http::write(stream_, text, framing_, first, arena);
  if (!written) co_return blame(written.error());
  request_whole_ = first.last;
  co_return written;
}

net::Awaitable<Result<void>> Connection::write(const http::Piece& piece) {
  const std::string_view no_head;
  Arena arena(stream_.loop().blocks());
  const Result<void> written = co_await http::write(stream_, no_head, framing_, piece, arena);
  if (!written) co_return blame(written.error());
  if (piece.last && tunnel_) stream_.shutdown_writes();
  request_whole_ = piece.last;
  co_return written;
}

net::Awaitable<Result<const http::ResponseHead*>> Connection::receive() {
  reader_.parser().reset(method_);
  if (!reader_.has_bytes()) {  // waits without a block
    const Result<void> readable = co_await stream_.readable();
    if (!readable) co_return blame(readable.error());
  }
  const Result<http::HeadEnd> end = co_await reader_.head();
  if (!end) co_return blame(end.error());
  if (*end != http::HeadEnd::Whole) co_return blame(Error(Fault::TargetClosed));
  const http::ResponseHead& head = reader_.parser().head();
  tunnel_ = head.status == 101;
  if (tunnel_) framing_ = http::Framing::None;  // raw bytes from here on
  answered_ = head.status >= 200 || tunnel_;
  // A tunnel that falls silent is nobody's fault.
  const Fault silent = tunnel_ ? Fault::ClientIdle : Fault::ResponseBodyTimeout;
  if (answered_) stream_.limit_reads({timeouts_.idle, kNever, silent});
  co_return &head;
}

// A pooled connection may have been closed by the target just when we took it; that is nobody's fault, and the request
// never reached the application.
Error Connection::blame(Error error) const {
  const bool ended = error.fault == Fault::TargetClosed || error.fault == Fault::TargetReset;
  if (ended && answered_) return {Fault::ResponseBodyCut, error.number};
  if (ended && reused_ && stream_.bytes_read() == read_before_) return {Fault::ReusedConnectionClosed, error.number};
  return error;
}

Result<http::Piece> Connection::ready() {
  if (tunnel_) return http::Piece();
  return reader_.ready();
}

net::Awaitable<Result<http::Piece>> Connection::read(http::Carry carry) {
  // An if, not ?:, around co_await: g++ 12 destroys the conditional's temporaries twice.
  if (stopped_) co_return Error(Fault::Stopped);
  if (tunnel_) {
    Result<http::Piece> bytes = co_await reader_.raw();
    co_return bytes;
  }
  Result<http::Piece> piece = co_await reader_.body(Fault::ResponseBodyCut, carry);
  if (!piece) co_return blame(piece.error());
  co_return piece;
}

void Connection::stop_reading() {
  stopped_ = true;
  stream_.stop_reads(Fault::Stopped);
}

void Connection::abort(Fault fault) {
  stream_.abort(fault);
}

Fault Connection::fault() const {
  return stream_.fault();
}

bool Connection::is_reusable() const {
  const http::ResponseReader& reader = reader_;
  return answered_ && request_whole_ && !isolated_ && !tunnel_ && !stopped_ && stream_.fault() == Fault::None &&
         reader.parser().body_done() && reader.parser().head().keep_alive && !reader.has_bytes();
}

void Connection::give_back() {
  const bool reusable = is_reusable();
  if (reusable) {
    reader_.finish();
    if (pool_.state_->keep(*this)) return;
  }
  delete this;
}

void Connection::expire() {
  delete this;
}

// An idle connection that becomes readable was closed, or the target speaks unasked: neither can be used.
void Connection::on_readable() {
  if (stream_.peek() != 0) delete this;
}

}  // namespace kanaria::targets
