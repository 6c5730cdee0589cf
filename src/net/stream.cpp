#include "kanaria/net/stream.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

namespace kanaria::net {
namespace {

// Reading what is always there would starve the loop's other connections: step aside after so many bytes.
constexpr std::uint32_t kBytesPerTurn = 256 * 1024;

/// One buffer goes by the cheaper of the two calls.
ssize_t send(int descriptor, std::span<iovec> parts) {
  constexpr int kFlags = MSG_DONTWAIT | MSG_NOSIGNAL;
  if (parts.size() == 1) return ::send(descriptor, parts[0].iov_base, parts[0].iov_len, kFlags);
  msghdr message{};
  message.msg_iov = parts.data();
  message.msg_iovlen = parts.size();
  return ::sendmsg(descriptor, &message, kFlags);
}

}  // namespace

void Stream::Wait::await_suspend(std::coroutine_handle<> waiter) {
  direction_.leave_line();
  direction_.event.wait().await_suspend(waiter);
  stream_.turn_ = 0;
  stream_.start_timer(direction_);
  stream_.register_for(direction_);
}

Fault Stream::Wait::await_resume() const {
  const Fault expired = std::exchange(direction_.expired, Fault::None);
  const Fault fault = stream_.verdict(direction_);
  return fault != Fault::None ? fault : expired;
}

Stream::Stream(Loop& loop, int descriptor, Fault gone) : loop_(loop), socket_(descriptor), gone_(gone) {}

// What is ready at that moment is told by the kernel at the next turn: nothing is lost between a call and its wait.
void Stream::register_for(const Direction& direction) {
  const Registered wanted = &direction == &writes_ ? Registered::Both : Registered::Reads;
  if (registered_ >= wanted) return;
  const auto interest = wanted == Registered::Both ? Poller::Interest::Both : Poller::Interest::Reads;
  if (registered_ == Registered::No) {
    loop_.poller().add(*this, descriptor(), interest);
  } else {
    loop_.poller().change(*this, descriptor(), interest);
  }
  registered_ = wanted;
}

// Whoever is resumed or called may end this stream, so at most one is, as the last thing.
void Stream::on_ready(Readiness what) {
  hung_up_ = hung_up_ || what.hung_up;
  reset_ = reset_ || what.reset;
  if (what.writable) {
    writes_.ready = true;
    if (writes_.event.waiting()) loop_.line_up(writes_);
  }
  if (!what.readable) return;
  reads_.ready = true;
  if (reads_.event.waiting()) {
    reads_.event.notify();
  } else if (watcher_ != nullptr && (notice_ == Notice::Bytes || reset_)) {
    watcher_->on_readable();
  }
}

Tick Stream::due_of(const Direction& direction) const {
  const Limit& limit = direction.limit;
  if (limit.idle.count() == 0) return limit.until;
  return std::min(limit.until, std::max(direction.started, last_byte_) + ticks_of(limit.idle));
}

// The wheel's entry may be early, never late: expire() looks again and moves it.
void Stream::start_timer(Direction& direction) {
  direction.started = loop_.wheel().now();
  const Tick wanted = due_of(direction);
  if (!scheduled() || wanted < due()) loop_.wheel().schedule(*this, wanted);
}

void Stream::set(Direction& direction, const Limit& limit) {
  direction.limit = limit;
  if (direction.event.waiting()) start_timer(direction);
}

void Stream::expire() {
  const Tick now = loop_.wheel().now();
  Tick soonest = kNever;
  for (Direction* const direction : {&reads_, &writes_}) {
    if (!direction->event.waiting()) continue;
    const Tick wanted = due_of(*direction);
    if (wanted > now) {
      soonest = std::min(soonest, wanted);
    } else {
      direction->expired = direction->limit.fault;
      loop_.line_up(*direction);
    }
  }
  if (soonest != kNever) loop_.wheel().schedule(*this, soonest);
}

// The waiter resumes at the end of the turn, not from inside the caller.
void Stream::end(Direction& direction, Fault with) {
  if (direction.ended == Fault::None) direction.ended = with;
  if (!direction.event.waiting()) return;
  direction.expired = with;
  loop_.line_up(direction);
}

void Stream::abort(Fault fault) {
  if (fault_ != Fault::None) return;
  fault_ = fault;
  end(reads_, fault);
  end(writes_, fault);
}

Error Stream::failed(Direction& direction, int number) {
  end(direction, gone_);
  return {gone_, number};
}

/// After a call that failed: nothing is there now, or it was interrupted.
bool Stream::try_again(Direction& direction) {
  if (errno == EINTR) return true;
  if (errno != EAGAIN) return false;
  direction.ready = false;
  return true;
}

/// The error of a reset is told once, and may have been told to a write: then a read finds what looks like a FIN.
bool Stream::was_reset() const {
  return reset_ || writes_.ended == gone_;
}

/// For bytes that splice() does not pass: it stops in front of urgent data for ever, where recv() goes on.
// NOLINTNEXTLINE(readability-make-member-function-const): it changes the connection
ssize_t Stream::copy_into(Pipe& pipe, std::size_t most) {
  std::array<char, 4096> room;  // an empty pipe has at least so much
  const ssize_t got = ::recv(descriptor(), room.data(), std::min(most, room.size()), MSG_DONTWAIT);
  return got <= 0 ? got : ::write(pipe.write_end_.get(), room.data(), static_cast<std::size_t>(got));
}

bool Stream::has_had_its_turn() {
  if (turn_ < kBytesPerTurn) return false;
  turn_ = 0;
  return true;
}

void Stream::count_read(std::size_t size) {
  bytes_read_ += size;
  last_byte_ = loop_.wheel().now();
  turn_ += static_cast<std::uint32_t>(size);
}

void Stream::count_written(std::size_t size) {
  bytes_written_ += size;
  last_byte_ = loop_.wheel().now();
}

Awaitable<Result<std::size_t>> Stream::read(std::span<char> room) {
  if (has_had_its_turn()) co_await loop_.turn_end();
  for (;;) {
    const Fault fault = co_await Wait(*this, reads_);
    if (fault != Fault::None) co_return Error(fault);
    const ssize_t got = ::recv(descriptor(), room.data(), room.size(), MSG_DONTWAIT);
    if (got < 0) {
      if (try_again(reads_)) continue;
      co_return failed(reads_, errno);
    }
    const auto size = static_cast<std::size_t>(got);
    if (size == 0 && was_reset()) co_return Error(gone_);
    // Less than there was room for: the kernel has no more, and says so when it has.
    if (size < room.size()) reads_.ready = hung_up_;
    count_read(size);
    co_return size;
  }
}

Awaitable<Result<std::size_t>> Stream::peek(std::span<char> room, std::size_t known) {
  for (;;) {
    const Fault fault = co_await Wait(*this, reads_);
    if (fault != Fault::None) co_return Error(fault);
    const ssize_t got = ::recv(descriptor(), room.data(), room.size(), MSG_PEEK | MSG_DONTWAIT);
    if (got < 0) {
      if (try_again(reads_)) continue;
      co_return failed(reads_, errno);
    }
    const auto size = static_cast<std::size_t>(got);
    if (size > known || size == 0 || hung_up_) co_return size;
    reads_.ready = false;  // the kernel tells when there is more
  }
}

Awaitable<Result<std::size_t>> Stream::read(Pipe& pipe, std::size_t most) {
  if (has_had_its_turn()) co_await loop_.turn_end();
  for (;;) {
    const Fault fault = co_await Wait(*this, reads_);
    if (fault != Fault::None) co_return Error(fault);
    ssize_t got =
        ::splice(descriptor(), nullptr, pipe.write_end_.get(), nullptr, most, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (got < 0 && errno == EAGAIN && peek() > 0) got = copy_into(pipe, most);
    if (got < 0) {
      if (try_again(reads_)) continue;
      co_return failed(reads_, errno);
    }
    if (got == 0 && was_reset()) co_return Error(gone_);
    pipe.size_ = static_cast<std::size_t>(got);
    count_read(pipe.size_);
    co_return pipe.size_;
  }
}

Awaitable<Result<void>> Stream::write(Gather bytes) {
  turn_ = 0;
  co_await loop_.turn_end();
  std::span<iovec> parts = bytes.parts();
  while (!parts.empty()) {
    const Fault fault = co_await Wait(*this, writes_);
    if (fault != Fault::None) co_return Error(fault);
    const ssize_t sent = send(descriptor(), parts);
    if (sent < 0) {
      if (try_again(writes_)) continue;
      co_return failed(writes_, errno);
    }
    auto left = static_cast<std::size_t>(sent);
    count_written(left);
    while (!parts.empty() && left >= parts.front().iov_len) {
      left -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (left > 0) {
      parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + left;
      parts.front().iov_len -= left;
    }
  }
  co_return Result<void>();
}

Awaitable<Result<void>> Stream::write(Pipe& pipe) {
  turn_ = 0;
  co_await loop_.turn_end();
  while (pipe.size_ > 0) {
    const Fault fault = co_await Wait(*this, writes_);
    if (fault != Fault::None) co_return Error(fault);
    const ssize_t sent =
        ::splice(pipe.read_end_.get(), nullptr, descriptor(), nullptr, pipe.size_, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
    if (sent < 0) {
      if (try_again(writes_)) continue;
      co_return failed(writes_, errno);
    }
    pipe.size_ -= static_cast<std::size_t>(sent);
    count_written(static_cast<std::size_t>(sent));
  }
  co_return Result<void>();
}

Awaitable<Result<void>> Stream::connected(Fault timed_out, Milliseconds timeout) {
  writes_.limit = {timeout, kNever, timed_out};
  writes_.ready = false;
  reads_.ready = false;  // the kernel will tell
  const Fault fault = co_await Wait(*this, writes_);
  if (fault != Fault::None) co_return Error(fault);
  const int number = connect_result(descriptor());
  if (number != 0) co_return Error(connect_fault(number), number);
  co_return Result<void>();
}

void Stream::watch(Watcher* watcher, Notice notice) {
  watcher_ = watcher;
  notice_ = notice;
  if (watcher == nullptr) return;
  register_for(reads_);
  const bool there = notice == Notice::Reset ? reset_ : reads_.ready && peek() != 0;
  if (there) watcher->on_readable();
}

int Stream::peek() {
  char byte = 0;
  const ssize_t got = ::recv(descriptor(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0) return 1;
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    reads_.ready = false;
    return 0;
  }
  return -1;
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the connection
void Stream::reset_on_close() {
  const linger reset{1, 0};
  ::setsockopt(descriptor(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

// NOLINTNEXTLINE(readability-make-member-function-const): it changes the connection
void Stream::shutdown_writes() {
  ::shutdown(descriptor(), SHUT_WR);
}

int Stream::release() {
  watcher_ = nullptr;
  loop_.wheel().schedule(*this, kNever);
  if (registered_ != Registered::No) loop_.poller().remove(*this, descriptor());
  registered_ = Registered::No;
  return socket_.release();
}

void Stream::close() {
  if (socket_.get() < 0) return;
  watcher_ = nullptr;
  loop_.wheel().schedule(*this, kNever);
  if (registered_ != Registered::No) loop_.poller().forget(*this);
  socket_.close();
}

}  // namespace kanaria::net
