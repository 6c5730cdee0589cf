// Signals of the process as events of one loop. From its construction on they are blocked in this thread and in those
// that it starts, and wait to be handled: none is lost, and none ends the process. One object a process, on its loop's
// thread.
#pragma once

#include <functional>
#include <initializer_list>

#include "kanaria/net/loop.hpp"
#include "kanaria/net/sockets.hpp"

namespace kanaria::net {

/// Blocks them before there is a loop: they wait for whoever handles them.
void hold_signals(std::initializer_list<int> signals);

class Signals final : private Poller::Entry {
 public:
  Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> handle);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;
  ~Signals();

 private:
  void on_ready(Readiness) override;

  Loop& loop_;
  OwnedSocket descriptor_;
  std::function<void(int)> handle_;
};

}  // namespace kanaria::net
