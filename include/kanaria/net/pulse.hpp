// Something that is called again and again, finer than the wheel's ticks: every few tens of milliseconds, as long as it
// is wanted. Calls that a busy loop missed are made up for by one. Belongs to its loop's thread.
#pragma once

#include <functional>

#include "kanaria/net/loop.hpp"
#include "kanaria/net/sockets.hpp"

namespace kanaria::net {

class Pulse final : private Poller::Entry {
 public:
  Pulse(Loop& loop, Milliseconds interval, std::function<void()> beat);
  Pulse(const Pulse&) = delete;
  Pulse& operator=(const Pulse&) = delete;
  ~Pulse();

  /// Costs nothing while it doesn't beat, as at the beginning.
  void set_beating(bool beats);

 private:
  void on_ready(Readiness) override;

  Loop& loop_;
  Milliseconds interval_;
  std::function<void()> beat_;
  OwnedSocket timer_;
  bool beats_ = false;
};

}  // namespace kanaria::net
