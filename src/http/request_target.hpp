// The four forms of a request target (RFC 9112 §3.2) taken apart.
#pragma once

#include <string_view>

#include "kanaria/http/message.hpp"

namespace kanaria::http {

/// Fills scheme, authority (absolute form only), path and query from method and target. False: no valid target.
///
/// Refused are bytes that two readers could understand differently: control bytes, spaces, raw bytes from 0x80, '#' (a
/// fragment to one, path to the other), '\' (a '/' to some); and '<' and '>', which every client encodes. Allowed
/// though RFC 3986 does not list them are '"', '^', '`', '{', '|' and '}': browsers and curl send them as they are, no
/// reader splits at them, and ALB and nginx let them pass. A percent sign without its two hex digits (RFC 3986 §2.1) is
/// a reason of desync mitigation.
bool read_target(RequestHead& head);

}  // namespace kanaria::http
