#include "observer.hpp"

namespace kanaria::server {

Observer::Observer(net::Loop& control, observe::Metrics& metrics, std::size_t workers)
    : control_(control), errors_(workers), recent_(metrics.routes()), sampled_(std::chrono::steady_clock::now()) {
  recent_.sample(sampled_);
  control_.wheel().schedule(*this, control_.wheel().now() + 1);
}

void Observer::expire() {
  errors_.collect();
  const Time now = control_.now().time;
  if (now - sampled_ >= observe::Recent::kStep) {
    recent_.sample(now);
    sampled_ = now;
  }
  control_.wheel().schedule(*this, control_.wheel().now() + 1);
}

}  // namespace kanaria::server
