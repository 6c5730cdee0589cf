// Which descriptors are ready: one epoll set of a loop. A descriptor is told to the kernel once, edge-triggered, so
// that a wait costs no system call of its own (Asio's costs an epoll_ctl each). Belongs to its loop's thread, except
// wake().
#pragma once

#include <sys/epoll.h>

#include <array>
#include <cstdint>

#include "kanaria/base/clock.hpp"
#include "kanaria/net/sockets.hpp"

namespace kanaria::net {

/// What an event says. A hang-up makes both directions ready, and stays.
struct Readiness {
  bool readable = false;
  bool writable = false;
  bool hung_up = false;  // FIN, RST or an error came: reads will see it once what is before it is read
  bool reset = false;    // RST or an error
};

class Poller {
 public:
  /// Who is told about one descriptor.
  class Entry {
   public:
    virtual void on_ready(Readiness what) = 0;

   protected:
    ~Entry() = default;
  };

  enum class Interest : std::uint32_t { Reads = EPOLLIN | EPOLLRDHUP, Both = EPOLLIN | EPOLLRDHUP | EPOLLOUT };

  Poller();
  Poller(const Poller&) = delete;
  Poller& operator=(const Poller&) = delete;

  /// From now on `entry` hears of each change; what is ready now is told at the next wait.
  void add(Entry& entry, int descriptor, Interest interest);
  void change(Entry& entry, int descriptor, Interest interest);
  /// The descriptor stays open, but not here.
  void remove(Entry& entry, int descriptor);
  /// The descriptor is about to be closed, which takes it out of the set: nothing more is told to `entry`.
  void forget(const Entry& entry);

  /// Waits until something is ready, wake() was called, or the time is over; true: there is something to tell.
  bool wait(Milliseconds at_most);
  /// Tells the entries what the last wait found.
  void tell();
  /// Ends a wait, the one in progress or the next. Any thread.
  void wake();

 private:
  static constexpr int kBatch = 128;

  void control(int operation, Entry& entry, int descriptor, Interest interest);

  OwnedSocket set_;
  OwnedSocket wakeup_;  // an eventfd
  std::array<epoll_event, kBatch> batch_{};
  int next_ = 0;  // of batch_, to be told
  int count_ = 0;
};

}  // namespace kanaria::net
