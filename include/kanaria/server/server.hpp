// The daemon: W workers that carry traffic and control, a loop that carries none and has the signals, the store, and
// the admin listener. Reload publishes a new snapshot to all workers; stop drains in two steps: what is idle ends, what
// is in flight may finish until drain_timeout.
#pragma once

#include <memory>
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
