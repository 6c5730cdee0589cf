// The header that a balancer in front of us puts before a connection's first byte, to say on whose behalf it connects:
// the PROXY protocol, version 1 (a line) and version 2 (binary), as HAProxy's specification has it (proxy-protocol.txt,
// §2.1 and §2.2). Of what it says only the source counts. Bytes in, verdict out: no socket, no state. Pure; any thread.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "kanaria/net/sockets.hpp"

namespace kanaria::net {

/// What all of a header fits into. Version 1 ends it after 107 bytes, version 2 could go on to 65,551: more than this
/// is refused.
inline constexpr std::size_t kLongestProxyHeader = 4096;

struct ProxyHeader {
  enum class Step : std::uint8_t {
    NeedMore,  // all bytes so far are a header's beginning
    Done,
    Refused,  // whatever follows: these bytes are no header
  };
  Step step = Step::NeedMore;
  int version = 0;             // Done: 1 or 2
  std::size_t consumed = 0;    // Done: its size; what follows is the connection's own
  std::optional<Peer> source;  // Done: the client. None: it connects on its own behalf, or does not know the client
  std::string_view why;        // Refused: in words, a clause
};

/// Reads the beginning of a connection, all bytes of it that have come so far. How they were cut does not matter: bytes
/// that can't become a header any more are refused as early as that shows, and however many follow.
ProxyHeader parse_proxy_header(std::string_view bytes);

}  // namespace kanaria::net
