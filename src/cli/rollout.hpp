// How a rollout is shown, from the JSON that the daemon tells of it. Pure.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "terminal.hpp"

namespace kanaria::cli {

class Lines;

/// "Progressing", "Paused(StepPause)".
std::string phase_text(const nlohmann::ordered_json& rollout);
/// "step 4 of 8: analysis at 10%".
std::string standing(const nlohmann::ordered_json& rollout);
/// The whole of it. `today`: "2026-01-31", whose times are shown without it.
std::string picture(const nlohmann::ordered_json& rollout, const Terminal& terminal, std::string_view today);

// Parts of the picture:

/// A name before a line, as wide as those of the metrics want.
std::string label_of(const nlohmann::ordered_json& rollout, std::string_view name);
void add_evidence(Lines& lines, const nlohmann::ordered_json& rollout);

/// Does it wait for somebody, or was it taken back?
bool waits_for_a_person(const nlohmann::ordered_json& rollout);
/// The exit code for whoever waited for its end. None: it goes on.
std::optional<int> ended_with(const nlohmann::ordered_json& rollout);

}  // namespace kanaria::cli
