// Parts of a configuration in a few words, for people. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "kanaria/config/rule.hpp"

namespace kanaria::config {

/// `path "/" "/api/*", method GET HEAD`; "" for none.
std::string summary(const std::vector<Condition>& conditions);

/// "forward to app-main app-canary", "redirect 301 to https://...", "fixed_response 404".
std::string summary(const Action& action);

}  // namespace kanaria::config
