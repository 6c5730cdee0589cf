// What `kanaria explain` and the API's /explain say alike. Pure; any thread.
#pragma once

#include <boost/asio/ip/address.hpp>
#include <string>
#include <vector>

#include "kanaria/config/model.hpp"
#include "kanaria/http/headers.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::admin {

/// The lines of the head that a target is sent for a request from `peer` at a listener with this port.
std::vector<std::string> head_for_target(const http::RequestHead& head, const boost::asio::ip::address& peer,
                                         const config::LoadBalancer& settings, std::uint16_t port,
                                         const http::Rewritten& rewritten);

}  // namespace kanaria::admin
