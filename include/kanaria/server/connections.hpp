// The client connections of one worker (or of the admin listener): counted, and told to end. On their loop's thread.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <cstddef>

#include "kanaria/base/error.hpp"

namespace kanaria::server {

/// One connection as its owner sees it. Registered for its life.
class OpenConnection
    : public boost::intrusive::list_base_hook<boost::intrusive::link_mode<boost::intrusive::auto_unlink>> {
 public:
  /// Ends it as soon as nothing is owed: at once when it is idle, else after the answer in progress.
  virtual void drain() = 0;
  virtual void abort(Fault fault) = 0;
  /// The listener's binding it came from.
  virtual std::uint32_t binding() const = 0;

 protected:
  ~OpenConnection() = default;
};

class Connections {
 public:
  void add(OpenConnection& connection) { list_.push_back(connection); }
  bool empty() const { return list_.empty(); }

  void drain() {
    for_each([](OpenConnection& connection) { connection.drain(); });
  }
  void drain(std::uint32_t binding) {
    for_each([binding](OpenConnection& connection) {
      if (connection.binding() == binding) connection.drain();
    });
  }
  void abort(Fault fault) {
    for_each([fault](OpenConnection& connection) { connection.abort(fault); });
  }
  void abort(std::uint32_t binding, Fault fault) {
    for_each([binding, fault](OpenConnection& connection) {
      if (connection.binding() == binding) connection.abort(fault);
    });
  }

 private:
  template <class Function>
  void for_each(Function&& function) {
    for (auto at = list_.begin(); at != list_.end();) function(*at++);
  }
  boost::intrusive::list<OpenConnection, boost::intrusive::constant_time_size<false>> list_;
};

}  // namespace kanaria::server
