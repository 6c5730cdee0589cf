// The listening sockets of the daemon, by place. They belong to the server, not to workers: closing one of several
// SO_REUSEPORT sockets resets what waits in its queue, so a place that stays never closes one. On control's thread.
#pragma once

#include <map>
#include <vector>

#include "kanaria/net/sockets.hpp"
#include "kanaria/runtime/snapshot.hpp"

namespace kanaria::server {

class Bindings {
 public:
  explicit Bindings(unsigned workers) : workers_(workers) {}

  struct Place {
    runtime::Binding binding;
    std::vector<net::OwnedSocket> sockets;  // one a worker
    bool listening = false;                 // workers take from it
  };

  /// Binds the places that nobody has yet and gives all their ids, in order; what went wrong is in `diagnostics`.
  std::vector<std::uint32_t> bind(const config::Model& model, config::Diagnostics& diagnostics);
  /// Closes the places that no worker takes from yet: the change that bound them is off.
  void forget_new();
  /// Ids of the places that the model doesn't name.
  std::vector<std::uint32_t> unused(const config::Model& model) const;
  Place& place(std::uint32_t id) { return places_.at(id); }
  std::map<std::uint32_t, Place>& places() { return places_; }
  /// Closes its sockets, which no worker takes from any more.
  void close(std::uint32_t id) { places_.erase(id); }

 private:
  unsigned workers_;
  std::uint32_t next_ = 0;
  std::map<std::uint32_t, Place> places_;
};

}  // namespace kanaria::server
