// A small HTTP/1.1 client for the commands that talk to a daemon. It keeps its connection from one request to the next.
// Owned by a command, on that command's io_context. Failures are thrown as boost::system::system_error.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/core/basic_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/string_body.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "url.hpp"

namespace kanaria::cli {

namespace asio = boost::asio;

using Executor = asio::io_context::executor_type;
template <class T>
using Awaitable = asio::awaitable<T, Executor>;
using HeaderList = std::vector<std::pair<std::string, std::string>>;
using Request = boost::beast::http::request<boost::beast::http::string_body>;
using Response = boost::beast::http::response<boost::beast::http::string_body>;
using Endpoints = std::vector<asio::generic::stream_protocol::endpoint>;

/// The addresses of a place; throws std::runtime_error when its name has none. Blocks while a name is resolved.
Endpoints resolve(const Place& place);

/// "Name: value" as -H takes it. Throws CLI::ValidationError.
std::pair<std::string, std::string> parse_header(const std::string& text);

class Client {
 public:
  /// `timeout` is for one request, from the connect to the end of the answer.
  Client(asio::io_context& io, Endpoints endpoints, std::chrono::seconds timeout);

  Awaitable<Response> send(const Request& request);

 private:
  using Stream = boost::beast::basic_stream<asio::generic::stream_protocol, Executor>;

  Awaitable<void> connect();
  Awaitable<Response> exchange(const Request& request);

  asio::io_context& io_;
  Endpoints endpoints_;
  std::chrono::seconds timeout_;
  std::optional<Stream> stream_;  // none: not connected
  boost::beast::flat_buffer buffer_;
};

}  // namespace kanaria::cli
