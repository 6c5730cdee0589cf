// The access log: one line a request, in ALB's field order or as JSON, from the workers' rings through one writer
// thread to stdout or a file. Owned by the server. A worker writes to its own lane without a lock or a system call;
// when the writer can't keep up, or the disk is full, lines are dropped and counted, never waited for. Control
// configures and stops it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "kanaria/base/clock.hpp"
#include "kanaria/observe/cell.hpp"
#include "kanaria/observe/exchange_record.hpp"
#include "kanaria/observe/log_ring.hpp"

namespace kanaria::observe {

enum class LineFormat : std::uint8_t { Off, Alb, Json };

class AccessLog {
 public:
  /// One worker's way in. Used by that worker alone.
  class Lane {
   public:
    Lane(const std::atomic<LineFormat>& format, std::size_t ring_bytes) : format_(format), ring_(ring_bytes) {}
    /// Does nothing while the log is off.
    void write(const ExchangeRecord& record);

   private:
    friend class AccessLog;
    const std::atomic<LineFormat>& format_;
    std::string buffer_;  // of its lines
    Cell dropped_;        // lines that found the ring full
    LogRing ring_;
  };

  /// Starts the writer; the log is off until it is configured.
  explicit AccessLog(std::size_t workers, std::size_t ring_bytes = std::size_t{1} << 20);
  ~AccessLog();
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// How and where to: a path, or "-" for stdout. Returns what went wrong (then nothing changed), or "". When it
  /// returns, the writer has changed over (unless its disk hangs: then it does so later). What waited went to the old
  /// place if that took it at once.
  std::string configure(LineFormat format, const std::string& path);
  /// Opens the file by its path again, for it was moved away, and returns the same; none: it is stdout or off, and
  /// stays so.
  std::optional<std::string> reopen();

  Lane& lane(std::size_t worker) { return *lanes_[worker]; }

  /// Lines lost since the start. Any thread.
  std::uint64_t dropped() const;
  /// Why the last write failed, an errno; 0: it did not. Any thread.
  int failure() const { return failure_.load(std::memory_order_relaxed); }

  /// Writes what waits (for up to a second if nobody takes it) and ends the writer. No worker may write any more.
  void stop();

 private:
  class Sink;  // where the lines go

  std::string open(const std::string& path);
  void change_to(std::unique_ptr<Sink> next);
  void run();
  bool drain(Time until);
  bool write_whole(LogRing& ring, Time until);
  void change_over(std::unique_ptr<Sink> next);
  void lose(LogRing& ring, std::size_t count);

  std::atomic<LineFormat> format_{LineFormat::Off};
  std::atomic<int> failure_{0};  // the writer's
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::optional<std::string> path_;  // control's: what is in force; none: off

  std::mutex mutex_;
  std::condition_variable wake_;
  std::unique_ptr<Sink> next_;  // under mutex_: what configure() asks for
  bool changing_ = false;       // under mutex_: next_ is not in force yet
  bool stopping_ = false;       // under mutex_

  // The writer's.
  std::unique_ptr<Sink> sink_;
  std::size_t current_ = 0;  // the lane whose lines are being written
  std::size_t left_ = 0;     // bytes of it to write before another's turn: up to the end of a line
  bool cut_ = false;         // the sink failed inside a line: end that before the next one
  Cell lost_;                // lines that the sink did not take

  std::thread writer_;  // last: it uses the rest
};

}  // namespace kanaria::observe
