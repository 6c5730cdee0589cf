// A store for tests, and a server without workers that it publishes to.
#pragma once

#include <gtest/gtest.h>

#include <numeric>
#include <string>
#include <vector>

#include "kanaria/runtime/store.hpp"
#include "models.hpp"
#include "support/driver.hpp"

namespace kanaria::runtime {

using Status = Outcome::Status;

/// A server without workers: places are numbered, and publishing waits while the test holds it.
class Board final : public Publisher {
 public:
  std::vector<std::uint32_t> bind(const config::Model& model, config::Diagnostics& diagnostics) override {
    if (!refusal.empty()) diagnostics.error({}, "listeners", refusal);
    std::vector<std::uint32_t> bindings(model.listeners.size());
    std::iota(bindings.begin(), bindings.end(), 0U);
    return bindings;
  }
  net::Awaitable<void> publish(SnapshotPtr snapshot) override {
    published.push_back(std::move(snapshot));
    if (held) co_await released.wait();
  }

  std::string refusal;
  bool held = false;
  net::Event released;
  std::vector<SnapshotPtr> published;
};

class StoreTest : public testing::Test {
 protected:
  static Store::Edit to(const std::string& text) {
    return [model = model_of(text)](const auto&) { return model; };
  }
  Outcome change(const Store::Edit& edit, const ChangeOptions& options = {"test", {}}) {
    return driver_.run(store_.change(edit, options));
  }
  template <class Change>
  Outcome edit(Change&& change_it) {
    return change([&](const std::shared_ptr<const config::Model>& current) {
      auto next = std::make_shared<config::Model>(*current);
      change_it(*next);
      return next;
    });
  }

  Outcome by_hand(const std::string& group, std::optional<TargetAction> action, const std::string& target = "") {
    const TargetChange wanted{group, action, target, "alice", {}};
    return driver_.run(store_.override_targets(wanted));
  }

  static WeightChange weights_change(int main, int canary) {
    WeightChange change;
    change.listener = "web";
    change.rule = "api";
    change.weights = Weights{{"main", main}, {"new", canary}};
    change.who = "alice";
    return change;
  }
  Outcome set_weights(int main, int canary, const std::optional<std::string>& generation = std::nullopt) {
    WeightChange change = weights_change(main, canary);
    change.generation = generation;
    return driver_.run(store_.override_weights(change));
  }
  void reset_weights() {
    WeightChange change = weights_change(0, 0);
    change.weights.reset();
    driver_.run(store_.override_weights(change));
  }
  std::uint32_t weight(std::size_t group) const {
    return store_.current()->listener(0)->routes[0].split->weight(group);
  }
  std::string generation() const { return store_.generation("web/api")->id; }

  test::Driver driver_;
  net::Blocking blocking_;
  observe::Metrics metrics_{1};
  targets::TargetTable table_{metrics_};
  Board board_;
  Names names_{driver_.loop(), "127.0.0.1:9", [] {}};
  Store store_{driver_.loop(), blocking_, board_, metrics_, table_, names_, 1};
};

using Words = std::vector<std::string>;

inline Words words_of(const Outcome& outcome) {
  Words words;
  for (const config::Diagnostic& one : outcome.diagnostics.sorted()) words.push_back(one.message);
  return words;
}

}  // namespace kanaria::runtime
