#include "kanaria/proxy/retry.hpp"

#include "kanaria/base/fault_table.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::proxy {

Retry retry(const Failure& failure, std::string_view method) {
  if (failure.answer_started || failure.body_consumed) return Retry::No;
  switch (row_of(failure.fault).again) {
    case Again::Never: return Retry::No;
    case Again::Always: return Retry::AnotherTarget;
    case Again::IfIdempotent: return http::is_idempotent(method) ? Retry::SameTarget : Retry::No;
  }
  return Retry::No;
}

}  // namespace kanaria::proxy
