// Puts heads and body pieces on the wire: pieces plain or as one chunk each, as the framing says; a head together with
// the first piece in one gathered write.
#pragma once

#include <string_view>

#include "kanaria/base/block.hpp"
#include "kanaria/http/message.hpp"
#include "kanaria/net/stream.hpp"

namespace kanaria::http {

/// Writes `head` (empty: it went before), then the piece. `arena` takes the two where they are small enough to be
/// copied together, and a trailer section, which is rare.
net::Awaitable<Result<void>> write(net::Stream& stream, std::string_view head, Framing framing, const Piece& piece,
                                   Arena& arena);

}  // namespace kanaria::http
