// Requests that wait for a target with room, because all targets of their group are at max_connections_per_target: one
// line a group, first come first served over all workers. Whoever gives room back wakes the first in line, on that
// one's worker. The lock is taken only when the targets are full, by a request that has to wait anyway, and by the one
// that lets it go on; for everybody else empty() is one load.
#pragma once

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>

#include "kanaria/http/exchange.hpp"
#include "kanaria/net/event.hpp"
#include "kanaria/net/loop.hpp"

namespace kanaria::targets {

class WaitingLine : public std::enable_shared_from_this<WaitingLine> {
  struct Ticket;

 public:
  bool empty() const { return size_.load() == 0; }
  /// A target has room again: the first in line looks for it. Any thread.
  void give_room();

  /// One request's place, on its worker's thread.
  class Place final : public http::Abortable, private net::Wheel::Entry {
   public:
    Place(net::Loop& loop, WaitingLine& line);
    ~Place() override;

    /// Goes to the line's end. False: so many wait already. Whoever gives room back from now on wakes somebody, so look
    /// for a target once more before wait().
    bool join(std::uint32_t most, Milliseconds timeout);
    /// Only the first looks for a target: nobody overtakes.
    bool is_first() const;
    /// Waits for its turn. None: a target may have room, and if it has not, wait() again. Else PendingTimeout, or what
    /// abort() said.
    net::Awaitable<Fault> wait();
    void abort(Fault fault) override;

   private:
    friend class WaitingLine;
    void expire() override;
    void end(Fault fault);

    net::Loop& loop_;
    std::shared_ptr<WaitingLine> line_;
    std::shared_ptr<Ticket> ticket_;
    net::Event turn_;
    Fault fault_ = Fault::None;
  };

 private:
  /// A place as other threads see it: it may be gone when its turn comes.
  struct Ticket {
    net::Loop& loop;
    Place* place;  // its worker's thread only; null: gone
  };

  std::mutex mutex_;
  std::deque<std::shared_ptr<Ticket>> tickets_;
  std::atomic<std::uint32_t> size_{0};  // sequentially consistent, with TargetState::in_flight: no wake is lost
};

}  // namespace kanaria::targets
