// A connection to a target, as an Attempt over HTTP/1.1: one request at a time. It belongs to whoever holds the
// AttemptPtr while it is used, and to its pool while it is idle; then it watches for the target's FIN and holds no
// block.
#pragma once

#include <boost/intrusive/list.hpp>
#include <boost/intrusive/list_hook.hpp>

#include "kanaria/http/reader.hpp"
#include "kanaria/targets/pool.hpp"

namespace kanaria::targets {

struct IdleOfTarget;
struct IdleOfAll;
using UnlinkOnDeath = boost::intrusive::link_mode<boost::intrusive::auto_unlink>;

using TargetHook = boost::intrusive::list_base_hook<boost::intrusive::tag<IdleOfTarget>, UnlinkOnDeath>;
using IdleHook = boost::intrusive::list_base_hook<boost::intrusive::tag<IdleOfAll>, UnlinkOnDeath>;

class Connection final : public Attempt,
                         public TargetHook,
                         public IdleHook,
                         private net::Wheel::Entry,
                         private net::Watcher {
 public:
  Connection(Pool& pool, const Target& target, int descriptor);
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
