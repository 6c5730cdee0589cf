// A Model in words: as YAML with every default filled in (`kanaria show`; its output parses to an equal model), as the
// list of changes from one model to another (`kanaria diff`, reload's answer), and as shares in percent (`kanaria
// check`). Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/config/model.hpp"

namespace kanaria::config {

std::string to_yaml(const Model& model);

/// One line a change, in the operator's words: "listener http-8080: rule canary: app-canary weight 10 -> 50 (10.0%
/// -> 50.0%)". Empty: nothing changed.
std::vector<std::string> differences(const Model& before, const Model& after);

/// One line a forward action: "http-8080/canary  app-main 90 (90.0%)  app-canary 10 (10.0%)".
std::vector<std::string> shares(const Model& model);

/// "90.0%", "0.1%", "0.02%": at least one digit that isn't zero where the share isn't.
std::string percent(int weight, int total);

/// "16KiB", "1GiB", "1000": the shortest exact spelling; none: "unlimited".
std::string size_text(const std::optional<std::uint64_t>& bytes);

/// "10s", "250ms", "1h": the shortest exact spelling.
std::string to_text(Milliseconds duration);

/// "shuffled"
std::string_view words(SplitMode mode);

}  // namespace kanaria::config
