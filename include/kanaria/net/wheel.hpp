// Deadlines of one loop: a hashed wheel of 1,024 slots of 100 ms (Varghese, Lauck 1987). Scheduling is a list
// operation; an entry further away than one turn stays in its slot for the next. Entries re-arm themselves lazily: I/O
// moves a number, not a timer. Belongs to its loop's thread. Tests call advance() themselves.
#pragma once

#include <array>

#include "kanaria/base/clock.hpp"

namespace kanaria::net {

class Wheel {
  struct Link {
    Link* next = this;
    Link* previous = this;
    void unlink();
    void insert_before(Link& other);
  };

 public:
  /// Something with a deadline. Its destructor takes it off the wheel.
  class Entry : Link {
   public:
    Entry() = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    bool scheduled() const { return next != this; }
    Tick due() const { return due_; }

   protected:
    virtual ~Entry() { unlink(); }
    /// The deadline passed; the entry is off the wheel and may schedule itself again, or be destroyed.
    virtual void expire() = 0;

   private:
    friend class Wheel;
    Tick due_ = kNever;
  };

  explicit Wheel(Time start) : start_(start) {}

  /// The tick that has begun.
  Tick now() const { return now_; }
  /// How long until the next tick begins, rounded up; 0: it has begun.
  Milliseconds until_next_tick(Time now) const;
  /// Puts the entry at `due`, or moves it there; a due tick that has passed means the next one. kNever: takes it off.
  void schedule(Entry& entry, Tick due);
  /// Expires all that is due by `now`.
  void advance(Time now);

 private:
  static constexpr std::size_t kSlots = 1024;
  void expire_slot();
  std::array<Link, kSlots> slots_;
  Time start_;
  Tick now_ = 0;
};

}  // namespace kanaria::net
