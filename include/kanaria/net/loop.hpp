// One event loop and what belongs to it: deadlines, byte blocks, randomness, and a count of the coroutines that live on
// it. A worker has one, control has one. Everything here belongs to the thread that runs it, except post().
#pragma once

#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "kanaria/base/block.hpp"
#include "kanaria/base/clock.hpp"
#include "kanaria/base/random.hpp"
#include "kanaria/net/asio.hpp"
#include "kanaria/net/event.hpp"
#include "kanaria/net/wheel.hpp"

namespace kanaria::net {

class Loop {
 public:
  /// `index`: which worker this is, 0...; control and tests may use any.
  explicit Loop(unsigned index = 0);

  Executor executor() { return context_.get_executor(); }
  asio::io_context& context() { return context_; }
  Wheel& wheel() { return wheel_; }
  BlockPool& blocks() { return blocks_; }
  Random& random() { return random_; }
  unsigned index() const { return index_; }

  /// Starts the wheel's timer and runs until stop(). Tests may drive context() themselves instead.
  void run();
  /// Lets run() return once every coroutine has ended. Any thread.
  void stop();

  template <class Function>
  void post(Function&& function) {  // any thread
    asio::post(context_, std::forward<Function>(function));
  }

  /// Coroutines that spawn() started and that have not ended.
  std::size_t tasks() const { return tasks_; }

 private:
  friend void spawn(Loop& loop, Awaitable<void> work);
  friend class Child;
  using Timer =
      asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor>;

  void tick();
  void task_ended();
  void end_if_idle();

  // Blocks outlive the context: frames that die with it give theirs back.
  BlockPool blocks_;
  Wheel wheel_;
  asio::io_context context_{1};  // one thread runs it
  std::optional<asio::executor_work_guard<Executor>> guard_;
  Timer timer_;
  Random random_;
  std::size_t tasks_ = 0;
  unsigned index_;
  bool stopping_ = false;
};

}  // namespace kanaria::net
