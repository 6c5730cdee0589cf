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
  /// Listens at the model's places where nobody listens yet; `bindings` gets their ids, as model.listeners. Returns
  /// what went wrong, or "": then nothing changed.
  virtual std::string bind(const config::Model& model, std::vector<std::uint32_t>& bindings) = 0;
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
    Faulty,   // `diagnostics` has errors
    Refused,  // `refusal` says why: a key that only a restart changes, a port in use, a stale revision
  };
  Status status = Status::Unchanged;
  std::vector<std::string> changes;  // in words
  config::Diagnostics diagnostics;
  std::string refusal;
  std::vector<std::string> warnings;
  std::uint64_t revision = 0;  // in force now
};

class Store {
 public:
  /// The new model, made from the one in force (null before the first).
  using Edit = std::function<std::shared_ptr<const config::Model>(const config::Model* current)>;

  Store(net::Loop& control, net::Blocking& blocking, Publisher& publisher, observe::Metrics& metrics, unsigned workers);

  net::Awaitable<Outcome> change(const Edit& edit, std::optional<std::uint64_t> expected_revision);

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
  std::list<net::Event> waiting_;
};

}  // namespace kanaria::runtime
