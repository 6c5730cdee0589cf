#include "kanaria/net/poller.hpp"

#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

namespace kanaria::net {

Poller::Poller() : set_(::epoll_create1(EPOLL_CLOEXEC)), wakeup_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (set_.get() < 0 || wakeup_.get() < 0) throw std::system_error(errno, std::generic_category(), "epoll");
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // edge-triggered: it is never read, each write is an event of its own
  event.data.ptr = nullptr;
  if (::epoll_ctl(set_.get(), EPOLL_CTL_ADD, wakeup_.get(), &event) != 0)
    throw std::system_error(errno, std::generic_category(), "epoll");
}

// The set can only refuse for want of memory, or beyond /proc/sys/fs/epoll/max_user_watches: then the descriptor is
// never ready, and a connection's time-out ends it.
void Poller::control(int operation, Entry& entry, int descriptor, Interest interest) {
  epoll_event event{};
  event.events = static_cast<std::uint32_t>(interest) | EPOLLET;
  event.data.ptr = &entry;
  if (::epoll_ctl(set_.get(), operation, descriptor, &event) != 0)
    spdlog::error("can't watch a descriptor: {}", std::generic_category().message(errno));
}

void Poller::add(Entry& entry, int descriptor, Interest interest) {
  control(EPOLL_CTL_ADD, entry, descriptor, interest);
}

void Poller::change(Entry& entry, int descriptor, Interest interest) {
  control(EPOLL_CTL_MOD, entry, descriptor, interest);
}

void Poller::remove(Entry& entry, int descriptor) {
  ::epoll_ctl(set_.get(), EPOLL_CTL_DEL, descriptor, nullptr);
  forget(entry);
}

void Poller::forget(const Entry& entry) {
  for (int i = next_; i < count_; ++i)
    if (batch_[static_cast<std::size_t>(i)].data.ptr == &entry) batch_[static_cast<std::size_t>(i)].data.ptr = nullptr;
}

bool Poller::wait(Milliseconds at_most) {
  next_ = 0;
  count_ = std::max(0, ::epoll_wait(set_.get(), batch_.data(), kBatch, static_cast<int>(at_most.count())));
  return count_ > 0;
}

void Poller::tell() {
  while (next_ < count_) {
    const epoll_event& event = batch_[static_cast<std::size_t>(next_++)];
    if (event.data.ptr == nullptr) continue;  // wake(), or an entry that is gone
    const bool hung_up = (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
    const bool broken = (event.events & (EPOLLHUP | EPOLLERR)) != 0;
    const Readiness what{(event.events & EPOLLIN) != 0 || hung_up, (event.events & EPOLLOUT) != 0 || broken, hung_up,
                         (event.events & EPOLLERR) != 0};
    static_cast<Entry*>(event.data.ptr)->on_ready(what);
  }
}

void Poller::wake() {
  const std::uint64_t one = 1;
  // It fails only when 2^64 - 2 are unread, and then there is an event already.
  [[maybe_unused]] const ssize_t written = ::write(wakeup_.get(), &one, sizeof one);
}

}  // namespace kanaria::net
