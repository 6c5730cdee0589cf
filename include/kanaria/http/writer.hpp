// Puts body pieces on the wire as the framing says: plain, or as one chunk each. Pure but for the caller's Gather.
#pragma once

#include <array>
#include <string_view>

#include "kanaria/base/block.hpp"
#include "kanaria/http/message.hpp"
#include "kanaria/net/stream.hpp"

namespace kanaria::http {

/// One piece framed; holds the chunk line, so it must outlive the write.
class FramedPiece {
 public:
  /// `arena` takes a trailer section, which is rare.
  FramedPiece(Framing framing, const Piece& piece, Arena& arena);
  void add_to(net::Gather& gather) const;

 private:
  std::array<char, 18> line_{};  // 16 hex digits, CR LF
  std::string_view before_;
  std::string_view data_;
  std::string_view after_;
};

}  // namespace kanaria::http
