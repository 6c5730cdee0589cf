// One try of a request on one target: the target's side of http::Message. An HTTP/1.1 connection implements it
// (src/targets/connection.hpp), one day an HTTP/2 stream. Lives on its worker's thread; the AttemptPtr gives the
// connection back to its pool, or closes it.
#pragma once

#include <memory>

#include "kanaria/http/exchange.hpp"

namespace kanaria::targets {

class Attempt : public http::Message {
 public:
  /// The head and the first piece of the body, in one write.
  virtual net::Awaitable<Result<void>> send(const http::RequestHead& head, const http::Piece& first) = 0;
  /// The next head: any number of 1xx, then the final one. Valid until the next call. After a 101 both sides are a
  /// tunnel.
  virtual net::Awaitable<Result<const http::ResponseHead*>> receive() = 0;
  /// The end of it; AttemptPtr's to call.
  virtual void give_back() = 0;

 protected:
  ~Attempt() = default;
};

struct GiveBack {
  void operator()(Attempt* attempt) const { attempt->give_back(); }
};
using AttemptPtr = std::unique_ptr<Attempt, GiveBack>;

}  // namespace kanaria::targets
