// The access log: one line a request in ALB's field order, from the workers' rings through one writer thread to stdout
// or a file. Owned by the server. A worker writes to its own lane without a lock or a system call; when the writer
// can't keep up, or the disk is full, lines are dropped and counted, never waited for. Control configures and stops it.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "kanaria/observe/exchange_record.hpp"
#include "kanaria/observe/log_ring.hpp"

namespace kanaria::observe {

/// Appends the record's line, with its newline. Whatever the request holds, it is one line with ALB's number of fields.
void format_alb(const ExchangeRecord& record, std::string& out);

class AccessLog {
 public:
  /// One worker's way in. Used by that worker alone.
  class Lane {
   public:
    explicit Lane(const std::atomic<bool>& enabled, std::size_t ring_bytes) : enabled_(enabled), ring_(ring_bytes) {}
    /// Does nothing while the log is off.
    void write(const ExchangeRecord& record);

   private:
    friend class AccessLog;
    const std::atomic<bool>& enabled_;
    LogRing ring_;
    std::string line_;  // keeps its memory
    std::atomic<std::uint64_t> dropped_{0};
  };

  /// Off until configured; starts the writer.
  explicit AccessLog(std::size_t workers, std::size_t ring_bytes = std::size_t{1} << 20);
  ~AccessLog() { stop(); }
  AccessLog(const AccessLog&) = delete;
  AccessLog& operator=(const AccessLog&) = delete;

  /// On or off, and where to: a path, "-" for stdout. Returns what went wrong (then nothing changed), or "". The writer
  /// changes over within 50 ms; lines that are waiting then go to the old place if that takes them at once.
  std::string configure(bool enabled, const std::string& path);

  Lane& lane(std::size_t worker) { return *lanes_[worker]; }
  /// Lines lost since the start, over all workers. Any thread.
  std::uint64_t dropped() const;

  /// Writes what is waiting (for up to a second, if nobody reads it) and ends the writer. Idempotent. No worker may
  /// write after.
  void stop();

 private:
  struct Sink;  // an open descriptor and what we know of it

  void run();
  void drain();
  bool write_some(Lane& lane);
  void drop_waiting(Lane& lane);

  std::atomic<bool> enabled_{false};
  std::string path_;  // in force, for control; "" when off
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::unique_ptr<Sink> next_;  // under mutex_: what configure() asks for
  bool stopping_ = false;       // under mutex_
  std::unique_ptr<Sink> sink_;  // the writer's
  std::thread writer_;
};

}  // namespace kanaria::observe
