#include <chrono>

#include "kanaria/config/diagnostic.hpp"
#include "kanaria/config/text.hpp"
#include "routes.hpp"
#include "targets_json.hpp"

namespace kanaria::admin {
namespace {

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
  return error(400, "unknown_action",
               "action must be register, drain, undrain or deregister, not " + config::in_quotes(word) +
                   config::did_you_mean(word, runtime::target_actions()));
}

Reply of_change(const server::Changed& changed) {
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

Json source_of(server::GroupTargets::Source source) {
  switch (source) {
    case server::GroupTargets::Source::File: return "file";
    case server::GroupTargets::Source::Hand: return "hand";
    case server::GroupTargets::Source::Leaving: return nullptr;
  }
  return nullptr;
}

net::Awaitable<Reply> change(Call& call, runtime::TargetChange change) {
  change.group = call.names[0];
  change.who = call.who;
  change.when = std::chrono::system_clock::now();
  const server::Changed changed = co_await call.server.change_targets(change);
  co_return of_change(changed);
}

}  // namespace

Json json_of(const std::string& group, const server::GroupTargets& found) {
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
  return body;
}

net::Awaitable<Reply> targets_get(Call& call) {
  const server::GroupTargets found = call.server.targets_of(call.names[0]);
  if (!found.fault.empty()) co_return error(404, "not_found", found.fault);
  co_return json(200, json_of(call.names[0], found));
}

net::Awaitable<Reply> targets_post(Call& call) {
  const std::optional<std::string> body = co_await read_body(call);
  if (!body) co_return error(413, "too_large", "this body is too long for a change");
  runtime::TargetChange wanted;
  std::optional<Reply> fault = read_change(*body, wanted);
  if (fault) co_return std::move(*fault);
  Reply reply = co_await change(call, std::move(wanted));
  co_return reply;
}

net::Awaitable<Reply> targets_delete(Call& call) {
  if (!is_empty(call.begun)) co_return error(400, "unexpected_body", "a reset takes no body");
  runtime::TargetChange reset;
  Reply reply = co_await change(call, std::move(reset));
  co_return reply;
}

}  // namespace kanaria::admin
