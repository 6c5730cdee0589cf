// Models as the operator writes them, and snapshots of them.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <numeric>
#include <string>

#include "kanaria/config/parse.hpp"
#include "kanaria/runtime/snapshot.hpp"

namespace kanaria::runtime {

using ModelPtr = std::shared_ptr<const config::Model>;
using SnapshotPtr = std::shared_ptr<const Snapshot>;

inline std::optional<std::string> no_environment(std::string_view) {
  return std::nullopt;
}

inline ModelPtr model_of(std::string text) {
  config::Loaded loaded = config::parse("test.yaml", std::move(text), no_environment);
  EXPECT_TRUE(loaded.model) << config::render(loaded);
  return std::make_shared<const config::Model>(std::move(*loaded.model));
}

/// One listener whose rule "api" forwards to two groups.
inline std::string canary(const std::string& weights = "[{name: main, weight: 90}, {name: new, weight: 10}]",
                          const std::string& more_listeners = "") {
  return R"(
listeners:
  - port: 8080
    name: web
    rules:
      - name: api
        priority: 10
        conditions: [path_pattern: ["/api/*"]]
        action: {forward: {target_groups: )" +
         weights + R"(}}
    default_action: {target_group: main}
)" + more_listeners +
         R"(
target_groups:
  - name: main
    targets: ["127.0.0.1:9001", "127.0.0.1:9002"]
  - name: new
    targets: ["127.0.0.1:9003"]
)";
}

using Meanings = std::map<std::string, Known>;

inline Prepared prepared(const ModelPtr& model, const Snapshot* previous = nullptr, const Meanings& known = {}) {
  config::Diagnostics diagnostics;
  Prepared result = prepare(model, 1, previous, known, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors());
  return result;
}

/// Listener i is at binding i.
inline SnapshotPtr snapshot_of(const ModelPtr& model, observe::Metrics& metrics, targets::TargetTable& table,
                               const Snapshot* previous = nullptr,
                               std::shared_ptr<const cookies::KeyRing> keys = nullptr) {
  std::vector<std::uint32_t> bindings(model->listeners.size());
  std::iota(bindings.begin(), bindings.end(), 0U);
  Prepared made = prepared(model, previous);
  made.keys = std::move(keys);
  return compile(std::move(made), bindings, previous, metrics, table);
}

}  // namespace kanaria::runtime
