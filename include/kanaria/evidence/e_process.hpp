// How strongly what went wrong speaks against the canary: a one-sided mixture e-process. It looks at bad events only.
// If the canary is no worse than stable, each of them comes from the canary with a known probability, the share that it
// had when the request was routed: a coin. What the coin shows is worth more the less likely it was. Pure functions.
//
//   p0 = q R / (q R + 1 - q)       the coin, if the canary's risk is R times stable's; R: the tolerance
//   pj = the same for R kRisks[j]  if it is that much worse
//   each bad event of the canary multiplies the evidence for j by pj / p0, of stable by (1 - pj) / (1 - p0)
//   E = their mean over j;  P(E ever reaches 1 / alpha) <= alpha while the canary is no worse (Ville 1939; Robbins
//   1970)
//
// The bound holds at any look, for any base rate, drifting or not, and for any steps of the share: only the coin of
// each event must be known before it. Johari et al., "Always Valid Inference" (2015), call it mSPRT; Lindon, Malek
// (2022) use it for counts.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace kanaria::evidence {

enum class Arm : std::uint8_t { Stable, Canary };
inline constexpr std::size_t kArms = 2;

/// How many times worse than tolerated the canary may be.
inline constexpr std::array<double, 8> kRisks{1.25, 1.5, 2, 3, 5, 10, 30, 1000};
/// ln of the evidence for each of them; all 0: nothing has been seen.
using Logs = std::array<double, kRisks.size()>;

/// What a bad event adds to Logs, by the Arm that it came from.
struct Coin {
  std::array<Logs, kArms> gains{};
};
/// `share`: the canary's, 0-1; at 0 and 1 the coin has one side, and nothing is learnt. `tolerance`: from 1.
Coin coin_of(double share, double tolerance);

/// ln E.
double log_evidence(const Logs& logs);
/// ln of the mean of several E: an average of e-processes is one.
double log_mean(double a, double b, double c);

/// The same for a limit: is a share of bad answers above `limit` (0-1, both excluded)? A mixture over rates above it,
/// of how many were bad of how many. ln E; P(E ever reaches 1 / alpha) <= alpha while the true rate is within the
/// limit.
double log_evidence_over(double limit, std::uint64_t bad, std::uint64_t requests);

}  // namespace kanaria::evidence
