#include "kanaria/net/stream.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <boost/smart_ptr/intrusive_ref_counter.hpp>
#include <cerrno>

#include "kanaria/net/sockets.hpp"
#include "kanaria/net/spawn.hpp"

namespace kanaria::net {
namespace {

// A body that is always ready would starve the loop's other connections: step aside after so many bytes.
constexpr std::size_t kBytesPerTurn = std::size_t{256} * 1024;

}  // namespace

struct Stream::Direction {
  Descriptor::wait_type type;
  Event event;
  Limit limit;
  Tick started = 0;             // of the wait in progress
  Fault expired = Fault::None;  // set for the waiter when its time is over
  Fault ended = Fault::None;    // this direction is over for good
  bool armed = false;           // Asio waits for readiness
  bool ready = false;           // readiness came while nobody waited
  bool maybe = false;           // the last call filled its buffer: try before waiting
};

struct Stream::Core final : Wheel::Entry, boost::intrusive_ref_counter<Core, boost::thread_unsafe_counter> {
  Core(Loop& on, int descriptor, Fault gone_fault) : loop(on), socket(on.executor(), descriptor), gone(gone_fault) {
    reads.type = Descriptor::wait_read;
    writes.type = Descriptor::wait_write;
  }

  void arm(Direction& direction) {
    if (direction.armed) return;
    direction.armed = true;
    socket.async_wait(direction.type,
                      [self = boost::intrusive_ptr<Core>(this), &direction](const boost::system::error_code&) {
                        direction.armed = false;
                        if (self->open) self->on_ready(direction);
                      });
  }

  void on_ready(Direction& direction) {
    if (direction.event.waiting()) {
      direction.event.notify();
      return;
    }
    direction.ready = true;
    if (&direction == &reads && watcher != nullptr) watcher->on_readable();
  }

  Tick due_of(const Direction& direction) const {
    const Limit& limit = direction.limit;
    if (limit.idle.count() == 0) return limit.until;
    return std::min(limit.until, std::max(direction.started, last_byte) + ticks_of(limit.idle));
  }

  // The wheel's entry may be early, never late: expire() looks again and moves it.
  void start_wait(Direction& direction) {
    direction.started = loop.wheel().now();
    const Tick wanted = due_of(direction);
    if (!scheduled() || wanted < due()) loop.wheel().schedule(*this, wanted);
  }

  void expire() override {
    const Tick now = loop.wheel().now();
    Tick soonest = kNever;
    // Held: a resumed waiter may end the connection.
    const boost::intrusive_ptr<Core> self(this);
    for (Direction* direction : {&reads, &writes}) {
      if (!direction->event.waiting()) continue;
      const Tick wanted = due_of(*direction);
      if (wanted > now) {
        soonest = std::min(soonest, wanted);
      } else {
        direction->expired = direction->limit.fault;
      }
    }
    if (soonest != kNever) loop.wheel().schedule(*this, soonest);
    for (Direction* direction : {&reads, &writes})
      if (open && direction->expired != Fault::None) direction->event.notify();
  }

  void end(Direction& direction, Fault with) {
    if (direction.ended == Fault::None) direction.ended = with;
    interrupt(direction, with);
  }

  // The waiter resumes from the loop's top, not from inside the caller.
  void interrupt(Direction& direction, Fault with) {
    if (!direction.event.waiting()) return;
    direction.expired = with;
    asio::post(loop.executor(), [self = boost::intrusive_ptr<Core>(this), &direction] {
      if (self->open) direction.event.notify();
    });
  }

  void abort(Fault with) {
    if (fault != Fault::None) return;
    fault = with;
    end(reads, with);
    end(writes, with);
  }

  Fault verdict(const Direction& direction) const { return fault != Fault::None ? fault : direction.ended; }

  Error failed(Direction& direction, int number) {
    end(direction, gone);
    return {gone, number};
  }

  bool had_its_turn(std::size_t bytes) {
    turn += bytes;
    if (turn < kBytesPerTurn) return false;
    turn = 0;
    return true;
  }

  Loop& loop;
  Descriptor socket;
  Direction reads;
  Direction writes;
  Watcher* watcher = nullptr;
  std::uint64_t bytes_read = 0;
  std::uint64_t bytes_written = 0;
  Tick last_byte = 0;    // in either direction
  std::size_t turn = 0;  // bytes since this stream last let others run
  Fault gone;
  Fault fault = Fault::None;
  bool open = true;
};

Stream::Stream(Loop& loop, int descriptor, Fault gone) : core_(new Core(loop, descriptor, gone)) {}

Stream::~Stream() {
  close();
}

Awaitable<Fault> Stream::wait(Core& core, Direction& direction) {
  if (const Fault fault = core.verdict(direction); fault != Fault::None) co_return fault;
  if (direction.ready) {
    direction.ready = false;
    co_return Fault::None;
  }
  core.turn = 0;
  direction.expired = Fault::None;
  core.start_wait(direction);
  core.arm(direction);
  co_await direction.event.wait();
  if (const Fault fault = core.verdict(direction); fault != Fault::None) co_return fault;
  co_return std::exchange(direction.expired, Fault::None);
}

Awaitable<Result<std::size_t>> Stream::read(std::span<char> room) {
  Core& core = *core_;
  for (;;) {
    if (!core.reads.maybe) {
      const Fault fault = co_await wait(core, core.reads);
      if (fault != Fault::None) co_return Error(fault);
    }
    if (const Fault fault = core.verdict(core.reads); fault != Fault::None) co_return Error(fault);
    const ssize_t got = ::recv(core.socket.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
    if (got < 0) {
      core.reads.maybe = false;
      if (errno == EAGAIN || errno == EINTR) continue;
      co_return core.failed(core.reads, errno);
    }
    const auto size = static_cast<std::size_t>(got);
    core.reads.maybe = size == room.size();
    core.bytes_read += size;
    core.last_byte = core.loop.wheel().now();
    if (core.had_its_turn(size)) co_await yield(core.loop);
    co_return size;
  }
}

Awaitable<Result<void>> Stream::readable() {
  Core& core = *core_;
  if (!core.reads.maybe || peek() == 0) {
    const Fault fault = co_await wait(core, core.reads);
    if (fault != Fault::None) co_return Error(fault);
  }
  core.reads.maybe = true;
  co_return Result<void>();
}

Awaitable<Result<void>> Stream::write(Gather& bytes) {
  Core& core = *core_;
  std::span<iovec> parts = bytes.parts();
  while (!parts.empty()) {
    if (const Fault fault = core.verdict(core.writes); fault != Fault::None) co_return Error(fault);
    msghdr message{};
    message.msg_iov = parts.data();
    message.msg_iovlen = parts.size();
    const ssize_t sent = ::sendmsg(core.socket.native_handle(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR) continue;
      if (errno != EAGAIN) co_return core.failed(core.writes, errno);
      core.writes.ready = false;
      const Fault fault = co_await wait(core, core.writes);
      if (fault != Fault::None) co_return Error(fault);
      continue;
    }
    auto left = static_cast<std::size_t>(sent);
    core.bytes_written += left;
    core.last_byte = core.loop.wheel().now();
    while (!parts.empty() && left >= parts.front().iov_len) {
      left -= parts.front().iov_len;
      parts = parts.subspan(1);
    }
    if (left > 0) {
      parts.front().iov_base = static_cast<char*>(parts.front().iov_base) + left;
      parts.front().iov_len -= left;
    }
    if (core.had_its_turn(static_cast<std::size_t>(sent))) co_await yield(core.loop);
  }
  co_return Result<void>();
}

Awaitable<Result<void>> Stream::connected(Fault timed_out, Milliseconds timeout) {
  Core& core = *core_;
  core.writes.limit = {timeout, kNever, timed_out};
  const Fault fault = co_await wait(core, core.writes);
  if (fault != Fault::None) co_return Error(fault);
  const int number = connect_result(core.socket.native_handle());
  if (number != 0) co_return Error(connect_fault(number), number);
  co_return Result<void>();
}

void Stream::limit_reads(const Limit& limit) {
  core_->reads.limit = limit;
  if (core_->reads.event.waiting()) core_->start_wait(core_->reads);
}

void Stream::limit_writes(const Limit& limit) {
  core_->writes.limit = limit;
  if (core_->writes.event.waiting()) core_->start_wait(core_->writes);
}

void Stream::watch(Watcher* watcher) {
  core_->watcher = watcher;
  if (watcher == nullptr) return;
  if (core_->reads.ready || core_->reads.maybe) {
    watcher->on_readable();
  } else {
    core_->arm(core_->reads);
  }
}

int Stream::peek() {
  char byte = 0;
  const ssize_t got = ::recv(core_->socket.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
  if (got > 0) return 1;
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) {
    core_->reads.ready = core_->reads.maybe = false;
    return 0;
  }
  return -1;
}

void Stream::stop_reads(Fault fault) {
  core_->end(core_->reads, fault);
}

void Stream::resume_reads() {
  core_->reads.ended = Fault::None;
}

void Stream::reset_on_close() {
  const linger reset{1, 0};
  ::setsockopt(core_->socket.native_handle(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
}

void Stream::abort(Fault fault) {
  core_->abort(fault);
}

Fault Stream::fault() const {
  return core_->fault;
}

void Stream::shutdown_writes() {
  ::shutdown(core_->socket.native_handle(), SHUT_WR);
}

void Stream::close() {
  if (!core_->open) return;
  core_->open = false;
  core_->watcher = nullptr;
  core_->loop.wheel().schedule(*core_, kNever);
  boost::system::error_code ignored;
  core_->socket.close(ignored);  // NOLINT(bugprone-unused-return-value): nothing can follow from it
}

int Stream::descriptor() const {
  return core_->socket.native_handle();
}

Loop& Stream::loop() const {
  return core_->loop;
}

std::uint64_t Stream::bytes_read() const {
  return core_->bytes_read;
}

std::uint64_t Stream::bytes_written() const {
  return core_->bytes_written;
}

}  // namespace kanaria::net
