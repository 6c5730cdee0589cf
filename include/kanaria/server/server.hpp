// The daemon: W workers that carry traffic and control, a loop that carries none and has the signals, the store, and
// the admin listener. Reload publishes a new snapshot to all workers; stop drains in two steps: what is idle ends, what
// is in flight may finish until drain_timeout.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/config/parse.hpp"
#include "kanaria/http/exchange.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/runtime/store.hpp"

namespace kanaria::server {

/// What came of a reload.
struct Reloaded {
  runtime::Outcome::Status status = runtime::Outcome::Status::Unchanged;
  std::vector<std::string> changes;   // in words
  std::vector<std::string> faults;    // rendered, with line and caret; any: nothing was changed
  std::vector<std::string> warnings;  // the same way
};

/// What came of a change by hand.
struct TargetsChanged {
  runtime::Outcome::Status status = runtime::Outcome::Status::Unchanged;
  std::vector<std::string> changes;   // in words
  std::vector<std::string> faults;    // any: nothing was changed
  std::vector<std::string> warnings;  // of what the change brought
};

/// The targets of a group, as they are now.
struct GroupTargets {
  std::string fault;  // there is no such group, and which one may be meant; the rest is empty
  /// Why a target is in the group; Leaving: it isn't any more, and finishes what it has.
  enum class Source : std::uint8_t { File, Hand, Leaving };
  targets::TargetTable::GroupReport report;
  std::vector<Source> sources;                     // as report.targets
  std::vector<runtime::TargetOverride> overrides;  // changed by hand
};

class Server {
 public:
  enum class End : std::uint8_t { Drained, CouldNotStart, BadConfiguration };

  explicit Server(std::string config_file);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// Starts, serves until TERM, INT or QUIT, drains. `admin` answers on the admin address, on control's thread. What
  /// went wrong before it was ready is on stderr.
  End run(http::Handler& admin);

  // On control's thread, for the admin API:
  /// `who` asked for it, for the log.
  net::Awaitable<Reloaded> reload(std::string who);
  net::Awaitable<TargetsChanged> change_targets(const runtime::TargetChange& change);
  /// When ready() only.
  GroupTargets targets_of(const std::string& group) const;
  /// All listeners take traffic, and no drain has begun.
  bool ready() const;
  /// Prometheus text.
  std::string metrics() const;

 private:
  class Control;
  std::unique_ptr<Control> control_;
};

/// How many workers `workers: auto` means: the cores this process may use, bounded by the cgroup's CPU limit rounded
/// up; at least 1.
unsigned automatic_workers();

}  // namespace kanaria::server
