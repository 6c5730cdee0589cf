#include "kanaria/base/fault_table.hpp"

#include <array>

namespace kanaria {
namespace {

// Statuses: alb.md §7. A fault with status 0 either comes after the answer began or has nobody left to hear it; 460 is
// ALB's code for a client that went away, seen in the log only.
constexpr std::array<FaultRow, kFaults> kTable{{
    {Fault::None, 0, Side::Nobody, Again::Never, Symptom::None, "-"},
    {Fault::MalformedRequest, 400, Side::Client, Again::Never, Symptom::None, "malformed_request"},
    {Fault::RequestLineTooLong, 414, Side::Client, Again::Never, Symptom::None, "request_line_too_long"},
    {Fault::RequestHeadTooLarge, 400, Side::Client, Again::Never, Symptom::None, "request_head_too_large"},
    {Fault::UnknownTransferCoding, 501, Side::Client, Again::Never, Symptom::None, "unknown_transfer_coding"},
    {Fault::UnsupportedVersion, 505, Side::Client, Again::Never, Symptom::None, "unsupported_version"},
    {Fault::MethodNotAllowed, 405, Side::Client, Again::Never, Symptom::None, "method_not_allowed"},
    {Fault::ExpectationFailed, 417, Side::Client, Again::Never, Symptom::None, "expectation_failed"},
    {Fault::NonCompliantRequest, 400, Side::Client, Again::Never, Symptom::None, "non_compliant_request"},
    {Fault::RequestBodyTooLarge, 413, Side::Client, Again::Never, Symptom::None, "request_body_too_large"},
    {Fault::TooManyForwardedFor, 463, Side::Client, Again::Never, Symptom::None, "too_many_forwarded_for"},
    {Fault::RequestHeadTimeout, 408, Side::Client, Again::Never, Symptom::None, "request_head_timeout"},
    {Fault::RequestBodyTimeout, 408, Side::Client, Again::Never, Symptom::None, "request_body_timeout"},
    {Fault::MalformedRequestBody, 400, Side::Client, Again::Never, Symptom::None, "malformed_request_body"},
    {Fault::RequestBodyCut, 400, Side::Client, Again::Never, Symptom::None, "request_body_cut"},
    {Fault::ClientGone, 460, Side::Client, Again::Never, Symptom::None, "client_gone"},
    {Fault::ClientStalled, 408, Side::Client, Again::Never, Symptom::None, "client_stalled"},
    {Fault::ClientIdle, 0, Side::Nobody, Again::Never, Symptom::None, "client_idle"},
    {Fault::Stopped, 0, Side::Nobody, Again::Never, Symptom::None, "stopped"},
    {Fault::NoTarget, 503, Side::Kanaria, Again::Never, Symptom::None, "no_target"},
    {Fault::TargetsFull, 503, Side::Kanaria, Again::Never, Symptom::None, "targets_full"},
    {Fault::PendingTimeout, 503, Side::Kanaria, Again::Never, Symptom::None, "pending_timeout"},
    {Fault::AllWeightsZero, 503, Side::Kanaria, Again::Never, Symptom::None, "all_weights_zero"},
    {Fault::TransformFailed, 500, Side::Kanaria, Again::Never, Symptom::None, "transform_failed"},
    {Fault::RedirectTooLong, 507, Side::Kanaria, Again::Never, Symptom::None, "redirect_too_long"},
    {Fault::ShuttingDown, 503, Side::Kanaria, Again::Never, Symptom::None, "shutting_down"},
    {Fault::OutOfResources, 503, Side::Kanaria, Again::Never, Symptom::None, "out_of_resources"},
    {Fault::Internal, 500, Side::Kanaria, Again::Never, Symptom::None, "internal"},
    {Fault::ConnectRefused, 502, Side::Target, Again::ConnectFailure, Symptom::ConnectFailure, "connect_refused"},
    {Fault::ConnectFailed, 502, Side::Target, Again::ConnectFailure, Symptom::ConnectFailure, "connect_failed"},
    {Fault::ConnectTimeout, 504, Side::Target, Again::ConnectFailure, Symptom::ConnectFailure, "connect_timeout"},
    {Fault::ReusedConnectionClosed, 502, Side::Nobody, Again::ReusedConnectionClosed, Symptom::None,
     "reused_connection_closed"},
    {Fault::TargetClosed, 502, Side::Target, Again::ResetBeforeAnswer, Symptom::Reset, "target_closed"},
    {Fault::TargetReset, 502, Side::Target, Again::ResetBeforeAnswer, Symptom::Reset, "target_reset"},
    {Fault::TargetTimeout, 504, Side::Target, Again::Never, Symptom::Timeout, "target_timeout"},
    {Fault::TargetStalled, 504, Side::Target, Again::Never, Symptom::Timeout, "target_stalled"},
    {Fault::MalformedResponse, 502, Side::Target, Again::Never, Symptom::None, "malformed_response"},
    {Fault::ResponseHeadTooLarge, 502, Side::Target, Again::Never, Symptom::None, "response_head_too_large"},
    {Fault::ResponseBodyCut, 502, Side::Target, Again::Never, Symptom::Reset, "response_body_cut"},
    {Fault::ResponseBodyTimeout, 504, Side::Target, Again::Never, Symptom::Timeout, "response_body_timeout"},
    {Fault::TargetDeregistered, 502, Side::Kanaria, Again::Never, Symptom::None, "target_deregistered"},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < kTable.size(); ++i)
    if (static_cast<std::size_t>(kTable[i].fault) != i) return false;
  return true;
}
static_assert(in_order(), "the rows stand in the order of the enumerators");

}  // namespace

const FaultRow& row_of(Fault fault) {
  return kTable[static_cast<std::size_t>(fault)];
}

}  // namespace kanaria
