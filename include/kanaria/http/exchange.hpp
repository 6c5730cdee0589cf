// What the two sides of a forwarded request offer each other, free of protocols: Exchange is the client's side, Attempt
// (targets/attempt.hpp) a target's. An HTTP/1.1 connection or, one day, one HTTP/2 stream implements each. Everything
// between is written once. Both live on one worker's thread. At most one read() and one write()/send() may be under way
// on each side.
#pragma once

#include <string_view>

#include "kanaria/base/block.hpp"
#include "kanaria/base/error.hpp"
#include "kanaria/http/admission.hpp"
#include "kanaria/http/headers.hpp"
#include "kanaria/http/message.hpp"
#include "kanaria/net/awaitable.hpp"
#include "kanaria/net/sockets.hpp"

namespace kanaria::http {

/// Something under way that can be told to end.
class Abortable {
 public:
  /// Ends every operation on it, now and later, with `fault`. The first fault stays.
  virtual void abort(Fault fault) = 0;

 protected:
  ~Abortable() = default;
};

/// What both sides share.
class Message : public Abortable {
 public:
  /// Body bytes that are here already, perhaps none: no wait.
  virtual Result<Piece> ready() = 0;
  /// The next piece of the body; after the last one, not again. After a 101 it is a tunnel's raw bytes until FIN.
  /// `carry`: what the piece may be handed over in, Pipe where the side that it goes to takes pipes.
  virtual net::Awaitable<Result<Piece>> read(Carry carry) = 0;
  /// What write() takes: Memory, or that and pipes.
  virtual Carry takes() const = 0;
  /// Done when the bytes are needed no more.
  virtual net::Awaitable<Result<void>> write(const Piece& piece) = 0;
  /// The rest of the incoming body is not wanted: a read() under way ends with Stopped, and the connection can't be
  /// used for another message.
  virtual void stop_reading() = 0;
  virtual Fault fault() const = 0;

 protected:
  ~Message() = default;
};

class Exchange : public Message {
 public:
  virtual const RequestHead& head() const = 0;
  /// Any number of 1xx, then one final head with the first piece of its body. 101 turns the connection into a tunnel.
  virtual net::Awaitable<Result<void>> send(const ResponseHead& head, const Piece& first) = 0;
  /// While set, a client that goes away aborts `other` with ClientGone; null ends it. Use Watch.
  virtual void on_gone(Abortable* other) = 0;

  /// The fields of head() have been read and are needed no more. They may be gone afterwards: a large head's are.
  virtual void forget_fields() = 0;
  /// Nor is the text that they and the authority refer to, which is all of the head but its request line.
  virtual void forget_text() = 0;
  virtual PeerText peer() const = 0;
  virtual const net::Peer& peer_address() const = 0;
  /// When its first byte was there.
  virtual const Moment& began() const = 0;
  /// Strings that live until the exchange ends.
  virtual Arena& arena() = 0;
  /// Bytes on the wire for this exchange so far, heads included.
  virtual std::uint64_t received_bytes() const = 0;
  virtual std::uint64_t sent_bytes() const = 0;

 protected:
  ~Exchange() = default;
};

/// What a connection is told by whoever handles its requests, afresh for each.
struct ConnectionPolicy {
  Milliseconds idle_timeout{60'000};            // no byte in either direction
  Milliseconds request_header_timeout{10'000};  // from the first byte to the end of the head
  Milliseconds keep_alive{3'600'000};           // the connection's age after which an answer is its last; asked once
  Admission admission;
};

/// Who handles a connection's exchanges: the proxy, or the admin API. One object a worker, on its thread.
class Handler {
 public:
  /// Valid until the next wait.
  virtual const ConnectionPolicy& policy() const = 0;
  /// Answers the request; the exchange has ended or was aborted when it returns.
  virtual net::Awaitable<void> handle(Exchange& client) = 0;
  /// Answers a request that the codec refused; its head may be incomplete.
  virtual net::Awaitable<void> refuse(Exchange& client, Fault fault) = 0;

 protected:
  ~Handler() = default;
};

/// For its life, a client that goes away aborts the other side.
class Watch {
 public:
  Watch(Exchange& client, Abortable& other) : client_(client) { client_.on_gone(&other); }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { client_.on_gone(nullptr); }

 private:
  Exchange& client_;
};

}  // namespace kanaria::http
