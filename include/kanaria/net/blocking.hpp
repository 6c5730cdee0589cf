// The thread for what blocks: files, name look-ups, parse and compile of big files. A coroutine of a loop waits for the
// result; the loop goes on.
#pragma once

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#include <optional>
#include <utility>

#include "kanaria/net/event.hpp"
#include "kanaria/net/loop.hpp"

namespace kanaria::net {

class Blocking {
 public:
  ~Blocking() { thread_.join(); }

  /// Runs `work` on the thread and resumes on `loop`. `work` must not throw; its result must be movable.
  template <class Work>
  auto run(Loop& loop, Work& work) -> Awaitable<decltype(work())> {
    std::optional<decltype(work())> result;
    Event done;
    asio::post(thread_, [&] {
      result.emplace(work());
      loop.post([&] { done.notify(); });
    });
    co_await done.wait();
    co_return std::move(*result);
  }

 private:
  asio::thread_pool thread_{1};
};

}  // namespace kanaria::net
