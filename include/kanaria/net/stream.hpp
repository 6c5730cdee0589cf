// One connected socket, client's or target's: reads, gathered writes, time-outs, and abort(). TLS will live behind this
// class. An operation makes the non-blocking call itself and waits for readiness only when there is nothing, so a wait
// that is given up loses no byte. The kernel is asked to tell about a descriptor at its first wait: one that never
// waits (a request that came with its connection) costs no call for it.
//
//   abort(f)      latches f (the first stays); every operation, now and later, ends with it
//   a failed write ends writes only: an answer that came before the reset can still be read
//   a time-out    ends only the operation that waited; the other direction still works (a 408 can be sent)
//   writes wait for the end of the loop's turn: loop.hpp says why
//
// Owned by one connection, on one loop's thread; not movable, coroutines refer to it.
#pragma once

#include <sys/uio.h>

#include <array>
#include <span>
#include <string_view>

#include "kanaria/base/clock.hpp"
#include "kanaria/base/error.hpp"
#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/event.hpp"
#include "kanaria/net/loop.hpp"

namespace kanaria::net {

/// How long one wait may last, and what it ends with. `idle` counts from the last byte in either direction (ALB's idle
/// time-out), or from the start of the wait if that is later; `until` is a fixed tick.
struct Limit {
  Milliseconds idle{0};  // 0: none
  Tick until = kNever;
  Fault fault = Fault::None;
};

/// Up to four pieces for one system call; they refer to the caller's bytes.
class Gather {
 public:
  void add(std::string_view bytes) {
    if (!bytes.empty()) parts_[count_++] = {const_cast<char*>(bytes.data()), bytes.size()};  // sendmsg doesn't write
  }
  bool empty() const { return count_ == 0; }
  std::span<iovec> parts() { return {parts_.data(), count_}; }

 private:
  std::array<iovec, 4> parts_{};
  std::size_t count_ = 0;
};

/// What a watcher is told of: all that arrives, bytes, FIN or RST; or only what ends the connection, even behind bytes
/// that nobody has read.
enum class Notice : std::uint8_t { Bytes, Reset };

/// Told that something came to a stream which nobody reads.
class Watcher {
 public:
  virtual void on_readable() = 0;

 protected:
  ~Watcher() = default;
};

class Stream final : private Poller::Entry, private Wheel::Entry {
 public:
  /// Takes the descriptor (non-blocking). `gone`: what a reset or broken pipe means on this side.
  Stream(Loop& loop, int descriptor, Fault gone);
  Stream(const Stream&) = delete;
  Stream& operator=(const Stream&) = delete;
  ~Stream() override { close(); }

  /// At least one byte, or 0 at the peer's FIN.
  Awaitable<Result<std::size_t>> read(std::span<char> room);
  /// Copies what is there without taking it, once that is more than `known` bytes. Not more: FIN is behind them.
  Awaitable<Result<std::size_t>> peek(std::span<char> room, std::size_t known);
  /// co_await it, a Result<void>: something is there to read: bytes, FIN or RST.
  class Readable;
  Readable readable();
  /// The same, but it may return for nothing, and makes no call: so that a read() that is to come waits, if at all,
  /// without the memory that it wants.
  Readable worth_reading();
  /// All of it.
  Awaitable<Result<void>> write(Gather bytes);
  /// The same, past this process: into an empty pipe, at most so many bytes; and all that is in one.
  Awaitable<Result<std::size_t>> read(Pipe& pipe, std::size_t most);
  Awaitable<Result<void>> write(Pipe& pipe);
  /// Waits until a connect() in progress has ended.
  Awaitable<Result<void>> connected(Fault timed_out, Milliseconds timeout);

  void limit_reads(const Limit& limit) { set(reads_, limit); }
  void limit_writes(const Limit& limit) { set(writes_, limit); }

  /// Calls the watcher each time that something arrives while nobody reads, and before it returns if something is
  /// there; null ends it.
  void watch(Watcher* watcher, Notice notice = Notice::Bytes);
  /// What a watcher sees without taking it: >0 bytes are there, 0 nothing yet, <0 FIN or RST.
  int peek();
  /// The connection is broken, though bytes may still be there to read.
  bool was_reset() const;

  /// Ends reads with `fault`, the one that waits and later ones, until resume_reads(); writes go on.
  void stop_reads(Fault fault) { end(reads_, fault); }
  void resume_reads() { reads_.ended = Fault::None; }
  /// close() will send a reset instead of a FIN.
  void reset_on_close();
  void abort(Fault fault);
  Fault fault() const { return fault_; }
  /// Sends FIN.
  void shutdown_writes();
  void close();
  /// Gives the descriptor back, open and with all bytes that were not read. No operation may wait.
  int release();
  int descriptor() const { return socket_.get(); }
  Loop& loop() const { return loop_; }
  /// All bytes since the stream was made.
  std::uint64_t bytes_read() const { return bytes_read_; }
  std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  struct Direction final : Loop::Late {
    void at_turn_end() override { event.notify(); }

    Event event;  // one operation waits for readiness
    Limit limit;
    Tick started = 0;             // of the wait in progress
    Fault expired = Fault::None;  // set for the waiter when its time is over
    Fault ended = Fault::None;    // this direction is over for good
    bool ready = true;            // a call may find something: until one doesn't
  };
  /// Goes on when the direction is ready, over or out of time; gives what ended it, None: try.
  class Wait {
   public:
    Wait(Stream& stream, Direction& direction) : stream_(stream), direction_(direction) {}
    bool await_ready() const { return direction_.ready || stream_.verdict(direction_) != Fault::None; }
    void await_suspend(std::coroutine_handle<> waiter);
    Fault await_resume() const;

   private:
    Stream& stream_;
    Direction& direction_;
  };

  void on_ready(Readiness what) override;
  void expire() override;
  void register_for(const Direction& direction);
  Tick due_of(const Direction& direction) const;
  void start_timer(Direction& direction);
  void set(Direction& direction, const Limit& limit);
  void end(Direction& direction, Fault with);
  Fault verdict(const Direction& direction) const { return fault_ != Fault::None ? fault_ : direction.ended; }
  Error failed(Direction& direction, int number);
  bool try_again(Direction& direction);
  ssize_t copy_into(Pipe& pipe, std::size_t most);
  bool has_had_its_turn();
  void count_read(std::size_t size);
  void count_written(std::size_t size);

  Loop& loop_;
  OwnedSocket socket_;
  Direction reads_;
  Direction writes_;
  Watcher* watcher_ = nullptr;
  std::uint64_t bytes_read_ = 0;
  std::uint64_t bytes_written_ = 0;
  Tick last_byte_ = 0;      // in either direction
  std::uint32_t turn_ = 0;  // bytes read since this stream last let others run
  Fault gone_;
  Fault fault_ = Fault::None;
  bool hung_up_ = false;  // FIN or RST is behind the bytes that are still to be read
  bool reset_ = false;    // and it is an RST
  Notice notice_ = Notice::Bytes;
  enum class Registered : std::uint8_t { No, Reads, Both } registered_ = Registered::No;
};

class Stream::Readable {
 public:
  Readable(Stream& stream, bool surely) : stream_(stream), wait_(stream, stream.reads_), surely_(surely) {}
  bool await_ready() {
    return wait_.await_ready() && (!surely_ || stream_.verdict(stream_.reads_) != Fault::None || stream_.peek() != 0);
  }
  void await_suspend(std::coroutine_handle<> waiter) { wait_.await_suspend(waiter); }
  Result<void> await_resume() const {
    const Fault fault = wait_.await_resume();
    return fault == Fault::None ? Result<void>() : Result<void>(Error(fault));
  }

 private:
  Stream& stream_;
  Wait wait_;
  bool surely_;
};

inline Stream::Readable Stream::readable() {
  return {*this, true};
}

inline Stream::Readable Stream::worth_reading() {
  return {*this, false};
}

}  // namespace kanaria::net
