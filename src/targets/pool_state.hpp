// What a Pool holds: its idle connections by target, and all of them by age; these lists own what is in them. And it
// knows those in use, which their attempts own.
#pragma once

#include <unordered_map>

#include "connection.hpp"

namespace kanaria::targets {

struct Pool::State {
  template <class Hook>
  using List = boost::intrusive::list<Connection, boost::intrusive::base_hook<Hook>,
                                      boost::intrusive::constant_time_size<false>>;

  State(net::Loop& on, observe::Counters& count) : loop(on), counters(count) {}

  /// Takes an idle connection out, for use.
  void take(Connection& connection);
  /// Takes an idle connection in; false: it is not wanted.
  bool keep(Connection& connection);

  net::Loop& loop;
  observe::Counters& counters;
  Shed shed_elsewhere;
  /// A target that isn't a key here has left the snapshot.
  std::unordered_map<const Target*, List<TargetHook>> by_target;
  List<IdleHook> by_age;  // the longest unused first
  List<UsedHook> used;
  std::size_t idle = 0;
};

}  // namespace kanaria::targets
