#include "kanaria/http/reader.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

namespace kanaria::http {
namespace {

// Below it, a copy costs less than the calls for a pipe.
constexpr std::uint64_t kWorthAPipe = std::uint64_t{64} * 1024;
constexpr std::uint64_t kMostAtOnce = std::uint64_t{1024} * 1024;  // pages of many KiB each fit into a pipe
// No body says a greater length: more is left only where none is said.
constexpr std::uint64_t kMaxLength = std::numeric_limits<std::int64_t>::max();

// With an empty line before it and the ends of its lines. Not much more: what comes behind a head is read into its
// block too, and kept as long.
constexpr std::size_t kLargestHead = HeadLimits().start_line + HeadLimits().head + 8;
static_assert(kLargestHead <= bytes_of(BlockSize::Head));

}  // namespace

template <class Parser>
bool Reader<Parser>::make_room_for_head() {
  if (!head_) {
    head_ = stream_.loop().blocks().take(first_);
    return true;
  }
  if (begin_ > 0) {  // what a message before left in the middle of the block
    std::memmove(head_.data(), head_.data() + begin_, end_ - begin_);
    end_ -= begin_;
    begin_ = 0;
    return true;
  }
  if (head_.size_class() >= BlockSize::Head) return false;
  Block larger = stream_.loop().blocks().take(BlockSize::Head);
  std::memcpy(larger.data(), head_.data(), end_);
  head_ = std::move(larger);
  return true;
}

template <class Parser>
net::Awaitable<Result<HeadEnd>> Reader<Parser>::head() {
  if (begin_ > 0) make_room_for_head();
  for (;;) {
    if (has_begun()) {
      const HeadProgress progress = parser_.parse_head({head_.data() + begin_, end_ - begin_});
      if (progress.step == Step::Refused) co_return Error(progress.fault);
      if (progress.step == Step::Done) {
        begin_ += progress.consumed;
        co_return HeadEnd::Whole;
      }
    }
    // The parser's limits are below the largest block: no room left means that it counts wrong.
    if (end_ == head_.size() && !make_room_for_head()) co_return Error(Fault::Internal);
    const Result<std::size_t> got = co_await stream_.read(room());
    if (!got) co_return got.error();
    if (*got == 0) co_return has_begun() ? HeadEnd::Cut : HeadEnd::Closed;
    end_ += *got;
    if (!has_begun()) co_return HeadEnd::None;
  }
}

template <class Parser>
void Reader<Parser>::give_up_head() {
  const std::span<char> rest = bytes();
  if constexpr (requires { parser_.give_up({}); }) parser_.give_up({rest.data(), rest.size()});
  begin_ = end_;
}

template <class Parser>
bool Reader<Parser>::forget_behind(const char* place) {
  if (head_.size_class() < BlockSize::Head) return false;
  head_.discard(static_cast<std::size_t>(place - head_.data()), in_body_ ? head_.size() : begin_);
  return true;
}

template <class Parser>
Piece Reader<Parser>::piece(std::string_view data) {
  Piece result{data, parser_.body_done(), nullptr};
  if (result.last && !parser_.trailers().empty()) result.trailers = &parser_.trailers();
  return result;
}

template <class Parser>
Result<Piece> Reader<Parser>::ready() {
  if (parser_.body_done() || !has_bytes()) return piece({});
  const BodyProgress progress = parser_.parse_body(bytes());
  begin_ += progress.consumed;
  if (progress.step == Step::Refused) return Error(progress.fault);
  return piece(progress.data);
}

template <class Parser>
net::Awaitable<Result<Piece>> Reader<Parser>::body(Fault cut, Carry carry) {
  for (;;) {
    if (parser_.body_done()) co_return piece({});
    if (has_bytes()) {
      const BodyProgress progress = parser_.parse_body(bytes());
      if (progress.step == Step::Refused) co_return Error(progress.fault);
      begin_ += progress.consumed;
      if (!progress.data.empty() || parser_.body_done()) co_return piece(progress.data);
    }
    if (take_pipe(carry)) {
      Result<Piece> piped = co_await through_pipe(cut);
      co_return piped;
    }
    let_go_of_body();
    const Result<void> ready = co_await stream_.worth_reading();
    if (!ready) co_return ready.error();
    make_room_for_body();
    std::span<char> space = room();
    space = space.first(static_cast<std::size_t>(std::min<std::uint64_t>(space.size(), parser_.body_left())));
    const Result<std::size_t> got = co_await stream_.read(space);
    if (!got) co_return got.error();
    if (*got == 0) co_return at_eof(cut);
    end_ += *got;
    filled_ = end_ == body_.size();
  }
}

/// False: the next piece is not to go through a pipe, or there is none. A body whose length isn't known has to show
/// first that it is long.
template <class Parser>
bool Reader<Parser>::take_pipe(Carry carry) {
  const std::uint64_t plain = parser_.plain_left();
  if (carry != Carry::Pipe || has_bytes() || plain == 0) return false;
  if (!pipe_ && plain >= kWorthAPipe && (filled_ || plain <= kMaxLength)) pipe_ = stream_.loop().pipes().take();
  return static_cast<bool>(pipe_);
}

template <class Parser>
net::Awaitable<Result<Piece>> Reader<Parser>::through_pipe(Fault cut) {
  const std::uint64_t most = std::min<std::uint64_t>(parser_.plain_left(), kMostAtOnce);
  const Result<std::size_t> got = co_await stream_.read(pipe_, static_cast<std::size_t>(most));
  if (!got) co_return got.error();
  if (*got == 0) co_return at_eof(cut);
  parser_.skip_plain(*got);
  Piece result = piece({});
  result.pipe = &pipe_;
  co_return result;
}

template <class Parser>
Result<Piece> Reader<Parser>::at_eof(Fault cut) {
  if constexpr (requires { parser_.finish_at_eof(); })
    if (parser_.finish_at_eof()) return piece({});
  return Error(cut);
}

// The head block stays as it is while its head is pinned; what it still holds undecoded (part of a chunk line) moves
// over.
template <class Parser>
void Reader<Parser>::make_room_for_body() {
  const std::span<char> rest = bytes();
  const bool grow = filled_ && body_.size_class() < BlockSize::Large && stream_.loop().blocks().can_spare_large();
  if (!in_body_ || grow) {
    Block next = stream_.loop().blocks().take(grow ? BlockSize::Large : BlockSize::Medium);
    std::copy(rest.begin(), rest.end(), next.data());
    body_ = std::move(next);
    in_body_ = true;
  } else if (begin_ > 0) {
    std::memmove(body_.data(), rest.data(), rest.size());
  }
  begin_ = 0;
  end_ = rest.size();
}

/// The next bytes may be long in coming, and many may wait for theirs: nobody does so with a block in hand. When the
/// last read filled it, more is there, and it is kept to grow.
template <class Parser>
void Reader<Parser>::let_go_of_body() {
  if (!in_body_ || has_bytes() || filled_) return;
  body_.release();
  in_body_ = false;
  begin_ = end_ = 0;
}

template <class Parser>
net::Awaitable<Result<Piece>> Reader<Parser>::raw() {
  if (!has_bytes()) {
    let_go_of_body();
    const Result<void> ready = co_await stream_.worth_reading();
    if (!ready) co_return ready.error();
    make_room_for_body();
    const Result<std::size_t> got = co_await stream_.read(room());
    if (!got) co_return got.error();
    end_ = *got;
    filled_ = end_ == body_.size();
  }
  const std::span<char> data = bytes();
  begin_ = end_;
  co_return Piece{{data.data(), data.size()}, data.empty(), nullptr};
}

template <class Parser>
void Reader<Parser>::finish() {
  if (in_body_ && has_bytes()) head_ = std::move(body_);
  body_.release();
  pipe_.release();
  parser_.release();
  in_body_ = filled_ = false;
  if (!has_bytes()) {
    head_.release();
    begin_ = end_ = 0;
  }
}

template class Reader<RequestParser>;
template class Reader<ResponseParser>;

}  // namespace kanaria::http
