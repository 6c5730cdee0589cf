#include "kanaria/http/writer.hpp"

#include <algorithm>
#include <array>
#include <charconv>

namespace kanaria::http {
namespace {

std::string_view with_trailers(std::string_view before, const std::vector<Field>& trailers, Arena& arena) {
  std::size_t size = before.size() + 2;
  for (const Field& field : trailers) size += field.name.size() + field.value.size() + 4;
  char* const begin = arena.room(size);
  char* at = begin;
  const auto put = [&at](std::string_view text) { at = std::copy(text.begin(), text.end(), at); };
  put(before);
  for (const Field& field : trailers) {
    put(field.name);
    put(": ");
    put(field.value);
    put("\r\n");
  }
  put("\r\n");
  return {begin, size};
}

/// What a chunked framing puts before and after a piece's bytes. Holds the chunk line: it must outlive the write.
class Frame {
 public:
  Frame(Framing framing, const Piece& piece, Arena& arena) {
    if (framing != Framing::Chunked) return;
    const std::size_t size = piece.pipe == nullptr ? piece.data.size() : piece.pipe->size();
    if (size > 0) {
      char* at = std::to_chars(line_.data(), line_.data() + 16, size, 16).ptr;
      *at++ = '\r';
      *at++ = '\n';
      before_ = {line_.data(), static_cast<std::size_t>(at - line_.data())};
      after_ = "\r\n";
    }
    if (!piece.last) return;
    after_ = size == 0 ? "0\r\n\r\n" : "\r\n0\r\n\r\n";
    if (piece.trailers == nullptr || piece.trailers->empty()) return;
    after_ = with_trailers(after_.substr(0, after_.size() - 2), *piece.trailers, arena);
  }
  Frame(const Frame&) = delete;
  Frame& operator=(const Frame&) = delete;

  std::string_view before() const { return before_; }
  std::string_view after() const { return after_; }

 private:
  std::array<char, 18> line_{};  // 16 hex digits, CR LF
  std::string_view before_;
  std::string_view after_;
};

// One buffer is a cheaper call than several: up to this size, copying costs less.
constexpr std::size_t kCopied = 2048;

net::Awaitable<Result<void>> write_parts(net::Stream& stream, std::string_view head, Framing framing,
                                         const Piece& piece, Arena& arena) {
  const Frame frame(framing, piece, arena);
  net::Gather bytes;
  bytes.add(head);
  bytes.add(frame.before());
  bytes.add(piece.data);
  if (piece.pipe != nullptr) {
    Result<void> written;
    if (!bytes.empty()) written = co_await stream.write(bytes);
    if (written) written = co_await stream.write(*piece.pipe);
    if (!written) co_return written;
    bytes = {};
  }
  bytes.add(frame.after());
  Result<void> written;
  if (!bytes.empty()) written = co_await stream.write(bytes);
  co_return written;
}

}  // namespace

net::Awaitable<Result<void>> write(net::Stream& stream, std::string_view head, Framing framing, const Piece& piece,
                                   Arena& arena) {
  if (head.empty() || piece.pipe != nullptr || head.size() + piece.data.size() > kCopied)
    return write_parts(stream, head, framing, piece, arena);
  const Frame frame(framing, piece, arena);
  net::Gather bytes;
  bytes.add(arena.join({head, frame.before(), piece.data, frame.after()}));
  return stream.write(bytes);
}

}  // namespace kanaria::http
