// All that was changed by hand, and the file in state_dir that keeps it over restarts. Values; reading and writing
// block, any thread.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "kanaria/runtime/target_overrides.hpp"
#include "kanaria/runtime/weight_overrides.hpp"

namespace kanaria::runtime {

struct Overrides {
  TargetOverrides targets;
  WeightOverrides weights;

  bool empty() const { return targets.empty() && weights.empty(); }
};

/// The model in force: the file's with the overrides applied to it; the file's itself if there are none.
std::shared_ptr<const config::Model> in_force(const Overrides& overrides,
                                              const std::shared_ptr<const config::Model>& file);

/// What was changed by hand about what the file no longer has ends with it, and a warning says so.
void forget_gone(Overrides& overrides, const config::Model& file, config::Diagnostics& diagnostics);

/// JSON: {"version": 1, "weights": [...], "targets": [...]}. Times are Unix seconds.
std::string to_text(const Overrides& overrides);
/// None: `fault` says what is wrong with the text. The file's model tells the groups' ports; overrides of groups that
/// it hasn't are left out.
std::optional<Overrides> parse_overrides(const std::string& text, const config::Model& file, std::string& fault);

/// Reads what a former process kept in `state_dir`; no file is no overrides. A damaged one is moved aside, so that the
/// next change doesn't end what a person may still want to read: `fault` tells of it, and nothing is overridden.
Overrides read_overrides(const std::string& state_dir, const config::Model& file, std::string& fault);
/// Returns what went wrong, or "".
std::string keep_overrides(const std::string& state_dir, const std::string& text);

}  // namespace kanaria::runtime
