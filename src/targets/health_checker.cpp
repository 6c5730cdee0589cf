#include "kanaria/targets/health_checker.hpp"

#include <cassert>
#include <unordered_map>
#include <utility>

#include "check_schedule.hpp"
#include "kanaria/net/event.hpp"
#include "kanaria/net/spawn.hpp"
#include "kanaria/targets/health_check.hpp"

namespace kanaria::targets {

class HealthChecker::State final : private net::Wheel::Entry {
 public:
  State(net::Loop& control, Told tell) : loop_(control), told_(std::move(tell)), schedule_(control.random().next()) {}
  ~State() override { assert(under_way_ == 0); }

  void set(std::vector<Subject> wanted);
  net::Awaitable<void> close();

 private:
  struct Place {
    Subject subject;
    HealthCheck* check = nullptr;  // under way, in the frame of run()
  };
  /// Counts a check under way for its life.
  class Counted {
   public:
    explicit Counted(State& state) : state_(state) { ++state_.under_way_; }
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;
    ~Counted() {
      State& state = state_;
      if (--state.under_way_ == 0 && state.closed_) state.loop_.post([&state] { state.ended_.notify(); });
    }

   private:
    State& state_;
  };

  void expire() override;
  net::Awaitable<void> run(const Target* of);

  net::Loop& loop_;
  Told told_;
  CheckSchedule schedule_;
  std::unordered_map<const Target*, Place> places_;
  std::size_t under_way_ = 0;
  net::Event ended_;  // the last one that was under way at close()
  bool closed_ = false;
};

void HealthChecker::State::set(std::vector<Subject> wanted) {
  if (closed_) return;
  std::unordered_map<const Target*, Place> kept;
  std::vector<CheckSchedule::Wanted> intervals;
  for (Subject& subject : wanted) {
    const Target* const target = subject.target.get();
    intervals.push_back({target, subject.settings.interval});
    const auto before = places_.find(target);
    HealthCheck* const check = before == places_.end() ? nullptr : std::exchange(before->second.check, nullptr);
    kept.try_emplace(target, Place{std::move(subject), check});
  }
  places_.swap(kept);
  for (auto& [target, place] : kept)
    if (place.check != nullptr) place.check->abort();
  const Tick now = loop_.wheel().now();
  schedule_.set(intervals, now);
  if (!scheduled()) loop_.wheel().schedule(*this, now + 1);
}

void HealthChecker::State::expire() {
  net::Wheel& wheel = loop_.wheel();
  if (!places_.empty()) wheel.schedule(*this, wheel.now() + 1);
  // After a stall the wheel passes many ticks at once, and a check's time would be over before its answer can be read.
  if (wheel.until_next_tick(loop_.now().time).count() == 0) return;
  while (under_way_ < kMostAtOnce) {
    const Target* const target = schedule_.begin(wheel.now());
    if (target == nullptr) return;
    net::spawn(loop_, run(target));
  }
}

net::Awaitable<void> HealthChecker::State::run(const Target* of) {
  const Counted counted(*this);
  Place& place = places_.at(of);
  const std::shared_ptr<const Target> target = place.subject.target;
  HealthCheck check(loop_, target->endpoint, place.subject.settings);
  place.check = &check;
  const CheckResult result = co_await check.run();
  if (check.aborted()) co_return;
  places_.at(of).check = nullptr;
  schedule_.end(of);
  told_(target, result);
}

net::Awaitable<void> HealthChecker::State::close() {
  set({});
  closed_ = true;
  loop_.wheel().schedule(*this, kNever);
  while (under_way_ > 0) co_await ended_.wait();
}

HealthChecker::HealthChecker(net::Loop& control, Told told)
    : state_(std::make_unique<State>(control, std::move(told))) {}

HealthChecker::~HealthChecker() = default;

void HealthChecker::set(std::vector<Subject> subjects) {
  state_->set(std::move(subjects));
}

net::Awaitable<void> HealthChecker::close() {
  return state_->close();
}

}  // namespace kanaria::targets
