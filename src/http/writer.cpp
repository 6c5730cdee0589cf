#include "kanaria/http/writer.hpp"

#include <charconv>

namespace kanaria::http {

FramedPiece::FramedPiece(Framing framing, const Piece& piece, Arena& arena) : data_(piece.data) {
  if (framing != Framing::Chunked) return;
  if (!data_.empty()) {
    char* at = std::to_chars(line_.data(), line_.data() + 16, data_.size(), 16).ptr;
    *at++ = '\r';
    *at++ = '\n';
    before_ = {line_.data(), static_cast<std::size_t>(at - line_.data())};
    after_ = "\r\n";
  }
  if (!piece.last) return;
  after_ = data_.empty() ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
  if (piece.trailers == nullptr || piece.trailers->empty()) return;
  after_.remove_suffix(2);
  for (const Field& field : *piece.trailers) after_ = arena.join({after_, field.name, ": ", field.value, "\r\n"});
  after_ = arena.join({after_, "\r\n"});
}

void FramedPiece::add_to(net::Gather& gather) const {
  gather.add(before_);
  gather.add(data_);
  gather.add(after_);
}

}  // namespace kanaria::http
