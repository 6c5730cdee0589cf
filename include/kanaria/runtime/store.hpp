// The one way to change the running configuration: change(edit, expected revision) edits a copy of the model,
// validates, compiles, publishes, and returns when every worker has acknowledged. Reload is such an edit; weights set
// by hand, registered targets and rollout steps will be others. On control's thread; changes wait their turn.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/net/blocking.hpp"
#include "kanaria/runtime/snapshot.hpp"

namespace kanaria::runtime {

/// What the store needs of the server.
class Publisher {
 public:
  /// Gets what the model needs of the system, its listening places and its log; the ids of the places, as
  /// model.listeners. With an error in `diagnostics` nothing has changed.
  virtual std::vector<std::uint32_t> bind(const config::Model& model, config::Diagnostics& diagnostics) = 0;
  /// Makes it the one that new requests see, and listens at exactly its places; returns when all workers have
  /// acknowledged.
  virtual net::Awaitable<void> publish(std::shared_ptr<const Snapshot> snapshot) = 0;

 protected:
  ~Publisher() = default;
};

struct Outcome {
  enum class Status : std::uint8_t {
    Applied,
    Unchanged,
    Faulty,   // the configuration has faults
    Refused,  // a key that only a restart changes, a port in use, a rule left without a target, a stale revision
  };
  Status status = Status::Unchanged;
  std::vector<std::string> changes;  // in words
  config::Diagnostics diagnostics;   // why not, and warnings
  std::uint64_t revision = 0;        // in force now
};

class Store {
 public:
  /// The new model, made from the one in force (null before the first).
  using Edit = std::function<std::shared_ptr<const config::Model>(const config::Model* current)>;

  Store(net::Loop& control, net::Blocking& blocking, Publisher& publisher, observe::Metrics& metrics, unsigned workers);

  net::Awaitable<Outcome> change(const Edit& edit, std::optional<std::uint64_t> expected_revision);

  /// Waits for the change in progress and refuses all later ones: the daemon stops.
  net::Awaitable<void> close();

  /// In force; null before the first change.
  const std::shared_ptr<const Snapshot>& current() const { return current_; }

 private:
  net::Awaitable<void> turn();
  void next_turn();
  net::Awaitable<void> apply(std::shared_ptr<const config::Model> next, Outcome& outcome);

  net::Loop& control_;
  net::Blocking& blocking_;
  Publisher& publisher_;
  observe::Metrics& metrics_;
  unsigned workers_;
  std::shared_ptr<const Snapshot> current_;
  bool busy_ = false;
  bool closed_ = false;
  std::list<net::Event> waiting_;
};

}  // namespace kanaria::runtime
