// Takes the body out of the bytes that follow a head. Decodes chunks itself instead of letting Beast do it: a chunk
// header, its extensions and the trailers are bounded here, and no byte of them is understood in two ways. Every state
// lasts over any cut of the input, so one byte at a time costs as much as all at once.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "head_scan.hpp"
#include "kanaria/http/message.hpp"
#include "kanaria/http/parser.hpp"

namespace kanaria::http {

class BodyReader {
 public:
  void start(Framing framing, std::uint64_t length, const HeadLimits& limits);

  struct Taken {
    bool valid = true;
    std::size_t consumed = 0;
    std::string_view data;
  };
  Taken take(std::span<char> bytes);
  bool done() const { return state_ == State::Done; }
  std::uint64_t left() const;
  /// How many of the next bytes are data as they are: of a body with a length what is left of it, of a chunk its rest,
  /// of one that ends with the connection all.
  std::uint64_t plain_left() const;
  /// So many of them went another way.
  void skip_plain(std::uint64_t bytes);
  /// The connection ended: is the body whole?
  bool finish_at_eof();
  const std::vector<Field>& trailers() const { return trailers_; }
  std::vector<Field>& trailers() { return trailers_; }
  /// It took much memory for trailers, and keeps it.
  bool has_grown() const { return trailer_text_.capacity() > kKibibyte; }

 private:
  //  1a;ext=1 \r \n <26 bytes> \r \n  0 \r \n  Digest: ...\r\n\r\n
  //  Size   | Extension|SizeEnd|Data |DataEnd...    Trailers
  enum class State : std::uint8_t {
    Done,
    Length,
    UntilClose,
    Size,
    Extension,
    SizeEnd,
    Data,
    DataCr,
    DataLf,
    Trailers
  };

  bool take_line_byte(char byte);  // of a chunk header or of the line end after its data
  bool take_size_byte(char byte);
  bool take_trailer_byte(char byte);
  bool end_trailers();

  State state_ = State::Done;
  std::uint64_t left_ = 0;  // of the body, or of the chunk
  HeadLimits limits_;
  std::size_t line_bytes_ = 0;        // of the chunk header, without its line end
  std::uint64_t extension_left_ = 0;  // bytes of chunk extensions that may still come
  bool has_digit_ = false;
  HeadScan scan_;
  std::string trailer_text_;  // what trailers_ point into
  std::vector<Field> trailers_;
};

}  // namespace kanaria::http
