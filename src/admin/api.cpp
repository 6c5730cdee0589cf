#include "kanaria/admin/api.hpp"

#include <boost/asio/ip/address.hpp>
#include <chrono>
#include <ctime>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/text.hpp"
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

/// `first`: what is here of it. None: longer than any change, or the client is gone.
net::Awaitable<std::optional<std::string>> read_body(http::Exchange& client, const http::Piece& first) {
  constexpr std::size_t kLongest = 16 * 1024;
  std::string body;
  Result<http::Piece> piece = first;
  while (piece) {
    body += piece->data;
    if (body.size() > kLongest) break;
    if (piece->last) co_return body;
    piece = co_await client.read(http::Carry::Memory);
  }
  co_return std::nullopt;
}

/// `{"target": "10.0.0.1:80", "action": "drain"}`. A reply: what is wrong with it.
std::optional<Reply> read_change(const std::string& body, runtime::TargetChange& change) {
  const Json written = Json::parse(body, nullptr, false);
  const auto is_text = [&](const char* key) { return written.contains(key) && written[key].is_string(); };
  if (!written.is_object() || written.size() != 2 || !is_text("target") || !is_text("action"))
    return error(400, "bad_request", R"(the body must be {"target": "10.0.0.1:80", "action": "drain"})");
  const auto word = written["action"].get<std::string>();
  change.target = written["target"].get<std::string>();
  change.action = runtime::target_action_of(word);
  if (change.action) return std::nullopt;
  const std::string_view meant = config::nearest(word, runtime::target_actions());
  return error(400, "unknown_action",
               "action must be register, drain, undrain or deregister, not " + config::in_quotes(word) +
                   (meant.empty() ? "" : ": did you mean " + config::in_quotes(meant) + "?"));
}

Reply of_change(const server::TargetsChanged& changed) {
  using Status = runtime::Outcome::Status;
  if (changed.faults.empty()) return json(200, {{"changes", changed.changes}, {"warnings", changed.warnings}});
  std::string message;
  for (const std::string& fault : changed.faults) message += (message.empty() ? "" : "; ") + fault;
  switch (changed.status) {
    case Status::Unknown: return error(404, "not_found", message);
    case Status::Faulty: return error(422, "invalid_target", message);
    default: return error(409, "refused", message);
  }
}

/// "2026-01-31T12:00:00Z"
std::string text_of(std::chrono::system_clock::time_point when) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(when);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[32];
  return {text, std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts)};
}

Json source_of(server::GroupTargets::Source source) {
  switch (source) {
    case server::GroupTargets::Source::File: return "file";
    case server::GroupTargets::Source::Hand: return "hand";
    case server::GroupTargets::Source::Leaving: return nullptr;
  }
  return nullptr;
}

Reply of_group(const std::string& group, const server::GroupTargets& found) {
  Json body = {{"target_group", group},
               {"fail_open", found.report.fail_open},
               {"targets", Json::array()},
               {"overrides", Json::array()}};
  for (std::size_t i = 0; i < found.report.targets.size(); ++i) {
    const targets::TargetTable::Report& target = found.report.targets[i];
    body["targets"].push_back({{"target", target.target},
                               {"state", targets::name_of(target.state)},
                               {"reason", targets::code_of(target.reason)},
                               {"description", target.description},
                               {"in_flight", target.in_flight},
                               {"share", static_cast<double>(target.share) / targets::kFullShare},
                               {"ejected", target.is_ejected},
                               {"source", source_of(found.sources[i])}});
  }
  for (const runtime::TargetOverride& one : found.overrides)
    body["overrides"].push_back(
        {{"target", one.target.text.value}, {"override", one.words()}, {"who", one.who}, {"when", text_of(one.when)}});
  return json(200, body);
}

/// The group of "/api/v1/target-groups/GROUP/targets"; none: another path.
std::optional<std::string> group_in(std::string_view path) {
  constexpr std::string_view kBefore = "/api/v1/target-groups/";
  constexpr std::string_view kAfter = "/targets";
  if (path.size() <= kBefore.size() + kAfter.size() || !path.starts_with(kBefore) || !path.ends_with(kAfter))
    return std::nullopt;
  path = path.substr(kBefore.size(), path.size() - kBefore.size() - kAfter.size());
  if (path.find('/') != std::string_view::npos) return std::nullopt;
  return std::string(path);
}

net::Awaitable<Reply> targets_of(server::Server& server, http::Exchange& client, const http::Piece& begun,
                                 const std::string& group) {
  const http::RequestHead& head = client.head();
  const bool resets = head.method == "DELETE";
  if (head.has_query) co_return error(400, "bad_request", "targets take no parameters");
  if (!server.ready()) co_return error(503, "not_ready", "kanaria is starting or draining");
  if (head.method == "GET" || head.method == "HEAD") {
    const server::GroupTargets found = server.targets_of(group);
    if (!found.fault.empty()) co_return error(404, "not_found", found.fault);
    co_return of_group(group, found);
  }
  if (!resets && head.method != "POST") co_return wrong_method("GET, HEAD, POST, DELETE");
  Reply refused = refuse_change(head);
  if (refused.status != 0) co_return refused;
  runtime::TargetChange change;
  change.group = group;
  change.who = "the admin API from " + std::string(client.peer().with_port);
  change.when = std::chrono::system_clock::now();
  if (resets) {
    if (!is_empty(begun)) co_return error(400, "unexpected_body", "a reset takes no body");
  } else {
    const std::optional<std::string> body = co_await read_body(client, begun);
    if (!body) co_return error(413, "too_large", "this body is too long for a change");
    std::optional<Reply> fault = read_change(*body, change);
    if (fault) co_return std::move(*fault);
  }
  const server::TargetsChanged changed = co_await server.change_targets(change);
  co_return of_change(changed);
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
  std::optional<std::string> group = group_in(head.path);
  if (group) {
    Reply reply = co_await targets_of(server, client, body, *group);
    co_return reply;
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
