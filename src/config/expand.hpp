// ${VAR}, ${VAR:-default}, ${VAR:?message} inside scalars; $${ is a literal ${. After parsing, so that a value can't
// inject structure. An empty variable counts as unset for :- and :?, as in a shell.
#pragma once

#include "document.hpp"
#include "kanaria/config/parse.hpp"

namespace kanaria::config {

/// Expands every scalar below `node`; one that can't be becomes Faulty and is reported. Keys are left alone.
void expand(Node& node, const std::string& path, const Environment& environment, Diagnostics& diagnostics);

}  // namespace kanaria::config
