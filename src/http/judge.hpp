// The verdict on a whole head: our own scan of its bytes, then Beast's grammar, then RFC 9112 and 9110 held against
// what it says of its framing, its host and its connection, section by section. Pure: from bytes that HeadScan has
// found whole to a head with views into them.
#pragma once

#include <string_view>

#include "kanaria/base/error.hpp"
#include "kanaria/http/message.hpp"

namespace kanaria::http {

/// None: `head` is filled. Else why it is refused; what was read before is in `head` all the same, for the log.
/// `head.desync` may be set before and only gets worse.
Fault judge_request(std::string_view text, RequestHead& head);

/// Of a head that is refused unread or given up, perhaps before it was whole: its method, and the target of a request
/// line that is HTTP/1's. For the log, and because an answer to HEAD has no content.
void tell_request_line(std::string_view bytes, RequestHead& head);

/// False: no valid answer. `to_head`: it answers a HEAD request, so no body follows.
bool judge_response(std::string_view text, bool to_head, ResponseHead& head);

}  // namespace kanaria::http
