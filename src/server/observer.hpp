// Control's regular looks at what workers count: it collects their errors, and samples their counters for what is told
// of the last minute. On control's thread.
#pragma once

#include "kanaria/net/loop.hpp"
#include "kanaria/observe/error_log.hpp"
#include "kanaria/observe/recent.hpp"

namespace kanaria::server {

class Observer final : private net::Wheel::Entry {
 public:
  Observer(net::Loop& control, observe::Metrics& metrics, std::size_t workers);

  observe::ErrorLog& errors() { return errors_; }
  const observe::Recent& recent() const { return recent_; }

 private:
  void expire() override;

  net::Loop& control_;
  observe::ErrorLog errors_;
  observe::Recent recent_;
  Time sampled_;
};

}  // namespace kanaria::server
