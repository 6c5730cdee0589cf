// The daemon as a whole: is it alive, is it ready, its metrics, its reload.
#include "routes.hpp"

namespace kanaria::admin {
namespace {

Reply of_reload(const server::Reloaded& reloaded) {
  if (reloaded.faults.empty()) return json(200, {{"changes", reloaded.changes}, {"warnings", reloaded.warnings}});
  const bool faulty = reloaded.status == runtime::Outcome::Status::Faulty;
  Json body = {{"error", {{"code", faulty ? "invalid_configuration" : "refused"}, {"message", "nothing was changed"}}}};
  body["error"]["faults"] = reloaded.faults;
  return json(faulty ? 422 : 409, body);
}

}  // namespace

net::Awaitable<Reply> process_healthz(Call&) {
  co_return text(200, "ok\n");
}

net::Awaitable<Reply> process_readyz(Call& call) {
  co_return call.server.ready() ? text(200, "ready\n") : text(503, "not ready\n");
}

net::Awaitable<Reply> process_metrics(Call& call) {
  co_return Reply{200, "text/plain; version=0.0.4; charset=utf-8", call.server.metrics()};
}

net::Awaitable<Reply> process_reload(Call& call) {
  if (!is_empty(call.begun)) co_return error(400, "unexpected_body", "reload takes no body");
  for (const auto& [name, value] : call.parameters)
    if (value != "1" && value != "0") co_return error(400, "bad_request", name + " must be 1 or 0");
  runtime::ChangeOptions options;
  options.who = call.who;
  options.dry_run = call.flag("dry_run");
  options.force = call.flag("force");
  options.reset_overrides = call.flag("reset_overrides");
  const server::Reloaded reloaded = co_await call.server.reload(std::move(options));
  co_return of_reload(reloaded);
}

}  // namespace kanaria::admin
