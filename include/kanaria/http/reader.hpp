// Reads HTTP/1 messages, one after another, from a stream: heads pinned in one block until their message ends, body
// pieces lent from a second one that grows with the body, leftover bytes (a pipelined request) carried over. An idle
// reader holds no block.
//
//   head block  [ head, pinned | body or next bytes ]     body block  [ decoded piece | not yet decoded ]
//
// A long stretch of plain body goes through a pipe instead, where the other side takes one.
//
// Owned by one connection, on its loop's thread.
#pragma once

#include "kanaria/base/block.hpp"
#include "kanaria/http/message.hpp"
#include "kanaria/http/parser.hpp"
#include "kanaria/net/stream.hpp"

namespace kanaria::http {

enum class HeadEnd : std::uint8_t {
  Whole,   // parser.head() is there
  None,    // no message has begun: an empty line stood there at the most, and more may come
  Closed,  // FIN before the first byte of a message
  Cut,     // FIN inside the head
};

template <class Parser>
class Reader {
 public:
  /// `first`: the block that a head is first read into.
  Reader(net::Stream& stream, const HeadLimits& limits, BlockSize first)
      : stream_(stream), parser_(limits), first_(first) {
    parser_.release();
  }

  Parser& parser() { return parser_; }
  const Parser& parser() const { return parser_; }

  /// Bytes are here that were not consumed.
  bool has_bytes() const { return begin_ < end_; }
  /// And they are the next message's: an empty line that may stand before it is none of its bytes.
  bool has_begun() const { return Parser::has_begun({area().data() + begin_, end_ - begin_}); }
  std::size_t waiting() const { return end_ - begin_; }
  /// Reads until the parser has a head. The caller reset the parser. An error is the stream's or the parser's fault.
  net::Awaitable<Result<HeadEnd>> head();
  /// No head will come of what was read: it counts as consumed, and a request's parser tells as much as there is.
  void give_up_head();
  /// The pinned head is needed no more behind this place in it: gives back the memory of a large one. True: what was
  /// there is gone.
  bool forget_behind(const char* place);
  /// A body piece that is here already, possibly empty. An error is the parser's fault.
  Result<Piece> ready();
  /// The next piece. `cut` is the fault of a body that ends before its end.
  net::Awaitable<Result<Piece>> body(Fault cut, Carry carry);
  /// Bytes as they come, an empty last piece at FIN: a tunnel.
  net::Awaitable<Result<Piece>> raw();
  /// The message is over: unpins its head, keeps bytes that follow it.
  void finish();

 private:
  Block& area() { return in_body_ ? body_ : head_; }
  const Block& area() const { return in_body_ ? body_ : head_; }
  std::span<char> bytes() { return {area().data() + begin_, end_ - begin_}; }
  std::span<char> room() { return {area().data() + end_, area().size() - end_}; }
  bool make_room_for_head();
  void make_room_for_body();
  void let_go_of_body();
  bool take_pipe(Carry carry);
  net::Awaitable<Result<Piece>> through_pipe(Fault cut);
  Result<Piece> at_eof(Fault cut);
  Piece piece(std::string_view data);

  net::Stream& stream_;
  Parser parser_;
  Block head_;
  Block body_;
  net::Pipe pipe_;
  std::size_t begin_ = 0;  // of the bytes not consumed, in area()
  std::size_t end_ = 0;
  bool in_body_ = false;  // area() is the body block
  BlockSize first_;
  bool filled_ = false;  // the last read filled the body block: the next one gets a larger one
};

using RequestReader = Reader<RequestParser>;
using ResponseReader = Reader<ResponseParser>;

}  // namespace kanaria::http
