// What one of many bad events is worth as evidence, where they come in bursts. On control's thread.
#pragma once

#include <cstdint>

namespace kanaria::evidence {

/// Whether bad events come one by one or in bursts, such as when a process stands still for a moment with ten requests
/// in it. A burst is hardly more evidence than one event; taken for ten, it would condemn good canaries. Told by
/// stable's own: how far its counts are from what its rate lets expect, over how far independent ones would be (the
/// index of dispersion). Of past looks only, so that what an event is worth is known before it.
class Dispersion {
 public:
  /// `least`: the index is taken for no less. Rare bursts are met before enough of them were seen to know of them.
  explicit Dispersion(double least) : least_(least) {}
  /// A look: so many bad of so many requests have been until now.
  void look(std::uint64_t bad, std::uint64_t requests);
  /// The next look's are more than these.
  void begin(std::uint64_t bad, std::uint64_t requests);
  /// What an event is worth, 0-1; 1 unless they surely come in bursts.
  double worth() const;

 private:
  double least_;
  std::uint64_t seen_bad_ = 0;
  std::uint64_t seen_requests_ = 0;
  // Sums in which older looks weigh less; of the last two much less.
  double deviation_ = 0;
  double expected_ = 0;
  double bad_ = 0;
  double requests_ = 0;
};

}  // namespace kanaria::evidence
