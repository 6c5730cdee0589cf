// What the service manager that started us is told, by sd_notify(3): systemd with Type=notify, or whoever set
// NOTIFY_SOCKET. Called on control's thread; each call is one datagram. Without NOTIFY_SOCKET they do nothing, and
// nobody waits for what could not be sent.
#pragma once

#include <string_view>

#include "kanaria/base/clock.hpp"

namespace kanaria::server {

/// It takes traffic. Also the end of a reload, of a refused one too. `status` is a few words for `systemctl status`.
void notify_ready(std::string_view status);

/// A reload begins; notify_ready() must follow.
void notify_reloading();

/// A drain begins, and takes no longer than `patience`: the manager is to wait at least that long.
void notify_stopping(Milliseconds patience);

}  // namespace kanaria::server
