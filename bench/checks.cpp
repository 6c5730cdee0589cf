// What health checks cost while nothing else goes on: checks many targets on a loop of its own, as the daemon's control
// does, and tells how much of a core that took.
//
//   kanaria-echo --port 9100 &
//   bench_checks PORT [TARGETS [INTERVAL_MS [SECONDS]]]
//
// Target i is 127.1.x.y on that port, so the echo listens on all of them.
#include <sys/resource.h>

#include <boost/asio/ip/address_v4.hpp>
#include <cstdio>
#include <cstdlib>
#include <map>

#include "kanaria/net/countdown.hpp"
#include "kanaria/net/spawn.hpp"
#include "kanaria/targets/health_checker.hpp"

namespace {

using namespace kanaria;

struct Settings {
  std::uint16_t port = 0;
  unsigned targets = 1'000;
  Milliseconds interval{5'000};
  std::chrono::seconds measured{30};
};

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

std::vector<targets::HealthChecker::Subject> subjects(const Settings& settings) {
  std::vector<targets::HealthChecker::Subject> all;
  for (unsigned i = 0; i < settings.targets; ++i) {
    auto target = std::make_shared<targets::Target>();
    const boost::asio::ip::address_v4 address(0x7F010001 + i);
    target->endpoint = net::Endpoint::of(address, settings.port);
    config::HealthCheck check;
    check.interval = settings.interval;
    check.timeout = settings.interval / 2;
    all.push_back({target, check});
  }
  return all;
}

net::Awaitable<void> measure(net::Loop& loop, const Settings& settings) {
  std::size_t checks = 0;
  std::size_t failed = 0;
  std::map<Tick, int> by_tick;  // when results came
  targets::HealthChecker checker(loop, [&](const auto& /*target*/, const targets::CheckResult& result) {
    ++checks;
    ++by_tick[loop.wheel().now()];
    if (result.failed != targets::HealthReason::None) ++failed;
  });
  checker.set(subjects(settings));
  // Ten first checks a tick, and an interval until all are at their phase.
  const Milliseconds warm_up = settings.targets * kTickLength / 10 + settings.interval;
  net::Countdown never(loop, 1);
  co_await never.wait(warm_up);
  checks = failed = 0;
  by_tick.clear();
  const double cpu = cpu_seconds();
  const Time started = std::chrono::steady_clock::now();
  co_await never.wait(settings.measured);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  const double used = cpu_seconds() - cpu;
  int most = 0;
  for (const auto& [tick, count] : by_tick) most = std::max(most, count);
  std::printf(
      "%u targets every %.1f s: %.0f checks/s, at most %d a tick, %zu failed; %.2f %% of a core, %.1f us a check\n",
      settings.targets, static_cast<double>(settings.interval.count()) / 1e3,
      static_cast<double>(checks) / took.count(), most, failed, 100 * used / took.count(),
      1e6 * used / static_cast<double>(checks));
  co_await checker.close();
  loop.stop();
}

}  // namespace

int main(int count, char** arguments) {
  const auto number = [&](int at, unsigned otherwise) {
    return at < count ? static_cast<unsigned>(std::atoi(arguments[at])) : otherwise;
  };
  Settings settings;
  settings.port = static_cast<std::uint16_t>(number(1, 0));
  if (settings.port == 0) {
    std::fprintf(stderr, "usage: bench_checks PORT [TARGETS [INTERVAL_MS [SECONDS]]]\n");
    return 2;
  }
  settings.targets = number(2, settings.targets);
  settings.interval = Milliseconds(number(3, 5'000));
  settings.measured = std::chrono::seconds(number(4, 30));
  net::raise_descriptor_limit();
  net::Loop loop;
  net::spawn(loop, measure(loop, settings));
  loop.run();
  return 0;
}
