// Memory for coroutine frames: free lists by size, one pool a loop, used by the thread that runs it. A frame that is
// made while no loop runs comes from the allocator and may end in a pool, and the other way round.
#pragma once

#include <array>
#include <cstddef>
#include <new>

namespace kanaria::net {

// Under the address sanitizer every frame is an allocation of its own, so that a use after its end is seen.
#if defined(__SANITIZE_ADDRESS__)
#define KANARIA_FRAMES_ARE_KEPT false
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KANARIA_FRAMES_ARE_KEPT false
#endif
#endif
#ifndef KANARIA_FRAMES_ARE_KEPT
#define KANARIA_FRAMES_ARE_KEPT true
#endif
inline constexpr bool kFramesAreKept = KANARIA_FRAMES_ARE_KEPT;
#undef KANARIA_FRAMES_ARE_KEPT

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

  // Inline: where a coroutine is compiled its size is known, and little of this is left.
  static void* take(std::size_t size) {
    const std::size_t steps = steps_of(size);
    if (kFramesAreKept && current_ != nullptr && steps < kLists) {
      List& list = current_->lists_[steps];
      if (list.first != nullptr) {
        list.bytes -= steps * kStep;
        Free* const taken = list.first;
        list.first = taken->next;
        return taken;
      }
    }
    return ::operator new(steps * kStep);
  }
  static void give_back(void* memory, std::size_t size) noexcept {
    const std::size_t steps = steps_of(size);
    if (kFramesAreKept && current_ != nullptr && steps < kLists) {
      List& list = current_->lists_[steps];
      if (list.bytes < kKept) {
        list.bytes += steps * kStep;
        list.first = new (memory) Free{list.first};
        return;
      }
    }
    ::operator delete(memory);
  }

 private:
  struct Free {
    Free* next;
  };
  struct List {
    Free* first = nullptr;
    std::size_t bytes = 0;
  };
  static constexpr std::size_t kStep = 64;       // sizes are rounded up to it
  static constexpr std::size_t kLists = 32;      // larger frames than 2 KiB are not kept
  static constexpr std::size_t kKept = 262'144;  // bytes in each list; what is over goes back to the allocator

  static constexpr std::size_t steps_of(std::size_t size) { return (size + kStep - 1) / kStep; }

  static constinit thread_local FramePool* current_;
  std::array<List, kLists> lists_{};
};

}  // namespace kanaria::net
