// The one way to change the running configuration. What is wanted is the file's model, on top of it what was changed by
// hand, and on top of that the shares of rollouts; a change edits one of them, validates and compiles the model that
// follows from all, publishes it, and returns when every worker has acknowledged. Reload edits the file's model, and
// what was changed by hand stays; with a state_dir it is kept there before the change returns. On control's thread;
// changes wait their turn.
#pragma once

#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/net/blocking.hpp"
#include "kanaria/runtime/overrides.hpp"
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
    Refused,  // a key that only a restart changes, a port in use, a rule left without a target
    Unknown,  // what is to be changed by hand is not there
    Stale,    // somebody else changed it meanwhile
  };
  Status status = Status::Unchanged;
  std::vector<std::string> changes;  // in words
  config::Diagnostics diagnostics;   // why not, and warnings
  std::uint64_t revision = 0;        // in force now
};

/// Who asks for a change, and how far it may go.
struct ChangeOptions {
  std::string who;
  WallTime when{};
  /// How one may do it all the same, where a rule would be left without a target; the end of a sentence.
  std::string remedy = "--force does it all the same";
  bool force = false;            // a rule may be left without a target behind a positive weight
  bool reset_overrides = false;  // what was changed by hand ends
  /// All is done but what the system must do for it: ports are not tried, and nothing changes.
  bool dry_run = false;
};

/// The state of a rule's weights: another one after each change of them or of who decides them, and never the same
/// again, not after a restart either.
struct Generation {
  std::string id;   // fit for an ETag
  std::string who;  // made it
  WallTime when;
};

/// Who decides the weights of rules that rollouts own.
class Steering {
 public:
  /// The shares that go with this file. Nothing is decided before adopt(); a change that fails doesn't come to it.
  virtual RolloutShares follow(const config::Model& file) = 0;
  /// Those of the last follow() are in force.
  virtual void adopt() = 0;

 protected:
  ~Steering() = default;
};

class Store {
 public:
  /// The file's new model, made from the one that is in force (null before the first). Another object than that means
  /// that what the file names is read anew, also where it says the same: a reload takes changed keys.
  using Edit = std::function<std::shared_ptr<const config::Model>(const std::shared_ptr<const config::Model>& file)>;

  Store(net::Loop& control, net::Blocking& blocking, Publisher& publisher, observe::Metrics& metrics,
        targets::TargetTable& table, Names& names, unsigned workers);

  /// Before the first change: what a former process was told by hand.
  void restore(Overrides overrides);
  /// Before the first change: who is asked whenever the file may be another one.
  void set_steering(Steering& steering) { steering_ = &steering; }

  net::Awaitable<Outcome> change(const Edit& edit, const ChangeOptions& options);
  /// What was changed by hand about a group or a rule that a reload removes ends with it.
  net::Awaitable<Outcome> override_targets(const TargetChange& change);
  /// Weights that were asked for are in force when it returns, for every request: no group is too empty for them.
  net::Awaitable<Outcome> override_weights(const WeightChange& change);
  /// Ends the overrides of weights whose time is over. `ended`: their rules.
  net::Awaitable<Outcome> end_expired(WallTime now, std::vector<std::string>& ended);

  /// A change of rollouts' shares.
  struct Steer {
    /// Changes them, for the file in force; with an error in the outcome nothing is changed.
    std::function<void(const config::Model& file, RolloutShares& shares, Outcome& outcome)> edit;
    std::function<net::Awaitable<void>()> before;  // it is in force; only where it surely will be. Null: nothing
    std::function<void()> adopt;                   // it is in force; before anybody else runs
  };
  net::Awaitable<Outcome> steer(const Steer& steer, const ChangeOptions& options);

  /// Why what is set by hand is not kept in state_dir as it is; "": it is, or there is none.
  const std::string& unkept() const { return unkept_; }
  /// Tries that again.
  net::Awaitable<void> keep_again();

  /// Waits for the change in progress and refuses all later ones: the daemon stops.
  net::Awaitable<void> close();
  bool is_closed() const { return closed_; }

  /// In force; null before the first change.
  const std::shared_ptr<const Snapshot>& current() const { return current_; }
  /// In force, on top of the file's model.
  const Overrides& overrides() const { return wanted_.overrides; }
  /// In force, on top of these.
  const RolloutShares& shares() const { return wanted_.shares; }
  /// Of a rule's weights, by LISTENER/RULE; null: no such rule forwards.
  const Generation* generation(const std::string& rule) const;
  /// The file's model, without them; null before the first change.
  const std::shared_ptr<const config::Model>& file() const { return wanted_.file; }
  /// The file's with the overrides alone: what a file can say of what is in force.
  std::shared_ptr<const config::Model> without_rollouts() const { return in_force(wanted_.overrides, wanted_.file); }

 private:
  struct Wanted {
    std::shared_ptr<const config::Model> file;
    Overrides overrides;
    RolloutShares shares;
  };
  /// What is done besides, as of Steer.
  struct Hooks {
    std::function<net::Awaitable<void>()> before;
    std::function<void()> adopt;
    bool steers = false;  // the shares of rollouts, and nothing else
  };
  /// Edits what is wanted; with an error in the outcome's diagnostics, nothing is changed.
  using EditWanted = std::function<void(Wanted&, Outcome&)>;

  net::Awaitable<void> turn();
  void next_turn();
  net::Awaitable<Outcome> carry_out(const EditWanted& edit, const ChangeOptions& options, const Hooks& hooks);
  net::Awaitable<void> apply(const Wanted& wanted, const ChangeOptions& options, const Hooks& hooks, Outcome& outcome);
  net::Awaitable<void> keep(const Overrides& overrides, const config::Model& model, config::Diagnostics& diagnostics);
  void count_generations(const config::Model& before, const Wanted& after, const ChangeOptions& options);

  net::Loop& control_;
  net::Blocking& blocking_;
  Publisher& publisher_;
  observe::Metrics& metrics_;
  targets::TargetTable& table_;
  Names& names_;
  unsigned workers_;
  Steering* steering_ = nullptr;  // null: there are no rollouts
  std::shared_ptr<const Snapshot> current_;
  Wanted wanted_;        // what `current_` was made of
  std::string process_;  // in generations' ids: tells this process from those before it
  std::map<std::string, Generation, std::less<>> generations_;
  std::string unkept_;
  std::string kept_;  // the text of the overrides that state_dir has
  bool busy_ = false;
  bool closed_ = false;
  std::list<net::Event> waiting_;
};

}  // namespace kanaria::runtime
