// YAML text to a Model, with every fault found on the way. yaml-cpp is seen by document.cpp alone. Blocking; no
// thread of its own.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/model.hpp"

namespace kanaria::config {

/// Looks an environment variable up; none: not set.
using Environment = std::function<std::optional<std::string>(std::string_view name)>;
Environment process_environment();

struct Loaded {
  std::string file;            // the name as given, for messages
  std::string text;            // what was read; empty when the file could not be read
  Model draft;                 // what could be read, as far as it could: for further checks of a file with faults
  std::optional<Model> model;  // present when no error was found: the draft, then fit for use
  Diagnostics diagnostics;     // errors and warnings
};

/// Parses and validates. Every fault that can be found without compiling (see rules/) is in `diagnostics`.
Loaded parse(std::string file, std::string text, const Environment& environment);
/// Reads the file first: a missing one, a directory, one over 16 MiB, one that can't be read is one error without a
/// place.
Loaded load(const std::string& file, const Environment& environment);

/// All of `loaded.diagnostics`, rendered, one after another.
std::string render(const Loaded& loaded);

}  // namespace kanaria::config
