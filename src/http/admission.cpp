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
  switch (row_of(head.desync).in(admission.desync_mode)) {
    case Mitigation::Refuse: return Fault::NonCompliantRequest;
    case Mitigation::ForwardAndClose:
      head.isolated = true;
      head.keep_alive = false;
      break;
    case Mitigation::Forward: break;
  }
  if (head.framing == Framing::Length && head.content_length > admission.max_request_body)
    return Fault::RequestBodyTooLarge;
  if (admission.drop_invalid_header_fields) std::erase_if(head.fields, has_invalid_name);
  return Fault::None;
}

}  // namespace kanaria::http
