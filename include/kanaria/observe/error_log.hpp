// The last exchanges that went wrong: which kanaria had to answer itself, or a target answered with a 5xx. Kept in
// memory for whoever asks what just happened; the access log has them too. A worker writes to its own lane without a
// lock or a system call, and control collects; what finds no room is counted.
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <vector>

#include "kanaria/observe/cell.hpp"
#include "kanaria/observe/exchange_record.hpp"
#include "kanaria/observe/log_ring.hpp"

namespace kanaria::observe {

/// Did a target fail, or could kanaria not do what a rule says?
bool went_wrong(const ExchangeRecord& record);

class ErrorLog {
 public:
  static constexpr std::size_t kKept = 1000;

  /// One worker's way in. Used by that worker alone.
  class Lane {
   public:
    explicit Lane(std::size_t ring_bytes) : ring_(ring_bytes) {}
    /// Does nothing for an exchange that went well.
    void note(const ExchangeRecord& record);

   private:
    friend class ErrorLog;
    std::string buffer_;  // of its lines
    Cell missed_;
    LogRing ring_;
  };

  explicit ErrorLog(std::size_t workers, std::size_t ring_bytes = std::size_t{64} * 1024);
  Lane& lane(std::size_t worker) { return *lanes_[worker]; }

  // On control:
  struct Entry {
    std::uint64_t sequence;  // from 1, without gaps
    std::string line;        // format_json()'s, with long texts cut
  };
  /// Takes what the workers have noted.
  void collect();
  /// As they were collected: by time within a worker.
  const std::deque<Entry>& entries() const { return entries_; }
  /// Noted while there was no room.
  std::uint64_t missed() const;

 private:
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::deque<Entry> entries_;
  std::uint64_t sequence_ = 0;
};

}  // namespace kanaria::observe
