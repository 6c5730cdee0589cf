#include "kanaria/runtime/store.hpp"

#include "kanaria/config/print.hpp"
#include "kanaria/config/validate.hpp"

namespace kanaria::runtime {
namespace {

/// What can't change while the daemon runs; empty: nothing of it does.
std::string restart_needed(const config::Model& before, const config::Model& after) {
  if (before.workers != after.workers) return "workers can't be changed by a reload; restart kanaria";
  if (!(before.admin == after.admin)) return "admin can't be changed by a reload; restart kanaria";
  return {};
}

}  // namespace

Store::Store(net::Loop& control, net::Blocking& blocking, Publisher& publisher, observe::Metrics& metrics,
             unsigned workers)
    : control_(control), blocking_(blocking), publisher_(publisher), metrics_(metrics), workers_(workers) {}

net::Awaitable<void> Store::turn() {
  if (!busy_) {
    busy_ = true;
    co_return;
  }
  const auto mine = waiting_.emplace(waiting_.end());
  co_await mine->wait();
  waiting_.erase(mine);  // busy_ was left to us
}

void Store::next_turn() {
  if (waiting_.empty()) {
    busy_ = false;
    return;
  }
  control_.post([&event = waiting_.front()] { event.notify(); });
}

net::Awaitable<Outcome> Store::change(const Edit& edit, std::optional<std::uint64_t> expected_revision) {
  co_await turn();
  Outcome outcome;
  if (current_ && expected_revision && *expected_revision != current_->revision()) {
    outcome.status = Outcome::Status::Refused;
    outcome.refusal = "the configuration has changed meanwhile";
  } else {
    std::shared_ptr<const config::Model> next = edit(current_ ? &current_->model() : nullptr);
    co_await apply(std::move(next), outcome);
  }
  if (current_) outcome.revision = current_->revision();
  next_turn();
  co_return outcome;
}

net::Awaitable<void> Store::apply(std::shared_ptr<const config::Model> next, Outcome& outcome) {
  if (current_) {
    outcome.changes = config::differences(current_->model(), *next);
    outcome.refusal = restart_needed(current_->model(), *next);
  }
  auto work = [&] {
    config::validate(*next, outcome.diagnostics);
    if (outcome.diagnostics.has_errors()) return Prepared();
    return prepare(next, workers_, current_.get(), outcome.diagnostics);
  };
  if (outcome.refusal.empty()) {
    Prepared prepared = co_await blocking_.run(control_, work);
    outcome.warnings = prepared.warnings;
    if (outcome.diagnostics.has_errors()) {
      outcome.status = Outcome::Status::Faulty;
      co_return;
    }
    std::vector<std::uint32_t> bindings;
    outcome.refusal = publisher_.bind(*next, bindings);
    if (outcome.refusal.empty()) {
      current_ = compile(std::move(prepared), bindings, current_.get(), metrics_);
      co_await publisher_.publish(current_);
      outcome.status = outcome.changes.empty() ? Outcome::Status::Unchanged : Outcome::Status::Applied;
      co_return;
    }
  }
  outcome.status = Outcome::Status::Refused;
}

}  // namespace kanaria::runtime
