// How many client connections may be open at once, over all listeners and workers: max_connections. One for the
// process; the admin listener doesn't count. Control sets it, workers count; any thread.
#pragma once

#include <atomic>
#include <cstdint>

#include "kanaria/config/model.hpp"

namespace kanaria::server {

/// What max_connections means for a process that may open so many descriptors. auto: each client may need a second one
/// for its target, and 256 stay for all else; at least a quarter of them where there are few.
std::uint64_t max_connections_of(const config::LoadBalancer& settings, std::uint64_t descriptors);

class ConnectionLimit {
 public:
  /// Those that are open stay, even when they are more.
  void set(std::uint64_t most) { most_.store(most, std::memory_order_relaxed); }
  std::uint64_t most() const { return most_.load(std::memory_order_relaxed); }
  std::uint64_t open() const { return open_.load(std::memory_order_relaxed); }

  /// Counts one more; false: there are too many already.
  bool enter();
  /// For one that entered.
  void leave();
  /// Whether a refusal is news: true once, until a tenth of the connections has ended. At the limit each that ends
  /// makes room for one, and that is no news.
  bool is_news() { return !told_.exchange(true, std::memory_order_relaxed); }

 private:
  // Relaxed: nothing but the numbers themselves is read by them.
  std::atomic<std::uint64_t> most_{UINT64_MAX};
  std::atomic<bool> told_{false};
  alignas(128) std::atomic<std::uint64_t> open_{0};  // alone on its lines: all workers write it
};

}  // namespace kanaria::server
