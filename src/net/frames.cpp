#include "kanaria/net/frames.hpp"

namespace kanaria::net {

constinit thread_local FramePool* FramePool::current_ = nullptr;

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
