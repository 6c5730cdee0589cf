// The one way to change the running configuration. What is wanted is the file's model and, on top of it, what was
// changed by hand; a change edits either, validates and compiles the model that follows from both, publishes it, and
// returns when every worker has acknowledged. Reload edits the file's model, and what was changed by hand stays. On
// control's thread; changes wait their turn.
#pragma once

#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/net/blocking.hpp"
#include "kanaria/runtime/snapshot.hpp"
#include "kanaria/runtime/target_overrides.hpp"

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
    Unknown,  // what is to be changed by hand is not there
  };
  Status status = Status::Unchanged;
  std::vector<std::string> changes;  // in words
  config::Diagnostics diagnostics;   // why not, and warnings
  std::uint64_t revision = 0;        // in force now
};

class Store {
 public:
  /// The file's new model, made from the one that is in force (null before the first). Another object than that means
  /// that what the file names is read anew, also where it says the same: a reload takes changed keys.
  using Edit = std::function<std::shared_ptr<const config::Model>(const std::shared_ptr<const config::Model>& file)>;

  Store(net::Loop& control, net::Blocking& blocking, Publisher& publisher, observe::Metrics& metrics,
        targets::TargetTable& table, Names& names, unsigned workers);

  net::Awaitable<Outcome> change(const Edit& edit, std::optional<std::uint64_t> expected_revision);
  /// What was changed by hand about a group that a reload removes ends with it.
  net::Awaitable<Outcome> override_targets(const TargetChange& change);

  /// Waits for the change in progress and refuses all later ones: the daemon stops.
  net::Awaitable<void> close();

  /// In force; null before the first change.
  const std::shared_ptr<const Snapshot>& current() const { return current_; }
  /// In force, on top of the file's model.
  const TargetOverrides& overrides() const { return wanted_.overrides; }
  /// The file's model, without them; null before the first change.
  const std::shared_ptr<const config::Model>& file() const { return wanted_.file; }

 private:
  struct Wanted {
    std::shared_ptr<const config::Model> file;
    TargetOverrides overrides;
  };

  net::Awaitable<void> turn();
  void next_turn();
  net::Awaitable<void> apply(const Wanted& wanted, Outcome& outcome);

  net::Loop& control_;
  net::Blocking& blocking_;
  Publisher& publisher_;
  observe::Metrics& metrics_;
  targets::TargetTable& table_;
  Names& names_;
  unsigned workers_;
  std::shared_ptr<const Snapshot> current_;
  Wanted wanted_;  // what `current_` was made of
  bool busy_ = false;
  bool closed_ = false;
  std::list<net::Event> waiting_;
};

}  // namespace kanaria::runtime
