// Which target of a group: round robin, exact per worker. One Balancer a worker, on its thread; its places in the
// groups outlive reloads and start at a random phase, or all workers would begin with the same target.
#pragma once

#include <boost/container/static_vector.hpp>
#include <cstdint>
#include <vector>

#include "kanaria/base/random.hpp"
#include "kanaria/targets/target.hpp"

namespace kanaria::targets {

/// How many targets one request is tried on at the most.
inline constexpr std::size_t kMaxTries = 16;
using Tried = boost::container::static_vector<const Target*, kMaxTries>;

class Balancer {
 public:
  explicit Balancer(Random& random) : random_(random) {}

  /// The next target that isn't among `tried`; null when there is none.
  const Target* pick(const Group& group, const Tried& tried);

 private:
  Random& random_;
  std::vector<std::uint32_t> places_;  // by Group::row
};

}  // namespace kanaria::targets
