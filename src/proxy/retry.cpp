#include "kanaria/proxy/retry.hpp"

#include "kanaria/base/fault_table.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::proxy {

Retry retry(const Failure& failure, std::string_view method, const config::Retries& policy, int counted) {
  if (failure.answer_started || failure.body_consumed || policy.max == 0) return {};
  if (failure.sent && !http::is_idempotent(method)) return {};
  const bool may_count = counted < policy.max;
  switch (row_of(failure.fault).again) {
    case Again::Never: return {};
    case Again::ConnectFailure: return {.again = policy.connect_failure};
    case Again::ReusedConnectionClosed:
      if (!policy.reused_connection_closed || !may_count) return {};
      return {.again = true, .counts = true, .fresh = true};
    case Again::ResetBeforeAnswer:
      if (!policy.reset_before_answer || !may_count) return {};
      return {.again = true, .counts = true};
  }
  return {};
}

}  // namespace kanaria::proxy
