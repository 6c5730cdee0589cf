// One client connection of kanaria-echo, from accept to close: requests are answered one after another, an upgrade
// turns it into a WebSocket that sends every message back. Runs on the one io_context of the program; owns its socket.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <string>

#include "options.hpp"

namespace kanaria::echo {

using Executor = boost::asio::io_context::executor_type;
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;
using Task = boost::asio::awaitable<void, Executor>;

/// Serves `socket` until either side ends it. `body` is what every answer carries; it and `options` outlive all
/// sessions.
Task serve(Socket socket, const Options& options, const std::string& body);

}  // namespace kanaria::echo
