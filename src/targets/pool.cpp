#include "kanaria/targets/pool.hpp"

#include <cerrno>
#include <optional>

#include "kanaria/net/countdown.hpp"
#include "pool_state.hpp"

namespace kanaria::targets {

Pool::Pool(net::Loop& loop, observe::Counters& counters) : state_(std::make_unique<State>(loop, counters)) {}

Pool::~Pool() {
  close();
}

void Pool::set_shed_elsewhere(Shed shed) {
  state_->shed_elsewhere = std::move(shed);
}

AttemptPtr Pool::take(const Group& group, const Target& target, const AttemptTimeouts& timeouts) {
  const auto at = state_->by_target.find(&target);
  if (at == state_->by_target.end()) return nullptr;
  while (!at->second.empty()) {
    Connection& last = at->second.back();  // the one used last is the least likely to be closed by the target
    // The poller tells of what came in an earlier turn, not of what came in this one.
    if (!last.is_silent()) {
      delete &last;
      continue;
    }
    state_->take(last);
    last.begin(group, timeouts);
    return AttemptPtr(&last);
  }
  return nullptr;
}

net::Awaitable<Result<AttemptPtr>> Pool::connect(const Group& group, const Target& target,
                                                 const AttemptTimeouts& timeouts, http::Exchange* client) {
  const Time started = std::chrono::steady_clock::now();
  // Taken before the connection is made: two workers must not both see the last place.
  ConnectionPlace place = take_place(target, group.max_connections);
  for (net::Countdown pause(state_->loop, 1); !place;) {
    // Not all of them are in use, for this request was let in: idle ones make room.
    shed(target);
    if (state_->shed_elsewhere) co_await state_->shed_elsewhere(target);
    place = take_place(target, group.max_connections);
    if (place) break;
    if (std::chrono::steady_clock::now() - started >= timeouts.connect) co_return Error(Fault::ConnectTimeout);
    co_await pause.wait(kTickLength);
  }
  Result<int> descriptor = net::start_connect(target.endpoint);
  // A Unix socket whose queue is full says so at once; TCP would wait.
  while (!descriptor && descriptor.error().number == EAGAIN &&
         std::chrono::steady_clock::now() - started < timeouts.connect) {
    net::Countdown pause(state_->loop, 1);
    co_await pause.wait(kTickLength);
    descriptor = net::start_connect(target.endpoint);
  }
  if (!descriptor) co_return descriptor.error();
  auto connection = std::make_unique<Connection>(*this, target, std::move(place), *descriptor);
  std::optional<http::Watch> watch;
  if (client != nullptr) watch.emplace(*client, *connection);
  const Result<void> connected = co_await connection->stream().connected(Fault::ConnectTimeout, timeouts.connect);
  if (!connected) co_return connected.error();
  state_->counters.target(target.row).connected(std::chrono::steady_clock::now() - started);
  connection->begin(group, timeouts);
  co_return AttemptPtr(connection.release());
}

void Pool::State::take(Connection& connection) {
  by_age.erase(by_age.iterator_to(connection));
  auto& list = by_target[&connection.target()];
  list.erase(list.iterator_to(connection));
  --idle;
}

bool Pool::State::keep(Connection& connection) {
  const auto at = by_target.find(&connection.target());
  if (at == by_target.end()) return false;
  if (idle >= kMaxIdle) delete &by_age.front();
  at->second.push_back(connection);
  by_age.push_back(connection);
  ++idle;
  connection.wait_idle();
  return true;
}

void Pool::keep_only(const std::vector<std::shared_ptr<const Target>>& targets) {
  std::unordered_map<const Target*, State::List<TargetHook>> kept;
  for (const auto& target : targets) {
    auto& list = kept[target.get()];
    if (const auto at = state_->by_target.find(target.get()); at != state_->by_target.end()) list.swap(at->second);
  }
  state_->by_target.swap(kept);
  for (auto& [target, list] : kept)
    while (!list.empty()) delete &list.front();
}

void Pool::shed(const Target& target) {
  const auto at = state_->by_target.find(&target);
  while (at != state_->by_target.end() && !at->second.empty()) delete &at->second.front();
}

void Pool::abort(const Target& target, Fault fault) {
  for (auto at = state_->used.begin(); at != state_->used.end();) {
    Connection& connection = *at++;
    if (&connection.target() == &target) connection.abort(fault);
  }
}

void Pool::close() {
  keep_only({});
}

std::size_t Pool::idle() const {
  return state_->idle;
}

}  // namespace kanaria::targets
