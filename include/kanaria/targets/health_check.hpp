// One health check: a GET on a connection of its own, with ALB's head (alb.md §5.2), read by the same strict parser as
// answers are. It counts in no metric of the target's traffic. On control's loop.
#pragma once

#include <optional>

#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/net/stream.hpp"
#include "kanaria/targets/health.hpp"

namespace kanaria::targets {

class HealthCheck {
 public:
  /// `target`: where its traffic goes; settings.port replaces its port, unless it is a Unix socket.
  HealthCheck(net::Loop& control, const net::Endpoint& target, const config::HealthCheck& settings);

  /// Connects, asks and closes, within settings.timeout over all. Once.
  net::Awaitable<CheckResult> run();
  /// It isn't wanted any more: run() ends soon, and what it returns means nothing.
  void abort();
  bool aborted() const { return aborted_; }

 private:
  net::Awaitable<Result<void>> connect();
  net::Awaitable<Result<std::uint16_t>> ask();

  net::Loop& loop_;
  const net::Endpoint where_;
  const config::HealthCheck settings_;  // a copy: a reload may replace them meanwhile
  const Tick deadline_;
  std::optional<net::Stream> stream_;
  bool aborted_ = false;
};

}  // namespace kanaria::targets
