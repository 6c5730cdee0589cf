// Why a change by hand can't be made. A value; any thread.
#pragma once

#include <cstdint>
#include <string>

namespace kanaria::runtime {

struct OverrideFault {
  enum class Kind : std::uint8_t {
    Wrong,    // what is written is not right
    Unknown,  // there is no such rule, group or target
    Stale,    // somebody else changed it meanwhile
  };
  Kind kind = Kind::Wrong;
  std::string message;
};

}  // namespace kanaria::runtime
