// What follows from each Fault, in one place: the status the client gets, whose fault it is, whether another try may
// help, and the word for logs and metrics. Nothing else in the program decides any of this.
#pragma once

#include <cstdint>
#include <string_view>

#include "kanaria/base/error.hpp"

namespace kanaria {

enum class Side : std::uint8_t { Nobody, Client, Kanaria, Target };

/// May the request be tried again after this fault?
enum class Again : std::uint8_t {
  Never,
  Always,        // nothing reached a target: any request may be tried on another one
  IfIdempotent,  // bytes were sent: only an idempotent request whose body can be replayed (RFC 9110 9.2.2)
};

struct FaultRow {
  Fault fault;
  std::uint16_t status;  // what the client is answered; 0: nothing is sent, the connection just ends
  Side side;             // whose fault it is; Target counts against that target
  Again again;
  std::string_view word;  // for logs and the `reason` label: snake_case, stable
};

/// The row of a fault. Every enumerator has one; a test walks them.
const FaultRow& row_of(Fault fault);

}  // namespace kanaria
