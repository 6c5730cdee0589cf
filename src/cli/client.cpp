#include "client.hpp"

#include <CLI/Error.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/write.hpp>
#include <stdexcept>

#include "kanaria/http/message.hpp"
#include "kanaria/net/sockets.hpp"

namespace kanaria::cli {

namespace asio = boost::asio;
namespace beast = boost::beast;

namespace {

constexpr asio::use_awaitable_t<Executor> kAwait;
constexpr std::uint64_t kBodyLimit = 16ULL * 1024 * 1024;

Endpoints::value_type generic(const net::Endpoint& endpoint) {
  return {endpoint.data(), endpoint.size()};
}

}  // namespace

Endpoints resolve(const Place& place) {
  if (!place.unix_path.empty()) {
    const std::optional<net::Endpoint> endpoint = net::Endpoint::of_unix(place.unix_path);
    if (!endpoint) throw std::runtime_error("unix:" + place.unix_path + ": the path is too long for a socket");
    return {generic(*endpoint)};
  }
  boost::system::error_code not_an_address;
  const auto address = asio::ip::make_address(place.host, not_an_address);
  if (!not_an_address) return {generic(net::Endpoint::of(address, place.port))};
  std::string error;
  Endpoints endpoints;
  for (const auto& found : net::resolve(place.host, error)) {
    endpoints.push_back(generic(net::Endpoint::of(found, place.port)));
  }
  if (endpoints.empty()) throw std::runtime_error(place.host + ": " + error);
  return endpoints;
}

std::pair<std::string, std::string> parse_header(const std::string& text) {
  const std::size_t colon = text.find(':');
  const std::string name = text.substr(0, colon);
  if (colon == std::string::npos || !http::is_token(name)) {
    throw CLI::ValidationError("-H", '"' + text + "\": write it as 'Name: value'");
  }
  const std::size_t start = text.find_first_not_of(" \t", colon + 1);
  return {name, start == std::string::npos ? "" : text.substr(start)};
}

Client::Client(asio::io_context& io, Endpoints endpoints, std::chrono::seconds timeout)
    : io_(io), endpoints_(std::move(endpoints)), timeout_(timeout) {}

Awaitable<Response> Client::send(const Request& request) {
  if (stream_) {
    stream_->expires_after(timeout_);
    std::optional<Response> answer;
    try {
      answer = co_await exchange(request);
    } catch (const boost::system::system_error& failure) {
      // The daemon may close a kept connection at any time; only a time-out says something about this request.
      if (failure.code() == beast::error::timeout) throw;
      stream_.reset();
    }
    if (answer) co_return std::move(*answer);
  }
  co_await connect();
  co_return co_await exchange(request);
}

Awaitable<void> Client::connect() {
  boost::system::error_code error;
  buffer_.clear();
  for (const auto& endpoint : endpoints_) {
    stream_.emplace(io_.get_executor());
    stream_->expires_after(timeout_);
    co_await stream_->async_connect(endpoint, asio::redirect_error(kAwait, error));
    if (!error) co_return;
    stream_.reset();
  }
  throw boost::system::system_error(error);
}

Awaitable<Response> Client::exchange(const Request& request) {
  co_await beast::http::async_write(*stream_, request, kAwait);
  beast::http::response_parser<beast::http::string_body> parser;
  parser.body_limit(kBodyLimit);
  parser.skip(request.method() == beast::http::verb::head);
  co_await beast::http::async_read(*stream_, buffer_, parser, kAwait);
  Response answer = parser.release();
  if (!answer.keep_alive()) stream_.reset();
  co_return answer;
}

}  // namespace kanaria::cli
