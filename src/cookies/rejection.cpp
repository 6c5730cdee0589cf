#include "kanaria/cookies/rejection.hpp"

#include <array>

namespace kanaria::cookies {

std::string_view word_of(Rejection rejection) {
  constexpr std::array<std::string_view, kRejections> kWords{"",       "too_long", "malformed", "unknown_key",
                                                             "forged", "foreign",  "expired"};
  return kWords[static_cast<std::size_t>(rejection)];
}

}  // namespace kanaria::cookies
