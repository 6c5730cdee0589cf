#include "notify.hpp"

#include <systemd/sd-daemon.h>

#include <cstdint>
#include <ctime>
#include <string>

namespace kanaria::server {
namespace {

std::uint64_t monotonic_microseconds() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1'000'000 + static_cast<std::uint64_t>(now.tv_nsec) / 1'000;
}

void notify(const std::string& state) {
  // The environment stays: there is more to tell later.
  ::sd_notify(0, state.c_str());
}

}  // namespace

void notify_ready(std::string_view status) {
  notify("READY=1\nSTATUS=" + std::string(status));
}

void notify_reloading() {
  notify("RELOADING=1\nMONOTONIC_USEC=" + std::to_string(monotonic_microseconds()) + "\nSTATUS=reloading");
}

void notify_stopping(Milliseconds patience) {
  const auto microseconds = std::chrono::microseconds(patience).count();
  notify("STOPPING=1\nEXTEND_TIMEOUT_USEC=" + std::to_string(microseconds) + "\nSTATUS=draining");
}

}  // namespace kanaria::server
