// One connected socket, client's or target's: reads, gathered writes, time-outs, and abort(). TLS will live behind this
// class. An operation tries or waits for readiness and then makes the non-blocking call itself, so a wait that is given
// up loses no byte.
//
//   abort(f)      latches f (the first stays); every operation, now and later, ends with it
//   a failed write ends writes only: an answer that came before the reset can still be read
//   a time-out    ends only the operation that waited; the other direction still works (a 408 can be sent)
//   one wait per direction is kept armed and handed on: the watch for a client that goes away becomes the wait for its
//   next request
//
// Owned by one connection, on one loop's thread; not movable, coroutines refer to it.
#pragma once

#include <sys/uio.h>

#include <array>
#include <boost/smart_ptr/intrusive_ptr.hpp>
#include <span>
#include <string_view>

#include "kanaria/base/clock.hpp"
#include "kanaria/net/asio.hpp"
#include "kanaria/net/loop.hpp"

namespace kanaria::net {

/// How long one wait may last, and what it ends with. `idle` counts from the last byte in either direction (ALB's idle
/// time-out), or from the start of the wait if that is later; `until` is a fixed tick.
struct Limit {
  Milliseconds idle{0};  // 0: none
  Tick until = kNever;
  Fault fault = Fault::None;
};

/// Up to eight pieces for one system call; they refer to the caller's bytes.
class Gather {
 public:
  void add(std::string_view bytes) {
    if (!bytes.empty()) parts_[count_++] = {const_cast<char*>(bytes.data()), bytes.size()};  // sendmsg doesn't write
  }
  std::span<iovec> parts() { return {parts_.data(), count_}; }

 private:
  std::array<iovec, 8> parts_{};
  std::size_t count_ = 0;
};

/// Told that a stream which nobody reads has something: bytes, FIN or RST.
class Watcher {
 public:
  virtual void on_readable() = 0;

 protected:
  ~Watcher() = default;
};

class Stream final {
 public:
  /// Takes the descriptor (non-blocking). `gone`: what a reset or broken pipe means on this side.
  Stream(Loop& loop, int descriptor, Fault gone);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream();

  /// At least one byte, or 0 at the peer's FIN.
  Awaitable<Result<std::size_t>> read(std::span<char> room);
  /// Something is there to read: bytes, FIN or RST.
  Awaitable<Result<void>> readable();
  /// All of it.
  Awaitable<Result<void>> write(Gather& bytes);
  /// Waits until a connect() in progress has ended.
  Awaitable<Result<void>> connected(Fault timed_out, Milliseconds timeout);

  void limit_reads(const Limit& limit);
  void limit_writes(const Limit& limit);

  /// Calls the watcher when something arrives while nobody reads; null ends it. May call it before it returns.
  void watch(Watcher* watcher);
  /// What a watcher sees without taking it: >0 bytes are there, 0 nothing yet, <0 FIN or RST.
  int peek();

  /// Ends reads with `fault`, the one that waits and later ones, until resume_reads(); writes go on.
  void stop_reads(Fault fault);
  void resume_reads();
  /// close() will send a reset instead of a FIN.
  void reset_on_close();
  void abort(Fault fault);
  Fault fault() const;
  /// Sends FIN.
  void shutdown_writes();
  void close();
  int descriptor() const;
  Loop& loop() const;
  /// All bytes since the stream was made.
  std::uint64_t bytes_read() const;
  std::uint64_t bytes_written() const;

 private:
  struct Core;  // lives until the last armed wait has come back
  struct Direction;
  static Awaitable<Fault> wait(Core& core, Direction& direction);
  boost::intrusive_ptr<Core> core_;
};

}  // namespace kanaria::net
