// One event loop and what belongs to it: readiness of descriptors, deadlines, byte blocks, pipes, coroutine frames,
// randomness, and a count of the coroutines that live on it. A worker has one, control has one. Everything here belongs
// to the thread that runs it, except post() and stop().
//
//   a turn:  wait for readiness -> tell who is ready (they read, decide, and line up to write)
//            -> run what was posted -> the turn's end: those in line write
//
// Writes of one turn go out back to back at its end, because the first one wakes who receives: written one by one
// between reads, each would wake a process that had gone to sleep again.
#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <coroutine>
#include <optional>
#include <utility>

#include "kanaria/base/block.hpp"
#include "kanaria/base/clock.hpp"
#include "kanaria/base/random.hpp"
#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/frames.hpp"
#include "kanaria/net/pipe.hpp"
#include "kanaria/net/poller.hpp"
#include "kanaria/net/wheel.hpp"

namespace kanaria::net {

namespace asio = boost::asio;

class Loop {
  using Hook = boost::intrusive::list_member_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>>;

 public:
  /// Something to be done at the end of a turn. Its destructor takes it out of the line.
  class Late {
   public:
    Late() = default;
    Late(const Late&) = delete;
    Late& operator=(const Late&) = delete;
    void leave_line() {
      if (place_.is_linked()) place_.unlink();
    }

   protected:
    virtual ~Late() = default;
    /// Out of the line already; may destroy itself.
    virtual void at_turn_end() = 0;

   private:
    friend class Loop;
    Hook place_;
  };

  /// A coroutine that awaits it goes on at the end of this turn.
  class TurnEnd final : private Late {
   public:
    explicit TurnEnd(Loop& loop) : loop_(loop) {}
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiter) noexcept {
      waiter_ = waiter;
      loop_.line_up(*this);
    }
    void await_resume() const noexcept {}

   private:
    void at_turn_end() override { waiter_.resume(); }
    Loop& loop_;
    std::coroutine_handle<> waiter_;
  };

  /// `index`: which worker this is, 0...; control and tests may use any.
  explicit Loop(unsigned index = 0);

  Poller& poller() { return poller_; }
  Wheel& wheel() { return wheel_; }
  /// The time, as it was read when this turn began to tell who is ready, and again when it began to write: for records
  /// of what happened, at the cost of two readings a turn.
  const Moment& now() const { return now_; }
  BlockPool& blocks() { return blocks_; }
  PipePool& pipes() { return pipes_; }
  Random& random() { return random_; }
  unsigned index() const { return index_; }

  /// Takes turns until stop(), and time passes on the wheel.
  void run();
  /// Lets run() return once every coroutine has ended. Any thread.
  void stop();
  /// For tests, instead of run(): one turn that waits at most so long, and leaves the wheel alone. False: there was
  /// nothing to do.
  bool turn(Milliseconds at_most);

  template <class Function>
  void post(Function&& function) {  // any thread
    asio::post(context_, std::forward<Function>(function));
    if (running_ == this) {
      posted_here_ = true;
    } else {
      poller_.wake();
    }
  }

  /// In the order of those who came; one that stands in line already keeps its place.
  void line_up(Late& late) {
    if (!late.place_.is_linked()) line_.push_back(late);
  }
  TurnEnd turn_end() { return TurnEnd(*this); }

  /// Coroutines that spawn() started and that have not ended.
  std::size_t tasks() const { return tasks_; }

 private:
  friend void spawn(Loop& loop, Awaitable<void> work);
  friend class Running;
  using Line = boost::intrusive::list<Late, boost::intrusive::member_hook<Late, Hook, &Late::place_>,
                                      boost::intrusive::constant_time_size<false>>;

  bool end_turn();

  static constinit thread_local Loop* running_;

  // Blocks outlive what is posted: functions that die unrun give theirs back.
  BlockPool blocks_;
  FramePool frames_;
  PipePool pipes_;
  Moment now_ = Moment::now();
  Wheel wheel_;
  Poller poller_;
  asio::io_context context_{1};  // what is posted
  asio::executor_work_guard<asio::io_context::executor_type> guard_;
  Line line_;
  Random random_;
  std::size_t tasks_ = 0;
  unsigned index_;
  bool stopping_ = false;
  bool posted_here_ = false;  // by this thread, maybe after the turn's posts were run: the next turn must not wait
};

}  // namespace kanaria::net
