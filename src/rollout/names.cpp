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

template <class Enum, std::size_t kCount>
std::optional<Enum> of_name(const std::array<std::string_view, kCount>& names, std::string_view name) {
  const auto found = std::ranges::find(names, name);
  if (found == names.end()) return std::nullopt;
  return static_cast<Enum>(found - names.begin());
}

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

std::string in_words(Phase phase, Reason reason) {
  std::string words(name_of(phase));
  if (reason != Reason::None) words.append("(").append(name_of(reason)).append(")");
  return words;
}

std::optional<Phase> phase_of(std::string_view name) {
  return of_name<Phase>(kPhaseNames, name);
}

std::optional<Reason> reason_of(std::string_view name) {
  return of_name<Reason>(kReasonNames, name);
}

std::optional<Verb> verb_of(std::string_view name) {
  return of_name<Verb>(kVerbNames, name);
}

std::string way_on(std::string_view rollout, Phase phase, Reason reason) {
  struct Way {
    Phase phase;
    Reason reason;  // None: whatever it is
    Verb verb;
    std::string_view what;
  };
  constexpr std::array<Way, 9> kWays{
      {{Phase::Healthy, Reason::None, Verb::Start, "begins it"},
       {Phase::Progressing, Reason::None, Verb::Abort, "takes it back"},
       {Phase::Paused, Reason::NewRevision, Verb::Start, "begins with it"},
       {Phase::Paused, Reason::StateLost, Verb::Start, "begins anew"},
       {Phase::Paused, Reason::ManualPause, Verb::Resume, "goes on"},
       {Phase::Paused, Reason::None, Verb::Promote, "goes on"},
       {Phase::Baking, Reason::Handover, Verb::Promote, "hands back, when the stable target group is redeployed"},
       {Phase::Baking, Reason::None, Verb::Promote, "ends it"},
       {Phase::Degraded, Reason::None, Verb::Retry, "begins again"}}};
  const auto* const way = std::ranges::find_if(kWays, [&](const Way& one) {
    return one.phase == phase && (one.reason == Reason::None || one.reason == reason);
  });
  if (way == kWays.end()) return "";
  std::string words("kanaria rollout ");
  words.append(name_of(way->verb)).append(" ").append(rollout).append(" ").append(way->what);
  return words;
}

}  // namespace kanaria::rollout
