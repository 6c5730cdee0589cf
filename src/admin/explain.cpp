#include "kanaria/admin/explain.hpp"

#include <algorithm>
#include <boost/asio/ip/address.hpp>

#include "kanaria/base/fault_table.hpp"
#include "kanaria/config/address.hpp"
#include "kanaria/config/summary.hpp"
#include "kanaria/config/text.hpp"
#include "kanaria/http/admission.hpp"
#include "kanaria/http/parser.hpp"
#include "kanaria/rules/policy.hpp"
#include "routes.hpp"
#include "weights_json.hpp"

namespace kanaria::admin {
namespace {

struct Url {
  std::string authority;
  std::uint16_t port = 80;
  std::string target = "/";
};

/// None: it is no http URL.
std::optional<Url> parse_url(std::string_view text) {
  constexpr std::string_view kScheme = "http://";
  if (!text.starts_with(kScheme)) return std::nullopt;
  text.remove_prefix(kScheme.size());
  const std::size_t end = std::min(text.find_first_of("/?"), text.size());
  Url url;
  url.authority = text.substr(0, end);
  if (url.authority.empty()) return std::nullopt;
  text.remove_prefix(end);
  if (!text.empty()) url.target = (text.starts_with('/') ? "" : "/") + std::string(text.substr(0, text.find('#')));
  const config::HostAndPort parts = config::split_host_and_port(url.authority);
  if (parts.port) url.port = config::parse_port(*parts.port);
  if (url.port == 0) return std::nullopt;
  return url;
}

/// As a client would send it.
std::string head_of(const std::string& method, const Url& url, std::string_view headers) {
  std::string fields;
  bool has_host = false;
  while (!headers.empty()) {
    const std::size_t end = std::min(headers.find('\n'), headers.size());
    const std::string_view line = headers.substr(0, end);
    headers.remove_prefix(std::min(end + 1, headers.size()));
    has_host = has_host || http::iequals(line.substr(0, line.find(':')), "host");
    fields += std::string(line) + "\r\n";
  }
  return method + " " + url.target + " HTTP/1.1\r\n" + (has_host ? "" : "Host: " + url.authority + "\r\n") + fields +
         "\r\n";
}

/// The index of the listener of that name or, without one, of the first at that port.
std::optional<std::size_t> find_listener(const config::Model& model, const std::string& name, std::uint16_t port) {
  for (std::size_t i = 0; i < model.listeners.size(); ++i) {
    const config::Listener& one = model.listeners[i];
    if (name.empty() ? one.port == port : one.name == name) return i;
  }
  return std::nullopt;
}

Json answers(Fault fault) {
  return {{"status", row_of(fault).status}, {"fault", row_of(fault).word}};
}

/// What the rule does with the request beyond its weights.
void add_action(Json& body, const rules::Rule& rule, const http::RequestHead& head,
                const boost::asio::ip::address& peer, const config::Model& model, std::uint16_t port) {
  BlockPool blocks;
  Arena arena(blocks);
  if (const auto* const redirect = std::get_if<rules::Redirect>(&rule.action())) {
    const Result<std::string_view> location = redirect->location(head, "http", port, arena);
    if (location) {
      body["location"] = *location;
    } else {
      body["answers"] = answers(location.error().fault);
    }
  }
  if (!std::holds_alternative<rules::Forward>(rule.action())) return;
  http::Rewritten rewritten;
  const Result<void> done = rule.rewrite(head, 0, arena, rewritten);
  if (done) {
    body["sends"] = head_for_target(head, peer, model.load_balancer, port, rewritten);
  } else {
    body["answers"] = answers(done.error().fault);
  }
}

}  // namespace

std::vector<std::string> head_for_target(const http::RequestHead& head, const boost::asio::ip::address& peer,
                                         const config::LoadBalancer& settings, std::uint16_t port,
                                         const http::Rewritten& rewritten) {
  constexpr std::string_view kLineEnd = "\r\n";
  constexpr std::string_view kAnyPort = ":40000";  // the client's port is not known here
  const std::string address = peer.to_string();
  const std::string with_port = (peer.is_v6() ? '[' + address + ']' : address) + std::string(kAnyPort);
  BlockPool blocks;
  Arena arena(blocks);
  Random random;
  http::RequestHead out;
  std::string_view trace_id;
  const http::ForwardingPolicy policy = rules::forwarding_policy(settings, port);
  http::make_request(head, {address, with_port, {}}, policy, rewritten, std::chrono::system_clock::now(), random, arena,
                     out, trace_id);
  std::vector<std::string> lines;
  for (std::string_view rest = http::write_head(out, arena); rest.find(kLineEnd) > 0;) {
    const std::size_t end = rest.find(kLineEnd);
    lines.emplace_back(rest.substr(0, end));
    rest.remove_prefix(end + kLineEnd.size());
  }
  return lines;
}

net::Awaitable<Reply> explain_get(Call& call) {
  const std::string method = call.parameter("method");
  const std::optional<Url> url = parse_url(call.parameter("url"));
  if (method.empty() || !url)
    co_return error(400, "bad_request", "method and url are wanted, as GET and http://host:port/path");
  boost::system::error_code failed;
  const std::string from = call.parameter("from");
  const auto peer = boost::asio::ip::make_address(from.empty() ? "127.0.0.1" : from, failed);
  if (failed) co_return error(400, "bad_request", "from must be an IP address, not " + config::in_quotes(from));
  const runtime::Snapshot& snapshot = call.server.snapshot();
  const auto index = find_listener(snapshot.model(), call.parameter("listener"), url->port);
  if (!index)
    co_return error(404, "not_found", "there is no such listener, or none at port " + std::to_string(url->port));

  const config::Listener& listener = snapshot.model().listeners[*index];
  Json body = {{"listener", listener.name}, {"answers", nullptr},  {"rules", Json::array()}, {"not_reached", 0},
               {"action", nullptr},         {"location", nullptr}, {"sends", nullptr},       {"weights", nullptr}};
  const std::string bytes = head_of(method, *url, call.parameter("headers"));
  http::RequestParser parser;
  const http::HeadProgress progress = parser.parse_head(bytes);
  Fault refused = progress.step == http::Step::Refused ? progress.fault : Fault::None;
  if (refused == Fault::None && (progress.step != http::Step::Done || progress.consumed != bytes.size()))
    refused = Fault::MalformedRequest;
  http::RequestHead head;
  if (refused == Fault::None) {
    head = parser.head();
    refused = http::admit(rules::connection_policy(snapshot.settings()).admission, head);
  }
  if (refused != Fault::None) {
    body["answers"] = answers(refused);
    co_return json(200, body);
  }
  const rules::RuleTable& table = *snapshot.listeners()[*index].rules;
  const std::vector<rules::Verdict> verdicts = table.explain({head, peer});
  for (const rules::Verdict& verdict : verdicts)
    body["rules"].push_back({{"rule", verdict.rule->name()},
                             {"priority", verdict.rule->priority()},
                             {"matches", verdict.matches},
                             {"reasons", verdict.reasons}});
  body["not_reached"] = table.rules().size() - verdicts.size();
  const std::string rule(verdicts.back().rule->name());
  const auto written = std::ranges::find(listener.rules, rule, &config::Rule::name);
  body["action"] = config::summary((written == listener.rules.end() ? listener.default_rule : *written).action);
  add_action(body, *verdicts.back().rule, head, peer, snapshot.model(), listener.port);
  runtime::OverrideFault not_forwarding;
  const auto weights = call.server.weights_of(listener.name, rule, not_forwarding);
  if (weights) body["weights"] = json_of(*weights, 60);
  co_return json(200, body);
}

}  // namespace kanaria::admin
