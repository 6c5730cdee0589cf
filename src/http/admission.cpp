#include "kanaria/http/admission.hpp"

#include <algorithm>

#include "desync_scan.hpp"
#include "list.hpp"

namespace kanaria::http {
namespace {

constexpr std::size_t kMaxForwardedFor = 30;  // ALB answers 463 above

bool has_invalid_name(const Field& field) {
  return !std::ranges::all_of(field.name, [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == '-';
  });
}

bool has_too_many_addresses(const std::vector<Field>& fields) {
  std::size_t addresses = 0;
  for (const Field& field : fields)
    if (field.known == FieldName::XForwardedFor) for_each_item(field.value, [&](std::string_view) { ++addresses; });
  return addresses > kMaxForwardedFor;
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
  if (has_too_many_addresses(head.fields)) return Fault::TooManyForwardedFor;
  if (admission.drop_invalid_header_fields) std::erase_if(head.fields, has_invalid_name);
  if (head.framing == Framing::Chunked) {  // others have no trailers
    head.trailer_rules.ascii_values =
        row_of(DesyncReason::NonCompliantHeader).in(admission.desync_mode) == Mitigation::Refuse;
    head.trailer_rules.drop_invalid_names = admission.drop_invalid_header_fields;
  }
  return Fault::None;
}

bool admit_trailers(const TrailerRules& rules, std::vector<Field>& trailers) {
  const auto is_plain = [](const Field& field) { return is_ascii(field.value); };
  if (rules.ascii_values && !std::ranges::all_of(trailers, is_plain)) return false;
  if (rules.drop_invalid_names) std::erase_if(trailers, has_invalid_name);
  return true;
}

}  // namespace kanaria::http
