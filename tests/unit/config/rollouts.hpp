// A file with a rollout, for tests that change a part of it.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <string_view>

#include "reports.hpp"

namespace kanaria::config {

inline constexpr const char* kBase = R"YAML(state_dir: /s
listeners:
  - name: web
    port: 80
    rules:
      - name: split
        priority: 10
        conditions: [{path_pattern: [/a]}]
        action: {forward: {target_groups: [{name: main, weight: 100}, {name: canary, weight: 0}]}}
      - name: three
        priority: 20
        conditions: [{path_pattern: [/b]}]
        action: {forward: {target_groups: [{name: main, weight: 1}, {name: canary, weight: 0}, {name: other, weight: 1}]}}
    default_action: {fixed_response: {status_code: 404}}
target_groups: [{name: main}, {name: canary}, {name: other}]
rollouts:
  - name: checkout
    rule: web/split
    stable: main
    canary: canary
    bake_time: 10m
    steps:
      - set_weight: 10%
      - pause: {duration: 5m}
      - set_weight: 100%
)YAML";

/// The base with the first `from` replaced.
inline std::string with(std::string_view from, std::string_view to, std::string text = kBase) {
  const std::size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

/// The base with these keys in the rollout, from line 21, column 5.
inline std::string with_keys(std::string_view keys) {
  return with("bake_time: 10m", keys);
}

/// The base with these steps, from line 22, column 12.
inline std::string with_steps(std::string_view steps) {
  const std::string base = kBase;
  return base.substr(0, base.find("steps:")) + "steps: [" + std::string(steps) + "]\n";
}

/// The base with one metric, from line 21, column 26.
inline std::string with_metric(std::string_view keys) {
  return with_keys("analysis: {metrics: [{" + std::string(keys) + "}]}");
}

}  // namespace kanaria::config
