// What follows from each Fault, in one place: the status the client gets, whose fault it is, whether another try may
// help, and the word for logs and metrics. Nothing else in the program decides any of this.
#pragma once

#include <cstdint>
#include <string_view>

#include "kanaria/base/error.hpp"

namespace kanaria {

enum class Side : std::uint8_t { Nobody, Client, Kanaria, Target };

/// What ended a try, in the words of `retry_on`: may it be followed by another one? How often, and of which requests,
/// is proxy::retry's to say.
enum class Again : std::uint8_t {
  Never,
  ConnectFailure,          // nothing reached a target
  ReusedConnectionClosed,  // most likely before the target looked at the request
  ResetBeforeAnswer,       // the target may have acted on the request
};

/// What a failure says about a target, in the words of `passive_health.on`.
enum class Symptom : std::uint8_t { None, ConnectFailure, Reset, Timeout };

struct FaultRow {
  Fault fault;
  std::uint16_t status;  // what the client is answered; 0: nothing is sent, the connection just ends
  Side side;             // whose fault it is; Target counts against that target
  Again again;
  Symptom symptom;
  std::string_view word;  // for logs and the `reason` label: snake_case, stable
};

/// The row of a fault. Every enumerator has one; a test walks them.
const FaultRow& row_of(Fault fault);

}  // namespace kanaria
