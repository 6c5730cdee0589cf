// The daemon: W workers that carry traffic and control, a loop that carries none and has the signals, the store, and
// the admin listeners. Reload publishes a new snapshot to all workers; stop drains in two steps: what is idle ends,
// what is in flight may finish until drain_timeout.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "kanaria/http/exchange.hpp"
#include "kanaria/observe/error_log.hpp"
#include "kanaria/rollout/report.hpp"
#include "kanaria/server/reports.hpp"
#include "kanaria/server/tokens.hpp"

namespace kanaria::server {

class Server {
 public:
  enum class End : std::uint8_t { Drained, CouldNotStart, BadConfiguration };

  virtual ~Server() = default;

  /// Starts, serves until TERM, INT or QUIT, drains. `admin` answers on the admin address and `read_only` on that one,
  /// on control's thread. What went wrong before it was ready is on stderr.
  virtual End run(http::Handler& admin, http::Handler& read_only) = 0;

  // On control's thread, for the admin API:

  /// All listeners take traffic, and no drain has begun.
  virtual bool ready() const = 0;
  virtual net::Awaitable<Reloaded> reload(runtime::ChangeOptions options) = 0;
  /// Prometheus text.
  virtual std::string metrics() const = 0;
  /// Whose tokens are wanted; null: nobody's.
  virtual const Tokens* tokens() const = 0;

  // When has_snapshot() only, what changes something when ready() only:

  /// Something is in force: from the end of the start on, through a drain.
  virtual bool has_snapshot() const = 0;
  virtual net::Awaitable<Changed> change_targets(const runtime::TargetChange& change) = 0;
  virtual GroupTargets targets_of(const std::string& group) const = 0;
  virtual net::Awaitable<WeightsChanged> change_weights(const runtime::WeightChange& change) = 0;
  /// None: `fault` says what there is none of.
  virtual std::optional<RuleWeights> weights_of(const std::string& listener, const std::string& rule,
                                                runtime::OverrideFault& fault) const = 0;
  /// As the file has them.
  virtual std::vector<rollout::Report> rollouts() = 0;
  virtual net::Awaitable<rollout::Changed> change_rollout(const rollout::Command& command) = 0;
  /// Looks at the file on disk first.
  virtual net::Awaitable<Status> status() = 0;
  /// The last exchanges that went wrong.
  virtual const observe::ErrorLog& errors() = 0;
  /// In force.
  virtual const runtime::Snapshot& snapshot() const = 0;
  /// The file's model, without what was set by hand.
  virtual const config::Model& file() const = 0;
  /// That with it; a rule that a rollout owns has its weights at rest, for a file can't say all shares.
  virtual std::shared_ptr<const config::Model> without_rollouts() const = 0;

 protected:
  Server() = default;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;
};

std::unique_ptr<Server> make_server(std::string config_file);

/// How many workers `workers: auto` means: the cores this process may use, bounded by the cgroup's CPU limit rounded
/// up; at least 1.
unsigned automatic_workers();

}  // namespace kanaria::server
