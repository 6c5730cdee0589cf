// The man pages. Pure.
#pragma once

#include <map>
#include <string>

#include "definitions.hpp"

namespace kanaria::cli {

/// File name to page: kanaria.1 with an overview, and one for each command, as kanaria-check.1.
std::map<std::string, std::string> manual_pages(const Command& program);

}  // namespace kanaria::cli
