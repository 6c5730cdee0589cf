#include "kanaria/evidence/dispersion.hpp"

#include <algorithm>

namespace kanaria::evidence {

void Dispersion::begin(std::uint64_t bad, std::uint64_t requests) {
  seen_bad_ = bad;
  seen_requests_ = requests;
}

void Dispersion::look(std::uint64_t bad, std::uint64_t requests) {
  constexpr double kKeep = 0.999;   // a thousand looks, 50 s
  constexpr double kLately = 0.95;  // of the rate: twenty, a second. One that drifts is no burst
  if (requests == seen_requests_) return;
  const auto events = static_cast<double>(bad - seen_bad_);
  const auto tries = static_cast<double>(requests - seen_requests_);
  begin(bad, requests);
  if (requests_ > 0) {
    const double rate = std::min(bad_ / requests_, 0.999);
    const double off = events - rate * tries;
    deviation_ = kKeep * deviation_ + off * off;
    expected_ = kKeep * expected_ + rate * (1 - rate) * tries;
  }
  bad_ = kLately * bad_ + events;
  requests_ = kLately * requests_ + tries;
}

double Dispersion::worth() const {
  constexpr double kSurely = 1.5;  // independent ones are below it almost always
  // As if a few looks had been as independent ones are: so one event in a long time is no burst.
  constexpr double kPrior = 2;
  const double index = (deviation_ + kPrior) / (expected_ + kPrior);
  return 1 / std::max(least_, index > kSurely ? index : 1);
}

}  // namespace kanaria::evidence
