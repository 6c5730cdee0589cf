#include "kanaria/admin/api.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>
#include <optional>
#include <string>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/config/text.hpp"
#include "kanaria/proxy/answer.hpp"
#include "routes.hpp"

namespace kanaria::admin {
namespace {

/// Does the path fit the route's? Fills what stands there for {...}.
bool fits(std::string_view route, std::string_view path, std::vector<std::string>& names) {
  names.clear();
  while (!route.empty() && !path.empty()) {
    const std::size_t route_end = std::min(route.find('/', 1), route.size());
    const std::size_t path_end = std::min(path.find('/', 1), path.size());
    const std::string_view expected = route.substr(0, route_end);
    const std::string_view found = path.substr(0, path_end);
    if (expected.starts_with("/{")) {
      if (found.size() < 2) return false;
      names.emplace_back(found.substr(1));
    } else if (expected != found) {
      return false;
    }
    route.remove_prefix(route_end);
    path.remove_prefix(path_end);
  }
  return route.empty() && path.empty();
}

/// The route of a request; null: `refused` says why there is none.
const Route* find_route(Call& call, Reply& refused) {
  const http::RequestHead& head = call.client.head();
  std::string allowed;
  for (const Route& route : routes()) {
    if (!fits(route.path, head.path, call.names)) continue;
    if (route.method == head.method || (route.method == "GET" && head.method == "HEAD")) return &route;
    allowed += (allowed.empty() ? "" : ", ") + std::string(route.method == "GET" ? "GET, HEAD" : route.method);
  }
  if (!allowed.empty()) {
    refused = error(405, "method_not_allowed", "use " + allowed);
    refused.allow = allowed;
  } else if (head.path == "/") {
    refused = error(404, "not_available_yet", "this is not available yet");
  } else {
    refused = error(404, "not_found", "there is no such path");
  }
  return nullptr;
}

bool is_allowed_host(std::string_view authority, const std::vector<std::string>& allowed) {
  if (is_local_host(authority)) return true;
  const std::string_view host = authority.substr(0, authority.find(':'));
  return std::ranges::any_of(allowed, [&](const std::string& one) { return http::iequals(host, one); });
}

/// Guards against pages in a browser: one of another site must neither change nor read anything.
std::optional<Reply> refuse_browser(const Call& call) {
  const http::RequestHead& head = call.client.head();
  static const std::vector<std::string> kNone;
  const bool known = call.server.has_snapshot();
  if (!is_allowed_host(head.authority, known ? call.server.snapshot().model().admin.allowed_hosts : kNone))
    return error(403, "forbidden_host", "this Host is not one of kanaria's own: admin.allowed_hosts may name it");
  const http::Field* const origin = http::find(head.fields, "Origin");
  if (origin == nullptr) return std::nullopt;
  const std::size_t scheme = origin->value.find("://");
  const bool is_same =
      scheme != std::string_view::npos && http::iequals(origin->value.substr(scheme + 3), head.authority);
  if (is_same) return std::nullopt;
  return error(403, "forbidden_origin", "requests from pages of other origins are refused");
}

/// A change's media type, which no form of another site's page can send.
std::optional<Reply> refuse_media_type(const http::RequestHead& head) {
  const http::Field* const type = http::find(head.fields, "Content-Type");
  std::string_view media = type == nullptr ? std::string_view() : type->value.substr(0, type->value.find(';'));
  media = media.substr(0, media.find_last_not_of(" \t") + 1);
  if (http::iequals(media, "application/json")) return std::nullopt;
  return error(415, "unsupported_media_type", "a change wants Content-Type: application/json");
}

/// Whose token it has; "": nobody's. RFC 6750 §2.1.
std::string_view token_name(const Call& call, const server::Tokens& tokens) {
  constexpr std::string_view kScheme = "Bearer ";
  const http::Field* const field = http::find(call.client.head().fields, "Authorization");
  if (field == nullptr || field->value.size() < kScheme.size()) return {};
  if (!http::iequals(field->value.substr(0, kScheme.size()), kScheme)) return {};
  return tokens.name_of(field->value.substr(kScheme.size()));
}

/// What a client says of itself, in characters that end nothing in a log.
std::string claimed(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    const bool is_plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                          std::string_view("@._-+/ ").find(c) != std::string_view::npos;
    if (!is_plain) c = '?';
  }
  return out;
}

/// "token ci (says alice@laptop)", "uid 1000", "127.0.0.1:51234".
std::string who_is(const Call& call, std::string_view token) {
  constexpr std::size_t kLongestClaim = 64;
  const net::Peer& peer = call.client.peer_address();
  std::string who = !token.empty()                           ? "token " + std::string(token)
                    : peer.is_unix && peer.uid != UINT32_MAX ? "uid " + std::to_string(peer.uid)
                                                             : std::string(call.client.peer().with_port);
  if (const http::Field* const claim = http::find(call.client.head().fields, "X-Kanaria-Client"))
    who += " (says " + claimed(claim->value.substr(0, kLongestClaim)) + ")";
  return who;
}

net::Awaitable<Reply> dispatch(server::Server& server, Access access, http::Exchange& client, const http::Piece& body) {
  Call call{server, client, body};
  Reply refused;
  const Route* const route = find_route(call, refused);
  if (route != nullptr && route->guard == Guard::None) {
    Reply reply = co_await route->handle(call);
    co_return reply;
  }
  if (auto because = refuse_browser(call)) co_return std::move(*because);
  std::string_view token;
  // Over a Unix socket it is the socket's mode that lets in.
  if (access == Access::Full && server.tokens() != nullptr && !client.peer_address().is_unix) {
    token = token_name(call, *server.tokens());
    if (token.empty())
      co_return error(401, "unauthorized", "this wants Authorization: Bearer TOKEN, of admin.token_file");
  }
  if (route == nullptr) co_return refused;
  if (route->guard == Guard::Changes) {
    if (access == Access::ReadOnly) co_return error(403, "read_only", "this address takes no changes");
    if (auto because = refuse_media_type(client.head())) co_return std::move(*because);
  }
  const std::string fault = read_parameters(call, route->parameters);
  if (!fault.empty()) co_return error(400, "bad_request", fault);
  const bool can = route->guard == Guard::Changes ? server.ready() : server.has_snapshot();
  if (route->when_ready && !can) co_return error(503, "not_ready", "kanaria is starting or draining");
  call.who = who_is(call, token);
  Reply reply = co_await route->handle(call);
  co_return reply;
}

net::Awaitable<void> send(http::Exchange& client, const Reply& reply) {
  http::ResponseHead head;
  proxy::OwnAnswer answer;
  answer.status = reply.status;
  answer.content_type = reply.content_type;
  answer.body = reply.body;
  answer.allow = reply.allow;
  answer.etag = reply.etag;
  if (reply.status == 401) answer.www_authenticate = "Bearer";
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
  const Reply reply = co_await dispatch(server_, access_, client, *body);
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
