#include <algorithm>
#include <array>

#include "kanaria/rollout/report.hpp"

namespace kanaria::rollout {
namespace {

constexpr std::array<std::string_view, kPhases> kPhaseNames{"Healthy", "Progressing", "Paused", "Baking", "Degraded"};
constexpr std::array<std::string_view, kReasons> kReasonNames{"",
                                                              "Completed",
                                                              "StepPause",
                                                              "ManualPause",
                                                              "Inconclusive",
                                                              "Incident",
                                                              "ConfigDrift",
                                                              "StateLost",
                                                              "NewRevision",
                                                              "Handover",
                                                              "AnalysisFailed",
                                                              "LimitExceeded",
                                                              "CanaryUnhealthy",
                                                              "ManualAbort",
                                                              "ProgressDeadline",
                                                              "CrashLoop"};
constexpr std::array<std::string_view, kVerbs> kVerbNames{"start", "promote", "pause",     "resume",
                                                          "abort", "retry",   "set-weight"};
constexpr std::array<std::string_view, 3> kVerdictNames{"pass", "fail", "inconclusive"};

}  // namespace

std::string_view name_of(Phase phase) {
  return kPhaseNames[static_cast<std::size_t>(phase)];
}

std::string_view name_of(Reason reason) {
  return kReasonNames[static_cast<std::size_t>(reason)];
}

std::string_view name_of(Verb verb) {
  return kVerbNames[static_cast<std::size_t>(verb)];
}

std::string_view name_of(Verdict verdict) {
  return kVerdictNames[static_cast<std::size_t>(verdict)];
}

std::optional<Verb> verb_of(std::string_view name) {
  const auto* const found = std::ranges::find(kVerbNames, name);
  if (found == kVerbNames.end()) return std::nullopt;
  return static_cast<Verb>(found - kVerbNames.begin());
}

}  // namespace kanaria::rollout
