// One request's part in a trial, from the choice of its arm on. Only its first try counts: whether a second one heals
// it says nothing of the first. On its worker's thread, in the frame of the request; one that was never begun does
// nothing.
#pragma once

#include <cstdint>
#include <optional>

#include "kanaria/evidence/trial.hpp"

namespace kanaria::evidence {

class Exposure {
 public:
  Exposure() = default;
  Exposure(const Exposure&) = delete;
  Exposure& operator=(const Exposure&) = delete;
  ~Exposure() {
    if (trial_ != nullptr) cells().in_flight[index()].subtract();
  }

  /// Why it is in its arm.
  enum class By : std::uint8_t {
    Lot,     // the weights: evidence, by the coin in force
    Cookie,  // it was there before: an answer like others, but no coin was tossed
    Other,   // `match`, or the canary's share spilled: not counted
  };
  /// `trial` must outlive it. `user`: the bucket of a user that stays where it is; none: each request is by itself.
  void begin(Trial& trial, unsigned worker, Arm arm, By by, const Coin& coin, std::optional<std::uint32_t> user);
  /// The head of an answer is here, so long after the request was sent.
  void answered(std::uint16_t status, Duration took);
  /// The try failed, before its answer or in the middle of it; `status`: what the client is answered instead.
  void failed(Symptom symptom, std::uint16_t status);
  /// The client left, and had waited so long for an answer that didn't come.
  void left(Duration waited);

 private:
  Trial::Cells& cells() const { return *trial_->cells_[worker_]; }
  std::size_t index() const { return static_cast<std::size_t>(arm_); }
  void count_bad(std::size_t kind);
  void count_latency(Duration took, bool is_whole);

  Trial* trial_ = nullptr;
  const Coin* coin_ = nullptr;  // of the snapshot; null: no evidence
  std::optional<std::uint32_t> user_;
  unsigned worker_ = 0;
  Arm arm_ = Arm::Stable;
  bool counts_ = false;  // until its outcome is told
  bool is_answered_ = false;
  bool is_warm_ = false;    // its latency is evidence
  std::uint16_t told_ = 0;  // kinds of errors that it was counted for, a bit each
};

}  // namespace kanaria::evidence
