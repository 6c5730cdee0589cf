// A rollout under simulated traffic: the real Rollout, plan(), Split, Trial and Exposure; only the clock, the targets
// and whoever publishes are the test's. It does what the controller does at each look.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <memory>
#include <random>
#include <string_view>
#include <vector>

#include "kanaria/base/siphash.hpp"
#include "kanaria/evidence/exposure.hpp"
#include "kanaria/rollout/rollout.hpp"
#include "rollouts.hpp"

namespace kanaria::rollout {

/// What befalls a request.
struct Event {
  bool is_bad = false;
  Duration latency = std::chrono::milliseconds(50);
  std::optional<std::uint32_t> user;  // a number; with `split: per_user` what decides its arm
};

/// Of the request with that number in that arm. Draws from `random` as it likes.
using Traffic = std::function<Event(std::uint64_t number, evidence::Arm arm, std::mt19937_64& random)>;
/// Who sends a request: before its arm is known.
using Users = std::function<std::uint32_t(std::mt19937_64& random)>;

struct Setting {
  config::Rollout rollout = checkout();
  bool per_user = false;
  Users users = {};
  std::uint64_t requests = 20'000;  // at most
  unsigned a_look = 25;             // requests in 50 ms
  unsigned workers = 2;             // in turn
};

/// One that stays at 10 %, judged by errors alone.
inline Setting at_ten_percent(double alpha = 0.01, double tolerance = 1) {
  Setting setting;
  setting.rollout.steps = {set_weight(1000), pause_for_promote(), set_weight(10'000)};
  setting.rollout.analysis.metrics = {{"errors", config::ErrorRate{}, {}}};
  setting.rollout.analysis.false_rollback_rate = alpha;
  setting.rollout.analysis.tolerance = tolerance;
  setting.rollout.analysis.initial_delay = Milliseconds(0);
  return setting;
}

struct Ending {
  bool is_taken_back = false;
  std::uint64_t requests = 0;  // until the canary got none any more
  std::uint64_t errors = 0;    // of the canary, that users saw
};

class Simulation {
 public:
  Simulation(const Setting& setting, std::uint64_t seed)
      : setting_(setting), random_(seed), ours_(seed + 1), seed_(seed) {
    std::vector<std::string> warnings;
    State state = follow(setting_.rollout, {}, now_, warnings);
    rollout_ =
        std::make_unique<Rollout>(Standing{setting_.rollout, state, nullptr}, setting_.workers, setting_.per_user);
    const Command start{Verb::Start, "checkout", "simulation", now_};
    carry_out(setting_.rollout, state, start);
    become(plan(setting_.rollout, state, {}, now_));
  }

  Ending run(const Traffic& traffic) {
    Ending ending;
    std::uint64_t closed_at = 0;
    for (std::uint64_t number = 0; number < setting_.requests; ++number) {
      const bool was_open = rollout_->trial()->is_open();
      const std::optional<std::uint32_t> user = setting_.users ? std::optional(setting_.users(random_)) : std::nullopt;
      const bool is_canary = was_open && is_drawn(user);
      Event event = traffic(number, is_canary ? evidence::Arm::Canary : evidence::Arm::Stable, random_);
      event.user = user;
      ++ending.requests;
      if (was_open) {
        count(number, is_canary, event);
        ending.errors += is_canary && event.is_bad ? 1 : 0;
        if (!rollout_->trial()->is_open()) closed_at = ending.requests;
      }
      now_ += std::chrono::duration_cast<WallTime::duration>(Rollout::kLook) / setting_.a_look;
      if ((number + 1) % setting_.a_look != 0) continue;
      if (!look()) {
        if (rollout_->trial()->is_open()) closed_at = 0;  // the worker knew too little of the others
        continue;
      }
      ending.is_taken_back = true;
      // The look confirms what a worker had decided before.
      if (closed_at > 0) ending.requests = closed_at;
      return ending;
    }
    return ending;
  }

  const Rollout& rollout() const { return *rollout_; }

 private:
  bool is_drawn(std::optional<std::uint32_t> user) {
    if (!user) return split_->choose(ours_) == 1;
    const auto text = std::to_string(*user) + "/" + std::to_string(seed_);
    bucket_ = targets::bucket_of(1, text);
    return split_->group_at(*bucket_) == 1;
  }

  void count(std::uint64_t number, bool is_canary, const Event& event) {
    evidence::Exposure exposure;
    exposure.begin(*rollout_->trial(), static_cast<unsigned>(number % setting_.workers),
                   is_canary ? evidence::Arm::Canary : evidence::Arm::Stable, evidence::Exposure::By::Lot, coin_,
                   bucket_);
    exposure.answered(event.is_bad ? 500 : 200, event.latency);
  }

  /// True: it was taken back.
  bool look() {
    evidence::Trial& trial = *rollout_->trial();
    const std::uint64_t crossings = trial.crossings();
    const bool was_closed = !trial.is_open();
    rollout_->look(now_, true);
    State next = plan(setting_.rollout, rollout_->state(), rollout_->facts(), now_);
    if (next.phase == Phase::Degraded) {
      become(std::move(next));
      return true;
    }
    if (next == rollout_->state()) {
      if (was_closed) trial.open(crossings);
    } else {
      become(std::move(next));
    }
    return false;
  }

  void become(State next) {
    const config::Basis before = split_ ? rollout_->state().weight : -1;
    rollout_->become(rollout_->with(setting_.rollout, std::move(next), setting_.per_user));
    const config::Basis weight = rollout_->state().weight;
    if (weight == before) return;
    const auto [stable, canary] = runtime::weights_of(weight);
    split_ = std::make_unique<targets::Split>(
        std::vector{static_cast<std::uint32_t>(stable), static_cast<std::uint32_t>(canary)},
        setting_.per_user ? config::SplitMode::PerUser : config::SplitMode::Shuffled, seed_, ~seed_);
    coin_ = evidence::coin_of(weight / double{config::kWholeRule}, setting_.rollout.analysis.tolerance);
  }

  Setting setting_;
  std::mt19937_64 random_;  // the traffic's
  Random ours_;
  std::uint64_t seed_;
  WallTime now_{std::chrono::hours(24 * 365 * 50)};
  std::unique_ptr<Rollout> rollout_;
  std::unique_ptr<targets::Split> split_;
  evidence::Coin coin_;
  std::optional<std::uint32_t> bucket_;
};

inline bool happens(double probability, std::mt19937_64& random) {
  return std::uniform_real_distribution<double>(0, 1)(random) < probability;
}

/// Errors at a rate that doesn't change.
inline Traffic errors_at(double stable, double canary) {
  return [=](std::uint64_t, evidence::Arm arm, std::mt19937_64& random) {
    Event event;
    event.is_bad = happens(arm == evidence::Arm::Canary ? canary : stable, random);
    return event;
  };
}

inline Duration lognormal(double median_ms, std::mt19937_64& random) {
  const double drawn = std::lognormal_distribution<double>(std::log(median_ms), 0.8)(random);
  return std::chrono::duration_cast<Duration>(std::chrono::duration<double, std::milli>(drawn));
}

/// Of many rollouts of a bad canary; medians.
struct Power {
  double found;            // share of rollouts that were taken back
  std::uint64_t requests;  // UINT64_MAX: half of them or more were not
  std::uint64_t errors;
};

inline Power power_of(const Setting& setting, const Traffic& traffic, std::size_t count) {
  std::vector<std::uint64_t> requests;
  std::vector<std::uint64_t> errors;
  std::size_t found = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const Ending ending = Simulation(setting, 5000 + i).run(traffic);
    found += ending.is_taken_back ? 1 : 0;
    requests.push_back(ending.is_taken_back ? ending.requests : UINT64_MAX);
    errors.push_back(ending.errors);
  }
  std::ranges::sort(requests);
  std::ranges::sort(errors);
  return {static_cast<double>(found) / static_cast<double>(count), requests[count / 2], errors[count / 2]};
}

inline bool is_long_run() {
  const char* const set = std::getenv("KANARIA_LONG");
  return set != nullptr && std::string_view(set) == "1";
}

}  // namespace kanaria::rollout
