#include "kanaria/http/headers.hpp"

#include <algorithm>
#include <array>

namespace kanaria::http {

bool is_hop_by_hop(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames{"connection", "keep-alive",        "proxy-connection", "te",
                                                   "trailer",    "transfer-encoding", "upgrade"};
  return std::ranges::any_of(kNames, [&](std::string_view hop) { return iequals(hop, name); });
}

}  // namespace kanaria::http
