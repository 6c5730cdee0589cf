#include "kanaria/base/fault_table.hpp"

#include <array>

namespace kanaria {
namespace {

// Statuses: alb.md §7. A fault with status 0 either comes after the answer began or has nobody left to hear it; 460 is
// ALB's code for a client that went away, seen in the log only.
constexpr std::array<FaultRow, kFaults> kTable{{
    {Fault::None, 0, Side::Nobody, Again::Never, "-"},
    {Fault::MalformedRequest, 400, Side::Client, Again::Never, "malformed_request"},
    {Fault::RequestLineTooLong, 414, Side::Client, Again::Never, "request_line_too_long"},
    {Fault::RequestHeadTooLarge, 400, Side::Client, Again::Never, "request_head_too_large"},
    {Fault::UnknownTransferCoding, 501, Side::Client, Again::Never, "unknown_transfer_coding"},
    {Fault::UnsupportedVersion, 505, Side::Client, Again::Never, "unsupported_version"},
    {Fault::MethodNotAllowed, 405, Side::Client, Again::Never, "method_not_allowed"},
    {Fault::ExpectationFailed, 417, Side::Client, Again::Never, "expectation_failed"},
    {Fault::NonCompliantRequest, 400, Side::Client, Again::Never, "non_compliant_request"},
    {Fault::RequestBodyTooLarge, 413, Side::Client, Again::Never, "request_body_too_large"},
    {Fault::TooManyForwardedFor, 463, Side::Client, Again::Never, "too_many_forwarded_for"},
    {Fault::RequestHeadTimeout, 408, Side::Client, Again::Never, "request_head_timeout"},
    {Fault::RequestBodyTimeout, 408, Side::Client, Again::Never, "request_body_timeout"},
    {Fault::MalformedRequestBody, 400, Side::Client, Again::Never, "malformed_request_body"},
    {Fault::RequestBodyCut, 400, Side::Client, Again::Never, "request_body_cut"},
    {Fault::ClientGone, 460, Side::Client, Again::Never, "client_gone"},
    {Fault::ClientStalled, 408, Side::Client, Again::Never, "client_stalled"},
    {Fault::ClientIdle, 0, Side::Nobody, Again::Never, "client_idle"},
    {Fault::Stopped, 0, Side::Nobody, Again::Never, "stopped"},
    {Fault::NoTarget, 503, Side::Kanaria, Again::Never, "no_target"},
    {Fault::AllWeightsZero, 503, Side::Kanaria, Again::Never, "all_weights_zero"},
    {Fault::TransformFailed, 500, Side::Kanaria, Again::Never, "transform_failed"},
    {Fault::RedirectTooLong, 507, Side::Kanaria, Again::Never, "redirect_too_long"},
    {Fault::ShuttingDown, 503, Side::Kanaria, Again::Never, "shutting_down"},
    {Fault::OutOfResources, 503, Side::Kanaria, Again::Never, "out_of_resources"},
    {Fault::Internal, 500, Side::Kanaria, Again::Never, "internal"},
    {Fault::ConnectRefused, 502, Side::Target, Again::Always, "connect_refused"},
    {Fault::ConnectFailed, 502, Side::Target, Again::Always, "connect_failed"},
    {Fault::ConnectTimeout, 504, Side::Target, Again::Always, "connect_timeout"},
    {Fault::ReusedConnectionClosed, 502, Side::Nobody, Again::IfIdempotent, "reused_connection_closed"},
    {Fault::TargetClosed, 502, Side::Target, Again::Never, "target_closed"},
    {Fault::TargetReset, 502, Side::Target, Again::Never, "target_reset"},
    {Fault::TargetTimeout, 504, Side::Target, Again::Never, "target_timeout"},
    {Fault::TargetStalled, 504, Side::Target, Again::Never, "target_stalled"},
    {Fault::MalformedResponse, 502, Side::Target, Again::Never, "malformed_response"},
    {Fault::ResponseHeadTooLarge, 502, Side::Target, Again::Never, "response_head_too_large"},
    {Fault::ResponseBodyCut, 502, Side::Target, Again::Never, "response_body_cut"},
    {Fault::ResponseBodyTimeout, 504, Side::Target, Again::Never, "response_body_timeout"},
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
