// Parts of a configuration in a few words, for people. Pure; any thread.
#pragma once

#include <string>
#include <vector>

#include "kanaria/config/rollout.hpp"
#include "kanaria/config/rule.hpp"

namespace kanaria::config {

/// `path "/" "/api/*", method GET HEAD`; "" for none.
std::string summary(const std::vector<Condition>& conditions);

/// "forward to app-main app-canary", "redirect 301 to https://...", "fixed_response 404".
std::string summary(const Action& action);

/// "1% 5m, 10% analysis, 50% until promote, 100%"
std::string steps_text(const Rollout& rollout);

/// What a rollout does, for `kanaria check`: its rule and groups, its steps, how long they take at least and how much
/// of the traffic the canary sees before it has all. A line each.
std::vector<std::string> outline(const Rollout& rollout);

}  // namespace kanaria::config
