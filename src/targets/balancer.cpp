#include "kanaria/targets/balancer.hpp"

#include <algorithm>

namespace kanaria::targets {

const Target* Balancer::pick(const Group& group, const Tried& tried) {
  while (places_.size() <= group.row) places_.push_back(static_cast<std::uint32_t>(random_.next()));
  std::uint32_t& place = places_[group.row];
  const auto count = static_cast<std::uint32_t>(group.targets.size());
  for (std::uint32_t i = 0; i < count; ++i) {
    if (place >= count) place %= count;  // the first time, and when the group shrank
    const Target* const target = group.targets[place].get();
    place = place + 1 == count ? 0 : place + 1;
    if (std::find(tried.begin(), tried.end(), target) == tried.end()) return target;
  }
  return nullptr;
}

}  // namespace kanaria::targets
