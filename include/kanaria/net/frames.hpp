// Memory for coroutine frames: free lists by size, one pool a loop, used by the thread that runs it. A frame that is made
// while no loop runs comes from the allocator and may end in a pool, and the other way round.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kanaria::net {

class FramePool {
 public:
  FramePool() = default;
  FramePool(const FramePool&) = delete;
  FramePool& operator=(const FramePool&) = delete;
  ~FramePool();

  /// For its life, frames of this thread come from `pool`.
  class Use {
   public:
    explicit Use(FramePool& pool) : before_(current_) { current_ = &pool; }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;
    ~Use() { current_ = before_; }

   private:
    FramePool* before_;
  };

  static void* take(std::size_t size);
  static void give_back(void* memory, std::size_t size) noexcept;

 private:
  struct Free {
    Free* next;
  };
  struct List {
    Free* first = nullptr;
    std::size_t bytes = 0;
  };
  static constexpr std::size_t kStep = 64;     // sizes are rounded up to it
  static constexpr std::size_t kLists = 32;    // larger frames than 2 KiB are not kept
  static constexpr std::size_t kKept = 262'144;  // bytes in each list; what is over goes back to the allocator

  static constinit thread_local FramePool* current_;
  std::array<List, kLists> lists_{};
};

}  // namespace kanaria::net
