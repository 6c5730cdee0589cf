#include "kanaria/server/connection_limit.hpp"

#include <algorithm>

namespace kanaria::server {

std::uint64_t max_connections_of(const config::LoadBalancer& settings, std::uint64_t descriptors) {
  if (settings.max_connections) return static_cast<std::uint64_t>(*settings.max_connections);
  constexpr std::uint64_t kElse = 256;
  return std::max(descriptors / 4, descriptors > kElse ? (descriptors - kElse) / 2 : 0);
}

void ConnectionLimit::set(std::uint64_t most) {
  most_.store(most, std::memory_order_relaxed);
  refusals_.end();
}

bool ConnectionLimit::enter() {
  std::uint64_t open = open_.load(std::memory_order_relaxed);
  do {
    if (open >= most()) return false;
  } while (!open_.compare_exchange_weak(open, open + 1, std::memory_order_relaxed));
  return true;
}

}  // namespace kanaria::server
