#include "kanaria/net/wheel.hpp"

#include <algorithm>

namespace kanaria::net {

void Wheel::Link::unlink() {
  next->previous = previous;
  previous->next = next;
  next = previous = this;
}

void Wheel::Link::insert_before(Link& other) {
  next = &other;
  previous = other.previous;
  other.previous->next = this;
  other.previous = this;
}

void Wheel::schedule(Entry& entry, Tick due) {
  entry.unlink();
  entry.due_ = due;
  if (due == kNever) return;
  entry.due_ = std::max(due, now_ + 1);
  entry.insert_before(slots_[entry.due_ % kSlots]);
}

Milliseconds Wheel::until_next_tick(Time now) const {
  const Time next = start_ + static_cast<std::int64_t>(now_ + 1) * kTickLength;
  return std::max(Milliseconds(0), std::chrono::ceil<Milliseconds>(next - now));
}

void Wheel::advance(Time now) {
  const auto elapsed = std::chrono::duration_cast<Milliseconds>(now - start_);
  const Tick reached = static_cast<Tick>(std::max<std::int64_t>(0, elapsed.count() / kTickLength.count()));
  while (now_ < reached) {
    ++now_;
    expire_slot();
  }
}

void Wheel::expire_slot() {
  // The slot's entries move to a list of their own first: what expire() schedules or destroys must not disturb the
  // walk.
  Link& slot = slots_[now_ % kSlots];
  if (slot.next == &slot) return;
  Link due;
  due.insert_before(slot);
  slot.unlink();
  while (due.next != &due) {
    auto& entry = static_cast<Entry&>(*due.next);
    entry.unlink();
    if (entry.due_ > now_) {
      entry.insert_before(slot);  // a later turn
    } else {
      entry.expire();
    }
  }
}

}  // namespace kanaria::net
