#include "kanaria/net/frames.hpp"

#include <new>

namespace kanaria::net {
namespace {

// Under the address sanitizer every frame is an allocation of its own, so that a use after its end is seen.
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define KANARIA_FRAMES_ARE_NOT_KEPT
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define KANARIA_FRAMES_ARE_NOT_KEPT
#endif
#ifdef KANARIA_FRAMES_ARE_NOT_KEPT
constexpr bool kKeep = false;
#else
constexpr bool kKeep = true;
#endif

}  // namespace

constinit thread_local FramePool* FramePool::current_ = nullptr;

void* FramePool::take(std::size_t size) {
  const std::size_t steps = (size + kStep - 1) / kStep;
  if (kKeep && current_ != nullptr && steps < kLists) {
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

void FramePool::give_back(void* memory, std::size_t size) noexcept {
  const std::size_t steps = (size + kStep - 1) / kStep;
  if (kKeep && current_ != nullptr && steps < kLists) {
    List& list = current_->lists_[steps];
    if (list.bytes < kKept) {
      list.bytes += steps * kStep;
      list.first = new (memory) Free{list.first};
      return;
    }
  }
  ::operator delete(memory);
}

FramePool::~FramePool() {
  for (List& list : lists_) {
    while (list.first != nullptr) {
      Free* const next = list.first->next;
      ::operator delete(list.first);
      list.first = next;
    }
  }
}

}  // namespace kanaria::net
