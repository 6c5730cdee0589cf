// Scripts by which shells complete the command line. Pure.
#pragma once

#include <string>

#include "definitions.hpp"

namespace kanaria::cli {

std::string bash_completion(const Command& program);
std::string zsh_completion(const Command& program);
std::string fish_completion(const Command& program);

}  // namespace kanaria::cli
