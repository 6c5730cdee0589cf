#include "kanaria/server/http1.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "kanaria/http/reader.hpp"
#include "kanaria/http/writer.hpp"
#include "kanaria/net/pipe.hpp"
#include "kanaria/net/stream.hpp"

namespace kanaria::server {
namespace {

// After an answer that the client did not wait for, its bytes are read a while: a close with unread bytes is a reset,
// which can destroy the answer on its way.
constexpr Milliseconds kLinger{2'000};
constexpr std::uint64_t kLingerBytes = std::uint64_t{1024} * 1024;

/// Without the zone of a link-local address, which means something to this host only.
std::string text_of(const boost::asio::ip::address& address) {
  if (!address.is_v6()) return address.to_string();
  return boost::asio::ip::address_v6(address.to_v6().to_bytes()).to_string();
}

/// As Host names it: IPv6 in brackets.
std::string host_of(const boost::asio::ip::address& address) {
  return address.is_v6() ? "[" + text_of(address) + "]" : text_of(address);
}

/// A client's address with its port, and views of its parts: printed once a connection, in as little memory as it
/// takes.
class ClientText {
 public:
  explicit ClientText(const net::Peer& peer) {
    const std::string host = peer.is_unix ? "unix:" : host_of(peer.address);
    const std::string text = peer.is_unix ? host : host + ":" + std::to_string(peer.port);
    host_size_ = static_cast<std::uint8_t>(host.size());
    size_ = static_cast<std::uint8_t>(text.copy(text_.data(), text_.size()));
  }
  std::string_view with_port() const { return {text_.data(), size_}; }
  std::string_view address() const {
    const std::string_view host(text_.data(), host_size_);
    return host.starts_with('[') ? host.substr(1, host.size() - 2) : host;
  }

 private:
  std::array<char, sizeof "[1111:2222:3333:4444:5555:6666:7777:8888]:65535"> text_{};
  std::uint8_t host_size_ = 0;
  std::uint8_t size_ = 0;
};

class ClientConnection final : public http::Exchange, public OpenConnection, private net::Watcher {
 public:
  ClientConnection(net::Loop& loop, const Arrived& arrived, http::Handler& handler, observe::Cell& gauge)
      : loop_(loop),
        handler_(handler),
        gauge_(gauge),
        peer_(arrived.peer),
        text_(arrived.peer),
        binding_(arrived.binding),
        stream_(loop, arrived.descriptor, Fault::ClientGone),
        reader_(stream_, {}, BlockSize::Small),
        arena_(loop.blocks()),
        last_request_(loop.wheel().now() + ticks_of(handler.policy().keep_alive)) {
    gauge_.add();
  }
  ~ClientConnection() { gauge_.subtract(); }

  // One after another, in a loop:
  /// False: it is to end.
  bool wants_another();
  bool has_request() const { return reader_.has_begun(); }
  /// co_await it when there is none.
  net::Stream::Readable request();
  /// One request and its answer; true: the connection may carry another.
  net::Awaitable<bool> serve_one();

  /// In the end: what is unread would destroy the answer on its way; co_await linger().
  bool has_unread() const { return unread_ && stream_.fault() == Fault::None; }
  net::Awaitable<void> linger();

  // http::Exchange
  const http::RequestHead& head() const override { return reader_.parser().head(); }
  Result<http::Piece> ready() override;
  net::Awaitable<Result<http::Piece>> read(http::Carry carry) override;
  http::Carry takes() const override { return http::Carry::Pipe; }
  net::Awaitable<Result<void>> write(const http::Piece& piece) override;
  net::Awaitable<Result<void>> send(const http::ResponseHead& head, const http::Piece& first) override;
  void stop_reading() override {
    stopped_ = true;
    stream_.stop_reads(Fault::Stopped);
  }
  void abort(Fault fault) override {
    // Where the end of the connection is the end of the body, only a reset says that it was cut.
    if (answered_ && !whole_ && framing_ == http::Framing::UntilClose) stream_.reset_on_close();
    stream_.abort(fault);
    if (other_ != nullptr) other_->abort(fault);
  }
  Fault fault() const override { return stream_.fault(); }
  void on_gone(http::Abortable* other) override {
    other_ = other;
    if (other != nullptr && stream_.fault() != Fault::None) other->abort(stream_.fault());
    watch();
  }
  void forget_fields() override { http::forget(reader_.parser().head().fields); }
  void forget_text() override {
    http::RequestHead& head = reader_.parser().head();
    head.authority = {};
    // No field may outlive its text: a trailer that Connection names would pass.
    if (reader_.forget_behind(head.target.data() + head.target.size())) head.fields.clear();
  }
  http::PeerText peer() const override { return {text_.address(), text_.with_port(), local_host_}; }
  const net::Peer& peer_address() const override { return peer_; }
  const Moment& began() const override { return began_; }
  Arena& arena() override { return arena_; }
  std::uint64_t received_bytes() const override { return consumed() - consumed_before_; }
  std::uint64_t sent_bytes() const override { return stream_.bytes_written() - written_before_; }

  // OpenConnection
  void drain() override {
    draining_ = true;
    // A request that waits in the kernel is owed an answer.
    if (idle_ && stream_.peek() <= 0) stream_.abort(Fault::ClientIdle);
  }
  std::uint32_t binding() const override { return binding_; }

 private:
  std::uint64_t consumed() const { return stream_.bytes_read() - reader_.waiting(); }
  void begin();
  bool end();
  bool fits(const http::Piece& piece);
  void watch();
  void on_readable() override;

  net::Loop& loop_;
  http::Handler& handler_;
  observe::Cell& gauge_;
  net::Peer peer_;
  ClientText text_;
  std::uint32_t binding_;
  std::string_view local_host_;  // for a request without Host; in the arena
  net::Stream stream_;
  http::RequestReader reader_;
  Arena arena_;
  http::Abortable* other_ = nullptr;  // aborted when the client goes away
  Milliseconds idle_timeout_{0};
  Tick last_request_;            // from then on a request is the connection's last
  std::uint64_t body_room_ = 0;  // how much longer the request's body may get
  Moment began_;
  std::uint64_t consumed_before_ = 0;  // the counts when this exchange began
  std::uint64_t written_before_ = 0;
  http::Framing framing_ = http::Framing::None;  // of the answer
  bool answered_ = false;                        // a final head was sent
  bool whole_ = false;                           // and all of its body
  bool close_ = false;                           // the connection ends with this exchange
  bool stopped_ = false;                         // the request's body is not wanted
  bool tunnel_ = false;
  bool unread_ = false;  // at the end: request bytes are left in the connection
  bool idle_ = false;    // waits for a request
  bool draining_ = false;
};

void ClientConnection::begin() {
  consumed_before_ = consumed();
  written_before_ = stream_.bytes_written();
  framing_ = http::Framing::None;
  began_ = loop_.now();
  answered_ = whole_ = close_ = stopped_ = tunnel_ = false;
  reader_.parser().reset();
}

bool ClientConnection::wants_another() {
  // A request that waits in the kernel is owed an answer.
  return !draining_ || has_request() || stream_.peek() > 0;
}

net::Stream::Readable ClientConnection::request() {
  idle_ = true;
  stream_.limit_reads({handler_.policy().idle_timeout, kNever, Fault::ClientIdle});
  return stream_.readable();
}

net::Awaitable<bool> ClientConnection::serve_one() {
  idle_ = false;
  begin();
  const Tick deadline = loop_.wheel().now() + ticks_of(handler_.policy().request_header_timeout);
  stream_.limit_reads({Milliseconds(0), deadline, Fault::RequestHeadTimeout});
  const Result<http::HeadEnd> got = co_await reader_.head();
  if (got && *got == http::HeadEnd::Closed) co_return false;
  if (got && *got == http::HeadEnd::None) {
    reader_.finish();
    co_return true;
  }
  const http::ConnectionPolicy& policy = handler_.policy();
  idle_timeout_ = policy.idle_timeout;
  body_room_ = policy.admission.max_request_body;
  stream_.limit_reads({idle_timeout_, kNever, Fault::RequestBodyTimeout});
  stream_.limit_writes({idle_timeout_, kNever, Fault::ClientStalled});
  Fault fault = Fault::None;
  if (!got) {
    fault = got.error().fault;
  } else if (*got == http::HeadEnd::Cut) {
    fault = Fault::MalformedRequest;
  } else {
    fault = http::admit(policy.admission, reader_.parser().head());
  }
  if (fault != Fault::None) {
    if (fault == Fault::ClientGone || stream_.fault() != Fault::None) co_return false;
    if (!got || *got == http::HeadEnd::Cut) reader_.give_up_head();
    close_ = stopped_ = unread_ = true;
    co_await handler_.refuse(*this, fault);
    co_return false;
  }
  if (head().authority.empty()) local_host_ = arena_.keep(host_of(net::local_endpoint(stream_.descriptor()).address()));
  co_await handler_.handle(*this);
  const bool more = end();
  co_return more;
}

bool ClientConnection::end() {
  const bool body_left = !reader_.parser().body_done();
  const bool keep =
      answered_ && whole_ && !close_ && !stopped_ && !body_left && !tunnel_ && stream_.fault() == Fault::None;
  unread_ = answered_ && whole_ && !keep && (body_left || reader_.has_bytes() || stream_.peek() > 0);
  other_ = nullptr;
  reader_.finish();
  arena_.clear();
  local_host_ = {};
  return keep;
}

net::Awaitable<void> ClientConnection::linger() {
  stream_.shutdown_writes();
  stream_.resume_reads();
  stream_.limit_reads({Milliseconds(0), loop_.wheel().now() + ticks_of(kLinger), Fault::ClientIdle});
  Block block = loop_.blocks().take(BlockSize::Small);
  const std::span<char> room(block.data(), block.size());
  for (std::uint64_t left = kLingerBytes; left > 0;) {
    const Result<std::size_t> got = co_await stream_.read(room);
    if (!got || *got == 0) co_return;
    left -= std::min<std::uint64_t>(left, *got);
  }
}

/// max_request_body, for a body whose length was not said.
bool ClientConnection::fits(const http::Piece& piece) {
  const std::uint64_t size = piece.pipe == nullptr ? piece.data.size() : piece.pipe->size();
  if (size > body_room_) return false;
  body_room_ -= size;
  return true;
}

Result<http::Piece> ClientConnection::ready() {
  if (stopped_) return http::Piece();
  Result<http::Piece> piece = reader_.ready();
  if (piece && !fits(*piece)) return Error(Fault::RequestBodyTooLarge);
  return piece;
}

net::Awaitable<Result<http::Piece>> ClientConnection::read(http::Carry carry) {
  if (stopped_) co_return Error(Fault::Stopped);
  if (tunnel_) {
    const Result<http::Piece> bytes = co_await reader_.raw();
    co_return bytes;
  }
  const Result<http::Piece> piece = co_await reader_.body(Fault::RequestBodyCut, carry);
  if (piece && !fits(*piece)) co_return Error(Fault::RequestBodyTooLarge);
  // Nobody reads after the last piece: from here on readiness means that the client is gone, or its next request.
  if (piece && piece->last) watch();
  co_return piece;
}

net::Awaitable<Result<void>> ClientConnection::send(const http::ResponseHead& head, const http::Piece& first) {
  auto connection = http::ConnectionField::None;
  const http::RequestHead& request = reader_.parser().head();
  tunnel_ = head.status == 101;
  if (tunnel_) {
    stream_.watch(nullptr);
    stream_.limit_reads({idle_timeout_, kNever, Fault::ClientIdle});
  }
  if (head.status >= 200) {
    answered_ = true;
    framing_ = head.framing;
    // The answer is whole before the request is, or came instead of a 100: what of the body still comes is in doubt.
    const bool body_in_doubt = !reader_.parser().body_done() && (first.last || request.expect_continue);
    const bool too_old = loop_.wheel().now() >= last_request_;
    close_ = close_ || body_in_doubt || too_old || draining_ || stopped_ || !request.keep_alive || !head.keep_alive ||
             framing_ == http::Framing::UntilClose;
    if (close_) {
      connection = http::ConnectionField::Close;
    } else if (request.minor == 0) {
      connection = http::ConnectionField::KeepAlive;
    }
  }
  // A large head is not to be held twice while its body comes: its text is gone when it is sent.
  const Arena::Passing passing(arena_);
  const std::string_view text = http::write_head(head, connection, arena_);
  const Result<void> sent = co_await http::write(stream_, text, framing_, first, arena_);
  whole_ = sent && answered_ && first.last;
  co_return sent;
}

net::Awaitable<Result<void>> ClientConnection::write(const http::Piece& piece) {
  const std::string_view no_head;
  const Result<void> sent = co_await http::write(stream_, no_head, framing_, piece, arena_);
  whole_ = sent && piece.last;
  if (whole_ && tunnel_) stream_.shutdown_writes();
  co_return sent;
}

void ClientConnection::watch() {
  if (other_ == nullptr || tunnel_) return stream_.watch(nullptr);
  // With a body still coming an upload reads and sees the end itself, except while its target takes nothing.
  stream_.watch(this, reader_.parser().body_done() ? net::Notice::Bytes : net::Notice::Reset);
}

void ClientConnection::on_readable() {
  const int there = stream_.was_reset() ? -1 : stream_.peek();
  if (there == 0) return;
  stream_.watch(nullptr);
  // Bytes are a pipelined request: they stay in the kernel, and the watch is over.
  if (there < 0) abort(Fault::ClientGone);
}

}  // namespace

net::Awaitable<void> serve_http1(net::Loop& loop, Arrived arrived, http::Handler& handler, Connections& connections,
                                 observe::Cell& gauge) {
  ClientConnection connection(loop, arrived, handler, gauge);
  connections.add(connection);
  if (arrived.draining) connection.drain();
  while (connection.wants_another()) {
    // Here and not further in, so that an idle connection is this frame and no more.
    if (!connection.has_request()) {
      const Result<void> request = co_await connection.request();
      if (!request) break;
    }
    const bool more = co_await connection.serve_one();
    if (!more) break;
  }
  if (connection.has_unread()) co_await connection.linger();
}

}  // namespace kanaria::server
