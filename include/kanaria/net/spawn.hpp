// The ways to start a coroutine. spawn(): nobody waits for it. Child: the second direction of an exchange, always
// joined before its parent goes on. Both run until the first wait before they return. An exception that leaves a
// coroutine is a bug: it is logged and ends that coroutine only.
#pragma once

#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/event.hpp"
#include "kanaria/net/loop.hpp"

namespace kanaria::net {

void spawn(Loop& loop, Awaitable<void> work);

class Child final : private Loop::Late {
 public:
  explicit Child(Loop& loop) : loop_(loop) {}
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() override;  // must not be running: an exception that unwinds past a running child ends the process

  void start(Awaitable<void> work);
  bool running() const { return running_; }
  /// Waits for the end; at once if it isn't running.
  Awaitable<void> join();

 private:
  void ended();
  void at_turn_end() override { ended_.notify(); }

  Loop& loop_;
  Event ended_;
  bool running_ = false;
};

}  // namespace kanaria::net
