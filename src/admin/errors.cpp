#include <algorithm>
#include <charconv>

#include "routes.hpp"

namespace kanaria::admin {

net::Awaitable<Reply> errors_get(Call& call) {
  std::uint64_t after = 0;
  const std::string from = call.parameter("after");
  const auto [end, failed] = std::from_chars(from.data(), from.data() + from.size(), after);
  if (!from.empty() && (failed != std::errc() || end != from.data() + from.size()))
    co_return error(400, "bad_request", "after must be the sequence of an error");
  const std::string group = call.parameter("target_group");
  const auto& groups = call.server.snapshot().model().target_groups;
  if (!group.empty() && std::ranges::find(groups, group, &config::TargetGroup::name) == groups.end())
    co_return error(404, "not_found", runtime::unknown_group(call.server.snapshot().model(), group).message);
  const observe::ErrorLog& log = call.server.errors();
  Json body = {{"errors", Json::array()}, {"missed", log.missed()}};
  for (const observe::ErrorLog::Entry& entry : log.entries()) {
    if (entry.sequence <= after) continue;
    Json one = Json::parse(entry.line);
    if (!group.empty() && one["target_group"] != group) continue;
    one["sequence"] = entry.sequence;
    body["errors"].push_back(std::move(one));
  }
  co_return json(200, body);
}

}  // namespace kanaria::admin
