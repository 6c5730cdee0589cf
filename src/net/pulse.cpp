#include "kanaria/net/pulse.hpp"

#include <sys/timerfd.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <system_error>

namespace kanaria::net {

Pulse::Pulse(Loop& loop, Milliseconds interval, std::function<void()> beat)
    : loop_(loop),
      interval_(interval),
      beat_(std::move(beat)),
      timer_(::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)) {
  if (timer_.get() < 0) throw std::system_error(errno, std::generic_category(), "timerfd");
  loop_.poller().add(*this, timer_.get(), Poller::Interest::Reads);
}

Pulse::~Pulse() {
  loop_.poller().forget(*this);
}

void Pulse::set_beating(bool beats) {
  if (beats == beats_) return;
  beats_ = beats;
  timespec each{};
  if (beats) {
    const auto whole = std::chrono::duration_cast<std::chrono::seconds>(interval_);
    each.tv_sec = whole.count();
    each.tv_nsec = std::chrono::nanoseconds(interval_ - whole).count();
  }
  const itimerspec setting{each, each};
  ::timerfd_settime(timer_.get(), 0, &setting, nullptr);
}

void Pulse::on_ready(Readiness) {
  std::uint64_t missed = 0;
  const bool has_beaten = ::read(timer_.get(), &missed, sizeof missed) == static_cast<ssize_t>(sizeof missed);
  if (has_beaten && beats_) beat_();
}

}  // namespace kanaria::net
