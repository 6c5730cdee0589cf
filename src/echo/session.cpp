#include "session.hpp"

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/buffered_read_stream.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/span_body.hpp>
#include <boost/beast/http/write.hpp>
#include <boost/beast/websocket.hpp>
#include <chrono>
#include <nlohmann/json.hpp>
#include <random>

#include "request.hpp"

namespace kanaria::echo {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
namespace websocket = beast::websocket;

namespace {

constexpr asio::use_awaitable_t<Executor> kAwait;

/// Leftover bytes of the HTTP part are read first: a client may send its first frame along with the upgrade.
class BufferedSocket : public beast::buffered_read_stream<Socket, beast::flat_buffer> {
 public:
  using buffered_read_stream::buffered_read_stream;

  // Beast looks this up to end the connection beneath a WebSocket.
  template <class Handler>
  friend void async_teardown(beast::role_type role, BufferedSocket& stream, Handler&& handler) {
    websocket::async_teardown(role, stream.next_layer(), std::forward<Handler>(handler));
  }
};
using WebSocket = websocket::stream<BufferedSocket>;

Task echo_messages(Socket socket, const Request& request, beast::flat_buffer rest) {
  WebSocket stream(std::move(socket));
  stream.next_layer().buffer() = std::move(rest);
  http::request<http::empty_body> upgrade(http::string_to_verb(request.method), request.target, request.version);
  for (const auto& [name, value] : request.headers) upgrade.insert(name, value);
  co_await stream.async_accept(upgrade, kAwait);
  for (beast::flat_buffer message;; message.clear()) {
    co_await stream.async_read(message, kAwait);
    stream.text(stream.got_text());
    co_await stream.async_write(message.data(), kAwait);
  }
}

std::string describe(const Request& request) {
  const nlohmann::json description{{"method", request.method},     {"target", request.target},
                                   {"version", request.version},   {"headers", request.headers},
                                   {"trailers", request.trailers}, {"body_length", request.body_length}};
  // Header values may hold any byte; JSON text may not.
  return description.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

Task write_answer(Socket& socket, const Request& request, unsigned status, std::string_view type, std::string_view body,
                  bool keep_alive) {
  http::response<http::span_body<const char>> answer(static_cast<http::status>(status), request.version);
  answer.set(http::field::content_type, beast::string_view(type.data(), type.size()));
  answer.keep_alive(keep_alive);
  const bool has_body = status != 204 && status != 304;
  if (has_body) answer.content_length(body.size());
  answer.body() = {body.data(), body.size()};
  http::response_serializer<http::span_body<const char>> serializer(answer);
  if (request.method == "HEAD" || !has_body) {
    co_await http::async_write_header(socket, serializer, kAwait);
  } else {
    co_await http::async_write(socket, serializer, kAwait);
  }
}

bool is_failure(double rate) {
  static std::mt19937 random{std::random_device{}()};
  return std::bernoulli_distribution(rate)(random);
}

Task answer(Socket& socket, const Request& request, const Options& options, const std::string& body, bool keep_alive) {
  if (options.delay_seconds > 0) {
    const std::chrono::duration<double> delay(options.delay_seconds);
    asio::basic_waitable_timer<std::chrono::steady_clock, asio::wait_traits<std::chrono::steady_clock>, Executor> timer(
        socket.get_executor(), std::chrono::duration_cast<std::chrono::nanoseconds>(delay));
    co_await timer.async_wait(kAwait);
  }
  if (request.target == "/__echo" || request.target.starts_with("/__echo?")) {
    const std::string description = describe(request);
    co_await write_answer(socket, request, 200, "application/json", description, keep_alive);
  } else {
    const unsigned status = is_failure(options.fail_rate) ? 500 : options.status;
    co_await write_answer(socket, request, status, "text/plain", body, keep_alive);
  }
}

Task serve_requests(Socket& socket, const Options& options, const std::string& body) {
  for (beast::flat_buffer buffer;;) {
    RequestReader reader;
    co_await http::async_read_header(socket, buffer, reader, kAwait);
    const Request& request = reader.request();
    if (request.has("Connection", "upgrade") && request.has("Upgrade", "websocket")) {
      co_return co_await echo_messages(std::move(socket), request, std::move(buffer));
    }
    if (request.version >= 11 && request.has("Expect", "100-continue")) {
      co_await asio::async_write(socket, asio::buffer("HTTP/1.1 100 Continue\r\n\r\n", 25), kAwait);
    }
    reader.eager(true);
    while (!reader.is_done()) co_await http::async_read_some(socket, buffer, reader, kAwait);
    co_await answer(socket, request, options, body, reader.keep_alive());
    if (!reader.keep_alive()) break;
  }
  boost::system::error_code ignored;
  socket.shutdown(Socket::shutdown_send, ignored);
}

}  // namespace

Task serve(Socket socket, const Options& options, const std::string& body) {
  try {
    co_await serve_requests(socket, options, body);
  } catch (const boost::system::system_error&) {
    // The client left or sent nonsense: for a test application the end of the connection says enough.
    co_return;
  }
}

}  // namespace kanaria::echo
