#include "kanaria/net/signals.hpp"

#include <pthread.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <system_error>

namespace kanaria::net {
namespace {

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t set;
  ::sigemptyset(&set);
  for (const int signal : signals) ::sigaddset(&set, signal);
  return set;
}

}  // namespace

void hold_signals(std::initializer_list<int> signals) {
  const sigset_t set = set_of(signals);
  ::pthread_sigmask(SIG_BLOCK, &set, nullptr);
}

Signals::Signals(Loop& loop, std::initializer_list<int> signals, std::function<void(int)> handle)
    : loop_(loop), handle_(std::move(handle)) {
  hold_signals(signals);
  const sigset_t set = set_of(signals);
  descriptor_ = OwnedSocket(::signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC));
  if (descriptor_.get() < 0) throw std::system_error(errno, std::generic_category(), "signalfd");
  loop_.poller().add(*this, descriptor_.get(), Poller::Interest::Reads);
}

Signals::~Signals() {
  loop_.poller().forget(*this);
}

void Signals::on_ready(Readiness) {
  signalfd_siginfo info{};
  while (::read(descriptor_.get(), &info, sizeof info) == static_cast<ssize_t>(sizeof info))
    handle_(static_cast<int>(info.ssi_signo));
}

}  // namespace kanaria::net
