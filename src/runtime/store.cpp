#include "kanaria/runtime/store.hpp"

#include <algorithm>

#include "kanaria/config/print.hpp"
#include "kanaria/config/validate.hpp"
#include "kanaria/runtime/cookie_keys.hpp"

namespace kanaria::runtime {
namespace {

/// What can't change while the daemon runs.
void refuse_restarts(const config::Model& before, const config::Model& after, config::Diagnostics& diagnostics) {
  if (before.workers != after.workers)
    diagnostics.error({}, "workers", "workers can't be changed by a reload; restart kanaria");
  if (!(before.admin == after.admin))
    diagnostics.error(after.admin.at, "admin", "admin can't be changed by a reload; restart kanaria");
}

/// Has the rule's traffic nowhere to go? Other actions than forward, and weights that are all 0, are the operator's
/// word.
bool lacks_target(const config::Rule& rule, const config::Model& model) {
  const auto* const forward = std::get_if<config::Forward>(&rule.action.of);
  if (forward == nullptr) return false;
  bool weighted = false;
  for (const config::WeightedGroup& group : forward->target_groups) {
    if (group.weight == 0) continue;
    weighted = true;
    const auto named = std::ranges::find(model.target_groups, group.name.value, &config::TargetGroup::name);
    if (!std::ranges::all_of(named->targets, &config::Target::drained)) return false;
  }
  return weighted;
}

const config::Rule* find_rule(const config::Model& model, const std::string& listener, const std::string& rule) {
  const auto at = std::ranges::find(model.listeners, listener, &config::Listener::name);
  if (at == model.listeners.end()) return nullptr;
  if (rule == at->default_rule.name) return &at->default_rule;
  const auto named = std::ranges::find(at->rules, rule, &config::Rule::name);
  return named == at->rules.end() ? nullptr : &*named;
}

/// A change that takes a rule's last target away is more likely a slip than a wish.
void refuse_lost_targets(const config::Model& before, const config::Model& after, config::Diagnostics& diagnostics) {
  const auto check = [&](const config::Listener& listener, const config::Rule& rule) {
    if (!lacks_target(rule, after)) return;
    const config::Rule* const was = find_rule(before, listener.name, rule.name);
    if (was == nullptr || lacks_target(*was, before)) return;
    const std::string name = listener.name + "/" + rule.name;
    diagnostics.error(
        rule.action.at, name,
        "rule " + name + " would be left without a target behind a positive weight; --force is not available yet");
  };
  for (const config::Listener& listener : after.listeners) {
    for (const config::Rule& rule : listener.rules) check(listener, rule);
    check(listener, listener.default_rule);
  }
}

/// What was changed by hand about a group ends with it.
void forget_gone(TargetOverrides& overrides, const config::Model& file, config::Diagnostics& diagnostics) {
  std::erase_if(overrides, [&](const auto& ours) {
    const bool stays =
        std::ranges::find(file.target_groups, ours.first, &config::TargetGroup::name) != file.target_groups.end();
    if (!stays)
      diagnostics.warning(
          {}, "target_groups",
          "target group " + ours.first + " is gone, and what was changed by hand about its targets with it");
    return !stays;
  });
}

}  // namespace

Store::Store(net::Loop& control, net::Blocking& blocking, Publisher& publisher, observe::Metrics& metrics,
             targets::TargetTable& table, Names& names, unsigned workers)
    : control_(control),
      blocking_(blocking),
      publisher_(publisher),
      metrics_(metrics),
      table_(table),
      names_(names),
      workers_(workers) {}

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
  if (closed_) {
    outcome.status = Outcome::Status::Refused;
    outcome.diagnostics.error({}, "", "kanaria is stopping");
  } else if (current_ && expected_revision && *expected_revision != current_->revision()) {
    outcome.status = Outcome::Status::Refused;
    outcome.diagnostics.error({}, "", "the configuration has changed meanwhile");
  } else {
    Wanted wanted{edit(wanted_.file), wanted_.overrides};
    forget_gone(wanted.overrides, *wanted.file, outcome.diagnostics);
    co_await apply(wanted, outcome);
  }
  if (current_) outcome.revision = current_->revision();
  next_turn();
  co_return outcome;
}

net::Awaitable<Outcome> Store::override_targets(const TargetChange& change) {
  co_await turn();
  Outcome outcome;
  Wanted wanted = wanted_;
  if (closed_ || !current_) {
    outcome.status = Outcome::Status::Refused;
    outcome.diagnostics.error({}, "", closed_ ? "kanaria is stopping" : "kanaria is starting");
  } else if (const auto fault = runtime::change(wanted.overrides, *wanted.file, change)) {
    outcome.status = fault->is_unknown ? Outcome::Status::Unknown : Outcome::Status::Faulty;
    outcome.diagnostics.error({}, change.group, fault->message);
  } else {
    co_await apply(wanted, outcome);
  }
  if (current_) outcome.revision = current_->revision();
  next_turn();
  co_return outcome;
}

net::Awaitable<void> Store::close() {
  co_await turn();
  closed_ = true;
  next_turn();
}

net::Awaitable<void> Store::apply(const Wanted& wanted, Outcome& outcome) {
  config::Diagnostics& diagnostics = outcome.diagnostics;
  const std::shared_ptr<const config::Model> next = in_force(wanted.overrides, wanted.file);
  auto examine = [&] { return config::validate(*next, diagnostics), !diagnostics.has_errors(); };
  const bool is_valid = co_await blocking_.run(control_, examine);
  if (!is_valid) {
    outcome.status = Outcome::Status::Faulty;
    co_return;
  }
  const Names::Wanted names = names_of(*next);
  co_await names_.look_up(names);
  const std::map<std::string, Known> known = names_.known();  // control's own goes on changing meanwhile
  const std::shared_ptr<const cookies::KeyRing> keys = current_ ? current_->keys() : nullptr;
  const bool is_reload = wanted.file != wanted_.file;
  auto work = [&] {
    Prepared made = prepare(next, workers_, current_.get(), known, diagnostics);
    made.keys = keys;
    if (is_reload && !diagnostics.has_errors())
      made.keys = find_cookie_keys(*next, Missing::Make, workers_, keys, diagnostics);
    return made;
  };
  Prepared prepared = co_await blocking_.run(control_, work);
  if (diagnostics.has_errors()) {
    outcome.status = Outcome::Status::Faulty;
    co_return;
  }
  if (current_) {
    outcome.changes = config::differences(current_->model(), *next);
    const std::string rotated = describe_change(keys.get(), prepared.keys.get());
    if (!rotated.empty()) outcome.changes.push_back(rotated);
    refuse_restarts(current_->model(), *next, diagnostics);
    refuse_lost_targets(current_->model(), *next, diagnostics);
  }
  std::vector<std::uint32_t> bindings;
  if (!diagnostics.has_errors()) bindings = publisher_.bind(*next, diagnostics);
  if (diagnostics.has_errors()) {
    outcome.status = Outcome::Status::Refused;
    co_return;
  }
  current_ = compile(std::move(prepared), bindings, current_.get(), metrics_, table_);
  co_await publisher_.publish(current_);
  names_.set(names);
  wanted_ = wanted;
  outcome.status = outcome.changes.empty() ? Outcome::Status::Unchanged : Outcome::Status::Applied;
}

}  // namespace kanaria::runtime
