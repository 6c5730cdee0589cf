#include "kanaria/rules/policy.hpp"

namespace kanaria::rules {
namespace {

http::ForwardedFor mode_of(config::XffMode mode) {
  switch (mode) {
    case config::XffMode::Append: return http::ForwardedFor::Append;
    case config::XffMode::Preserve: return http::ForwardedFor::Preserve;
    case config::XffMode::Remove: return http::ForwardedFor::Remove;
  }
  return http::ForwardedFor::Append;
}

}  // namespace

http::ForwardingPolicy forwarding_policy(const config::LoadBalancer& settings, std::uint16_t port) {
  http::ForwardingPolicy policy;
  policy.forwarded_for = mode_of(settings.xff_header_processing_mode);
  policy.client_port = settings.enable_xff_client_port;
  policy.preserve_host = settings.preserve_host_header;
  policy.listener_port = port;
  return policy;
}

http::ConnectionPolicy connection_policy(const config::LoadBalancer& settings) {
  http::ConnectionPolicy policy;
  policy.idle_timeout = settings.idle_timeout;
  policy.request_header_timeout = settings.request_header_timeout;
  policy.keep_alive = settings.client_keep_alive;
  policy.admission.desync_mode = settings.desync_mitigation_mode;
  policy.admission.drop_invalid_header_fields = settings.drop_invalid_header_fields;
  policy.admission.max_request_body = settings.max_request_body.value_or(UINT64_MAX);
  return policy;
}

}  // namespace kanaria::rules
