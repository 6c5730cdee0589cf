#include <algorithm>
#include <chrono>
#include <iterator>
#include <set>

#include "kanaria/config/text.hpp"
#include "routes.hpp"
#include "weights_json.hpp"

namespace kanaria::admin {
namespace {

using namespace std::chrono_literals;

Reply with_etag(Reply reply, const server::RuleWeights& weights) {
  reply.etag = '"' + weights.generation.id + '"';
  return reply;
}

/// The generations of an If-Match field, RFC 9110 §13.1.1; weak ones never match.
std::vector<std::string> generations_in(std::string_view field) {
  std::vector<std::string> found;
  while (!field.empty()) {
    const std::size_t end = std::min(field.find(','), field.size());
    std::string_view one = field.substr(0, end);
    field.remove_prefix(std::min(end + 1, field.size()));
    one.remove_prefix(std::min(one.find_first_not_of(" \t"), one.size()));
    one = one.substr(0, one.find_last_not_of(" \t") + 1);
    const bool is_quoted = one.size() > 2 && one.starts_with('"') && one.ends_with('"');
    found.emplace_back(is_quoted ? one.substr(1, one.size() - 2) : std::string_view());
  }
  return found;
}

/// The one that the change is bound to; none: unconditional.
std::optional<std::string> expected_generation(const Call& call) {
  std::vector<std::string> listed;
  bool is_bound = false;
  for (const http::Field& field : call.client.head().fields) {
    if (!http::iequals(field.name, "If-Match") || field.value == "*") continue;
    is_bound = true;
    std::ranges::move(generations_in(field.value), std::back_inserter(listed));
  }
  if (!is_bound) return std::nullopt;
  runtime::OverrideFault unknown;
  const auto now = call.server.weights_of(call.names[0], call.names[1], unknown);
  const bool matches = now && std::ranges::find(listed, now->generation.id) != listed.end();
  return matches ? now->generation.id : "";  // the store looks again: somebody may be before us
}

/// {"app-main": 50, "app-canary": 50}. None: it is something else.
std::optional<runtime::Weights> parse_weights(const std::string& body) {
  std::set<std::string> names;
  bool is_twice = false;
  const auto see = [&](int, Json::parse_event_t event, Json& parsed) {
    if (event == Json::parse_event_t::key && !names.insert(parsed.get<std::string>()).second) is_twice = true;
    return true;
  };
  const Json written = Json::parse(body, see, false);
  if (is_twice || !written.is_object() || written.empty()) return std::nullopt;
  runtime::Weights weights;
  for (const auto& [group, weight] : written.items()) {
    if (!weight.is_number_integer()) return std::nullopt;
    // Beyond what an int holds it is out of range in any case, and is refused as such.
    weights.emplace_back(group, static_cast<int>(std::clamp<std::int64_t>(weight.get<std::int64_t>(), -1, 1'000'000)));
  }
  return weights;
}

Reply of_changed(const server::WeightsChanged& result) {
  using Status = runtime::Outcome::Status;
  const server::Changed& changed = result.changed;
  if (changed.faults.empty()) {
    Json body = {{"changes", changed.changes}, {"warnings", changed.warnings}};
    if (!result.now) return json(200, body);
    body["weights"] = json_of(*result.now, 0);
    return with_etag(json(200, body), *result.now);
  }
  std::string message;
  for (const std::string& fault : changed.faults) message += (message.empty() ? "" : "; ") + fault;
  switch (changed.status) {
    case Status::Unknown: return error(404, "not_found", message);
    case Status::Faulty: return error(422, "invalid_weights", message);
    case Status::Stale: {
      Reply reply = error(412, "stale_generation", message);
      return result.now ? with_etag(std::move(reply), *result.now) : reply;
    }
    default: return error(409, "refused", message);
  }
}

net::Awaitable<Reply> change(Call& call, runtime::WeightChange change) {
  change.listener = call.names[0];
  change.rule = call.names[1];
  change.who = call.who;
  change.generation = expected_generation(call);
  const server::WeightsChanged result = co_await call.server.change_weights(change);
  co_return of_changed(result);
}

}  // namespace

Json json_of(const server::RuleWeights& weights, double window) {
  int total = 0;
  std::uint64_t chosen = 0;
  for (const server::RuleWeights::Group& group : weights.groups) {
    total += group.weight;
    chosen += group.traffic.chosen;
  }
  const auto part = [](auto of, auto all) {
    return all == 0 ? 0.0 : static_cast<double>(of) / static_cast<double>(all);
  };
  Json body = {{"rule", weights.name},
               {"decided_by", !weights.rollout.empty() ? "rollout"
                              : weights.override       ? "override"
                                                       : "file"},
               {"generation", weights.generation.id},
               {"changed_by", weights.generation.who},
               {"changed_at", text_of(weights.generation.when)},
               {"target_groups", Json::array()}};
  for (const server::RuleWeights::Group& group : weights.groups) {
    Json one = {{"target_group", group.name},       {"weight", group.weight},   {"share", part(group.weight, total)},
                {"file_weight", group.file_weight}, {"targets", group.targets}, {"healthy", group.healthy}};
    if (window > 0) {
      const server::Traffic& traffic = group.traffic;
      one["recent"] = {{"requests", traffic.requests},
                       {"share", chosen == 0 ? Json() : Json(part(traffic.chosen, chosen))},
                       {"requests_per_second", static_cast<double>(traffic.requests) / window},
                       {"errors", part(traffic.errors, traffic.requests)},
                       {"p50", traffic.p50 ? Json(*traffic.p50) : Json()},
                       {"p99", traffic.p99 ? Json(*traffic.p99) : Json()}};
    }
    body["target_groups"].push_back(std::move(one));
  }
  body["override"] = nullptr;
  if (weights.override) {
    const runtime::WeightOverride& ours = *weights.override;
    body["override"] = {{"who", ours.who},
                        {"when", text_of(ours.when)},
                        {"until", ours.until ? Json(text_of(*ours.until)) : Json()},
                        {"seconds_left", nullptr},
                        {"reason", ours.reason},
                        {"line", weights.at.line},
                        {"column", weights.at.column}};
  }
  if (weights.override && weights.override->until) {
    const auto left = *weights.override->until - std::chrono::system_clock::now();
    body["override"]["seconds_left"] = std::max<std::int64_t>(0, std::chrono::ceil<std::chrono::seconds>(left).count());
  }
  body["rollout"] = nullptr;
  if (!weights.rollout.empty())
    body["rollout"] = {{"name", weights.rollout},
                       {"phase", weights.rollout_phase},
                       {"step", weights.rollout_step},
                       {"steps", weights.rollout_steps}};
  return body;
}

net::Awaitable<Reply> weights_get(Call& call) {
  runtime::OverrideFault fault;
  const auto weights = call.server.weights_of(call.names[0], call.names[1], fault);
  if (!weights) {
    const bool is_unknown = fault.kind == runtime::OverrideFault::Kind::Unknown;
    co_return error(is_unknown ? 404 : 422, is_unknown ? "not_found" : "no_weights", fault.message);
  }
  co_return with_etag(json(200, json_of(*weights, 60)), *weights);
}

net::Awaitable<Reply> weights_put(Call& call) {
  runtime::WeightChange wanted;
  wanted.when = std::chrono::system_clock::now();
  wanted.reason = call.parameter("reason");
  if (call.parameters.contains("for")) {
    std::string fault;
    const auto length = config::parse_duration("for", call.parameter("for"), 1s, runtime::kLongestOverride, fault);
    if (!length) co_return error(400, "bad_request", fault);
    wanted.until = wanted.when + *length;
  }
  const std::optional<std::string> body = co_await read_body(call);
  if (!body) co_return error(413, "too_large", "this body is too long for a change");
  wanted.weights = parse_weights(*body);
  if (!wanted.weights)
    co_return error(400, "bad_request",
                    R"(the body must be {"app-main": 50, "app-canary": 50}: all groups of the rule)");
  Reply reply = co_await change(call, std::move(wanted));
  co_return reply;
}

net::Awaitable<Reply> weights_delete(Call& call) {
  if (!is_empty(call.begun)) co_return error(400, "unexpected_body", "a reset takes no body");
  runtime::WeightChange reset;
  reset.when = std::chrono::system_clock::now();
  Reply reply = co_await change(call, std::move(reset));
  co_return reply;
}

}  // namespace kanaria::admin
