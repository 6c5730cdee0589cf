// How many client connections may be open at once, over all listeners and workers: max_connections. One for the
// process; the admin listener doesn't count. Control sets it, workers count; any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "kanaria/base/episode.hpp"
#include "kanaria/config/model.hpp"

namespace kanaria::server {

/// What max_connections means for a process that may open so many descriptors. auto: each client may need a second one
/// for its target, and 256 stay for all else; at least a quarter of them where there are few.
std::uint64_t max_connections_of(const config::LoadBalancer& settings, std::uint64_t descriptors);

class ConnectionLimit {
 public:
  /// Those that are open stay, even when they are more.
  void set(std::uint64_t most);
  std::uint64_t most() const { return most_.load(std::memory_order_relaxed); }
  std::uint64_t open() const { return open_.load(std::memory_order_relaxed); }

  /// Counts one more; false: there are too many already.
  bool enter();
  /// For one that entered.
  void leave() { open_.fetch_sub(1, std::memory_order_relaxed); }
  /// For one that could not enter. True: it is worth telling, the first of a series since set().
  bool note_refusal(Time now) { return refusals_.note(now); }

 private:
  // Relaxed: nothing but the numbers themselves is read by them.
  std::atomic<std::uint64_t> most_{UINT64_MAX};
  Episode refusals_;
  alignas(128) std::atomic<std::uint64_t> open_{0};  // alone on its lines: all workers write it
};

}  // namespace kanaria::server
