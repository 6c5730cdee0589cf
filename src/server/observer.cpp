#include "observer.hpp"

#include <spdlog/spdlog.h>

#include <system_error>
#include <utility>

namespace kanaria::server {
namespace {

// So long nothing must be lost until it is said that all is well: a disk at its end takes a line now and then.
constexpr std::chrono::seconds kCalm{10};

}  // namespace

Observer::Observer(net::Loop& control, observe::Metrics& metrics, const observe::AccessLog& access_log,
                   std::size_t workers)
    : control_(control),
      access_log_(access_log),
      errors_(workers),
      recent_(metrics),
      sampled_(std::chrono::steady_clock::now()) {
  recent_.sample(sampled_);
  control_.wheel().schedule(*this, control_.wheel().now() + 1);
}

void Observer::expire() {
  errors_.collect();
  const Time now = control_.now().time;
  look_at_access_log(now);
  if (now - sampled_ >= observe::Recent::kStep) {
    recent_.sample(now);
    sampled_ = now;
  }
  control_.wheel().schedule(*this, control_.wheel().now() + 1);
}

void Observer::look_at_access_log(Time now) {
  const int failure = access_log_.failure();
  const std::uint64_t dropped = access_log_.dropped();
  if (failure != 0 || dropped != dropped_) {
    if (!std::exchange(is_told_, true))
      spdlog::error("the access log loses lines: {}; they are counted in access_log_dropped_total",
                    failure != 0 ? std::error_code(failure, std::generic_category()).message()
                                 : "what it is written to doesn't keep up");
    dropped_ = dropped;
    lost_ = now;
  } else if (is_told_ && now - lost_ > kCalm) {
    is_told_ = false;
    spdlog::info("the access log is written again; {} lines were lost since the start", dropped);
  }
}

}  // namespace kanaria::server
