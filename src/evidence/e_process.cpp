#include "kanaria/evidence/e_process.hpp"

#include <algorithm>
#include <cmath>

namespace kanaria::evidence {
namespace {

/// Without leaving the range of doubles, whatever the logs are.
template <std::size_t N>
double log_mean_exp(const std::array<double, N>& logs) {
  const double largest = *std::ranges::max_element(logs);
  double sum = 0;
  for (const double log : logs) sum += std::exp(log - largest);
  return largest + std::log(sum / static_cast<double>(N));
}

}  // namespace

Coin coin_of(double share, double tolerance) {
  Coin coin;
  if (share <= 0 || share >= 1) return coin;
  const auto canary_side = [&](double risk) { return share * risk / (share * risk + 1 - share); };
  const double p0 = canary_side(tolerance);
  for (std::size_t j = 0; j < kRisks.size(); ++j) {
    const double p = canary_side(tolerance * kRisks[j]);
    coin.gains[static_cast<std::size_t>(Arm::Canary)][j] = std::log(p / p0);
    coin.gains[static_cast<std::size_t>(Arm::Stable)][j] = std::log((1 - p) / (1 - p0));
  }
  return coin;
}

double log_evidence(const Logs& logs) {
  return log_mean_exp(logs);
}

double log_mean(double a, double b, double c) {
  return log_mean_exp(std::array<double, 3>{a, b, c});
}

double log_evidence_over(double limit, std::uint64_t bad, std::uint64_t requests) {
  // Parts of the way from the limit to all that is bad: near ones for a slight breach, far ones for a dead canary.
  constexpr std::array<double, 6> kParts{0.01, 0.03, 0.1, 0.25, 0.5, 0.95};
  // A request that fails after its head may be counted behind a look that has counted it.
  const auto wrong = static_cast<double>(std::min(bad, requests));
  const auto right = static_cast<double>(requests) - wrong;
  std::array<double, kParts.size()> logs{};
  for (std::size_t j = 0; j < kParts.size(); ++j) {
    const double rate = limit + (1 - limit) * kParts[j];
    logs[j] = wrong * std::log(rate / limit) + right * std::log((1 - rate) / (1 - limit));
  }
  return log_mean_exp(logs);
}

}  // namespace kanaria::evidence
