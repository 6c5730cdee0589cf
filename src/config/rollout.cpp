#include "kanaria/config/rollout.hpp"

#include "text.hpp"

namespace kanaria::config {

std::string basis_text(Basis share) {
  return decimal_text(share, 2) + '%';
}

}  // namespace kanaria::config
