// Control's regular looks at what workers count: it collects their errors, samples their counters for what is told of
// the last minute, and says once when lines of the access log are lost. On control's thread.
#pragma once

#include "kanaria/net/loop.hpp"
#include "kanaria/observe/access_log.hpp"
#include "kanaria/observe/error_log.hpp"
#include "kanaria/observe/recent.hpp"

namespace kanaria::server {

class Observer final : private net::Wheel::Entry {
 public:
  Observer(net::Loop& control, observe::Metrics& metrics, const observe::AccessLog& access_log, std::size_t workers);

  observe::ErrorLog& errors() { return errors_; }
  const observe::Recent& recent() const { return recent_; }

 private:
  void expire() override;
  void look_at_access_log(Time now);

  net::Loop& control_;
  const observe::AccessLog& access_log_;
  observe::ErrorLog errors_;
  observe::Recent recent_;
  Time sampled_;
  // Of the access log's lines that are lost: what was told of them, and when there was last something to tell.
  bool is_told_ = false;
  std::uint64_t dropped_ = 0;
  Time lost_{};
};

}  // namespace kanaria::server
