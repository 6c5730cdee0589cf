#include "kanaria/targets/waiting_line.hpp"

#include <algorithm>

namespace kanaria::targets {

void WaitingLine::give_room() {
  if (empty()) return;
  std::shared_ptr<Ticket> first;
  {
    const std::lock_guard lock(mutex_);
    if (tickets_.empty()) return;
    first = tickets_.front();  // and stays it until it has found a target: who looks in vain must still be in line
  }
  net::Loop& loop = first->loop;
  loop.post([ticket = std::move(first), line = shared_from_this()] {
    if (ticket->place == nullptr) return line->give_room();  // it left meanwhile
    ticket->place->turn_.notify();
  });
}

WaitingLine::Place::Place(net::Loop& loop, WaitingLine& line) : loop_(loop), line_(line.shared_from_this()) {}

WaitingLine::Place::~Place() {
  if (!ticket_) return;
  ticket_->place = nullptr;
  bool was_first = false;
  {
    const std::lock_guard lock(line_->mutex_);
    was_first = line_->tickets_.front() == ticket_;
    std::erase(line_->tickets_, ticket_);
    line_->size_.store(static_cast<std::uint32_t>(line_->tickets_.size()));
  }
  // Room for one may have come twice, or this one gave up when its turn came; and who joined behind it has not looked.
  if (was_first) line_->give_room();
}

bool WaitingLine::Place::join(std::uint32_t most, Milliseconds timeout) {
  const std::lock_guard lock(line_->mutex_);
  if (line_->tickets_.size() >= most) return false;
  ticket_ = std::make_shared<Ticket>(Ticket{loop_, this});
  line_->tickets_.push_back(ticket_);
  line_->size_.store(static_cast<std::uint32_t>(line_->tickets_.size()));
  loop_.wheel().schedule(*this, loop_.wheel().now() + ticks_of(timeout));
  return true;
}

bool WaitingLine::Place::is_first() const {
  const std::lock_guard lock(line_->mutex_);
  return line_->tickets_.front() == ticket_;
}

net::Awaitable<Fault> WaitingLine::Place::wait() {
  if (fault_ == Fault::None) co_await turn_.wait();
  co_return fault_;
}

void WaitingLine::Place::abort(Fault fault) {
  if (fault_ == Fault::None) end(fault);
}

void WaitingLine::Place::expire() {
  end(Fault::PendingTimeout);
}

void WaitingLine::Place::end(Fault fault) {
  fault_ = fault;
  turn_.notify();
}

}  // namespace kanaria::targets
