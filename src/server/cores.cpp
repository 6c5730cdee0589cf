#include <sched.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <string>

#include "kanaria/server/server.hpp"

namespace kanaria::server {
namespace {

constexpr double kNoLimit = std::numeric_limits<double>::infinity();

// cgroup v2: "max 100000" or "QUOTA PERIOD"; inside a container the group's own files stand at the root.
double limit_of(const std::string& directory) {
  std::ifstream file(directory + "/cpu.max");
  std::string quota;
  double period = 0;
  if (!(file >> quota >> period) || quota == "max" || period <= 0) return kNoLimit;
  return std::strtod(quota.c_str(), nullptr) / period;
}

/// The lowest limit on the way from this process's group to the root.
double cgroup_limit() {
  double lowest = limit_of("/sys/fs/cgroup");
  std::ifstream file("/proc/self/cgroup");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with("0::/")) continue;
    for (std::string path = line.substr(3); path.size() > 1; path.resize(path.rfind('/')))
      lowest = std::min(lowest, limit_of("/sys/fs/cgroup" + path));
  }
  return lowest;
}

}  // namespace

unsigned automatic_workers() {
  cpu_set_t set;
  CPU_ZERO(&set);
  const int cores = ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
  const double limit = std::ceil(cgroup_limit());
  return static_cast<unsigned>(std::max(1.0, std::min(static_cast<double>(cores), limit)));
}

}  // namespace kanaria::server
