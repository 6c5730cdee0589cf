#include "kanaria/http/admission.hpp"

#include <algorithm>

namespace kanaria::http {
namespace {

bool has_invalid_name(const Field& field) {
  return !std::ranges::all_of(field.name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
  });
}

}  // namespace

Fault admit(const Admission& admission, RequestHead& head) {
  if (head.desync != DesyncReason::None) {
    const Mitigation mitigation = row_of(head.desync).in(admission.desync_mode);
    if (mitigation == Mitigation::Refuse) return Fault::NonCompliantRequest;
    head.isolated = mitigation == Mitigation::ForwardAndClose;
    head.keep_alive = head.keep_alive && !head.isolated;
  }
  if (head.framing == Framing::Length && head.content_length > admission.max_request_body)
    return Fault::RequestBodyTooLarge;
  if (admission.drop_invalid_header_fields) std::erase_if(head.fields, has_invalid_name);
  return Fault::None;
}

}  // namespace kanaria::http
