#include "kanaria/server/connection_limit.hpp"

#include <algorithm>

namespace kanaria::server {

std::uint64_t max_connections_of(const config::LoadBalancer& settings, std::uint64_t descriptors) {
  if (settings.max_connections) return static_cast<std::uint64_t>(*settings.max_connections);
  constexpr std::uint64_t kElse = 256;
  return std::max(descriptors / 4, descriptors > kElse ? (descriptors - kElse) / 2 : 0);
}

bool ConnectionLimit::enter() {
  std::uint64_t open = open_.load(std::memory_order_relaxed);
  do {
    if (open >= most()) return false;
  } while (!open_.compare_exchange_weak(open, open + 1, std::memory_order_relaxed));
  return true;
}

void ConnectionLimit::leave() {
  const std::uint64_t left = open_.fetch_sub(1, std::memory_order_relaxed) - 1;
  if (told_.load(std::memory_order_relaxed) && left <= most() - (most() + 9) / 10)
    told_.store(false, std::memory_order_relaxed);
}

}  // namespace kanaria::server
