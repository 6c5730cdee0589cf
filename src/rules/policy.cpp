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

}  // namespace kanaria::rules
