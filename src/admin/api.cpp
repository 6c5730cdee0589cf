#include "kanaria/admin/api.hpp"

#include <boost/asio/ip/address.hpp>
#include <nlohmann/json.hpp>
#include <string>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/proxy/answer.hpp"

namespace kanaria::admin {
namespace {

using Json = nlohmann::json;

struct Reply {
  std::uint16_t status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string_view allow = {};  // with 405
};

Reply json(std::uint16_t status, const Json& body) {
  return {status, "application/json", body.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n"};
}

Reply error(std::uint16_t status, std::string_view code, std::string_view message) {
  return json(status, {{"error", {{"code", code}, {"message", message}}}});
}

Reply wrong_method(std::string_view allow) {
  Reply reply = error(405, "method_not_allowed", "use " + std::string(allow));
  reply.allow = allow;
  return reply;
}

Reply text(std::uint16_t status, std::string body) {
  return {status, "text/plain; charset=utf-8", std::move(body)};
}

Reply of_reload(const server::Reloaded& reloaded) {
  if (reloaded.faults.empty()) return json(200, {{"changes", reloaded.changes}, {"warnings", reloaded.warnings}});
  const bool faulty = reloaded.status == runtime::Outcome::Status::Faulty;
  Json body = {{"error", {{"code", faulty ? "invalid_configuration" : "refused"}, {"message", "nothing was changed"}}}};
  body["error"]["faults"] = reloaded.faults;
  return json(faulty ? 422 : 409, body);
}

/// Why a change may not be made by this request; empty status: it may.
Reply refuse_change(const http::RequestHead& head) {
  const http::Field* const type = http::find(head.fields, "Content-Type");
  std::string_view media = type == nullptr ? std::string_view() : type->value.substr(0, type->value.find(';'));
  media = media.substr(0, media.find_last_not_of(" \t") + 1);
  if (!http::iequals(media, "application/json"))
    return error(415, "unsupported_media_type", "a change wants Content-Type: application/json");
  return {0, {}, {}};
}

/// A reload has nothing to say in its body; `{}` is what some clients send for nothing.
bool is_empty(const http::Piece& body) {
  return body.last && (body.data.empty() || body.data == "{}");
}

net::Awaitable<Reply> dispatch(server::Server& server, http::Exchange& client, const http::Piece& body) {
  const http::RequestHead& head = client.head();
  const bool reads = head.method == "GET" || head.method == "HEAD";
  // What a browser page on another site could do is bounded by what is checked here.
  const bool open = head.path == "/healthz" || head.path == "/readyz" || head.path == "/metrics";
  if (!open) {
    if (!is_local_host(head.authority)) co_return error(403, "forbidden_host", "this Host is not one of kanaria's own");
    if (const http::Field* const origin = http::find(head.fields, "Origin")) {
      const std::size_t scheme = origin->value.find("://");
      const bool same =
          scheme != std::string_view::npos && http::iequals(origin->value.substr(scheme + 3), head.authority);
      if (!same) co_return error(403, "forbidden_origin", "requests from pages of other origins are refused");
    }
  }
  if (open && !reads) co_return wrong_method("GET, HEAD");
  if (head.path == "/healthz") co_return text(200, "ok\n");
  if (head.path == "/readyz") co_return server.ready() ? text(200, "ready\n") : text(503, "not ready\n");
  if (head.path == "/metrics") co_return Reply{200, "text/plain; version=0.0.4; charset=utf-8", server.metrics()};
  if (head.path == "/api/v1/reload") {
    if (head.method != "POST") co_return wrong_method("POST");
    if (head.has_query) co_return error(400, "not_available_yet", "reload takes no parameters yet");
    Reply refused = refuse_change(head);
    if (refused.status != 0) co_return refused;
    if (!is_empty(body)) co_return error(400, "unexpected_body", "reload takes no body");
    const server::Reloaded reloaded =
        co_await server.reload("the admin API from " + std::string(client.peer().with_port));
    co_return of_reload(reloaded);
  }
  if (head.path == "/" || head.path.starts_with("/api/v1/"))
    co_return error(404, "not_available_yet", "this is not available yet");
  co_return error(404, "not_found", "there is no such path");
}

net::Awaitable<void> send(http::Exchange& client, const Reply& reply) {
  http::ResponseHead head;
  proxy::OwnAnswer answer;
  answer.status = reply.status;
  answer.content_type = reply.content_type;
  answer.body = reply.body;
  answer.allow = reply.allow;
  const Result<void> sent = co_await proxy::answer(client, answer, head);
  if (!sent) client.abort(sent.error().fault);
}

}  // namespace

bool is_local_host(std::string_view authority) {
  std::string host(authority);
  const bool bracketed = host.starts_with('[');
  const std::size_t end = bracketed ? host.find(']') : host.find(':');
  if (bracketed && end == std::string::npos) return false;
  host = host.substr(bracketed ? 1 : 0, end == std::string::npos ? end : end - (bracketed ? 1 : 0));
  if (host.empty() || http::iequals(host, "localhost")) return true;
  boost::system::error_code not_an_address;
  boost::asio::ip::make_address(host, not_an_address);
  return !not_an_address;
}

net::Awaitable<void> Api::handle(http::Exchange& client) {
  const Result<http::Piece> body = client.ready();
  if (!body) co_return co_await refuse(client, body.error().fault);
  const Reply reply = co_await dispatch(server_, client, *body);
  co_await send(client, reply);
}

net::Awaitable<void> Api::refuse(http::Exchange& client, Fault fault) {
  const std::uint16_t status = row_of(fault).status;
  if (status == 0) {
    client.abort(fault);
    co_return;
  }
  const Reply reply = error(status, row_of(fault).word, http::reason_of(status));
  co_await send(client, reply);
}

}  // namespace kanaria::admin
