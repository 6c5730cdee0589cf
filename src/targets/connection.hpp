// A connection to a target, as an Attempt over HTTP/1.1: one request at a time. It belongs to whoever holds the
// AttemptPtr while it is used, and to its pool while it is idle; then it watches for the target's FIN and holds no
// block.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>
#include <memory>
#include <optional>

#include "kanaria/http/reader.hpp"
#include "kanaria/targets/pool.hpp"

namespace kanaria::targets {

struct IdleOfTarget;
struct IdleOfAll;
struct InUse;
using UnlinkOnDeath = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;

using TargetHook = boost::intrusive::list_base_hook<boost::intrusive::tag<IdleOfTarget>, UnlinkOnDeath>;
using IdleHook = boost::intrusive::list_base_hook<boost::intrusive::tag<IdleOfAll>, UnlinkOnDeath>;
using UsedHook = boost::intrusive::list_base_hook<boost::intrusive::tag<InUse>, UnlinkOnDeath>;

struct GivePlaceBack {
  void operator()(TargetState* state) const { state->connections.fetch_sub(1, std::memory_order_relaxed); }
};
/// One of the connections that a target may have (Group::max_connections), from before it is made until it is closed.
using ConnectionPlace = std::unique_ptr<TargetState, GivePlaceBack>;
/// Null: there are so many.
ConnectionPlace take_place(const Target& target, std::optional<std::uint32_t> most);

class Connection final : public Attempt,
                         public TargetHook,
                         public IdleHook,
                         public UsedHook,
                         private net::Wheel::Entry,
                         private net::Watcher {
 public:
  Connection(Pool& pool, const Target& target, ConnectionPlace place, int descriptor);
  ~Connection() override;

  net::Stream& stream() { return stream_; }
  const Target& target() const { return target_; }
  /// False: it was closed, or the target has spoken unasked. What came now must never be read as an answer.
  bool is_silent() { return stream_.peek() == 0; }
  /// Takes it into use for one request.
  void begin(const Group& group, const AttemptTimeouts& timeouts);
  /// Lets it wait for the next request.
  void wait_idle();

  Result<http::Piece> ready() override;
  net::Awaitable<Result<http::Piece>> read(http::Carry carry) override;
  http::Carry takes() const override { return http::Carry::Pipe; }
  net::Awaitable<Result<void>> write(const http::Piece& piece) override;
  void stop_reading() override;
  void abort(Fault fault) override;
  Fault fault() const override;
  net::Awaitable<Result<void>> send(const http::RequestHead& head, const http::Piece& first) override;
  net::Awaitable<Result<const http::ResponseHead*>> receive() override;
  void give_back() override;

 private:
  void expire() override;
  void on_readable() override;
  bool is_reusable() const;
  Error blame(Error error) const;

  Pool& pool_;
  const Target& target_;
  ConnectionPlace place_;  // before the stream: the socket is closed when the place is given back
  net::Stream stream_;
  http::ResponseReader reader_;
  AttemptTimeouts timeouts_;
  Milliseconds keep_{0};                         // target_idle_timeout
  std::string_view method_;                      // of the request
  http::Framing framing_ = http::Framing::None;  // of the request's body
  std::uint64_t read_before_ = 0;                // bytes read when this request began
  bool reused_ = false;
  bool request_whole_ = false;  // all of the request was written
  bool answered_ = false;       // a final head came
  bool isolated_ = false;       // RequestHead::isolated
  bool tunnel_ = false;
  bool stopped_ = false;
};

}  // namespace kanaria::targets
