#include "kanaria/runtime/store.hpp"

#include <algorithm>
#include <cstdio>

#include "kanaria/base/random.hpp"
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
  if (before.state_dir != after.state_dir)
    diagnostics.error(after.state_dir ? after.state_dir->at : config::Position(), "state_dir",
                      "state_dir can't be changed by a reload; restart kanaria");
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

/// Had a group of the rule's weights a target before?
bool had_target(const config::Forward& forward, const config::Model& before) {
  return std::ranges::any_of(forward.target_groups, [&](const config::WeightedGroup& group) {
    const auto named = std::ranges::find(before.target_groups, group.name.value, &config::TargetGroup::name);
    return group.weight > 0 && named != before.target_groups.end() &&
           !std::ranges::all_of(named->targets, &config::Target::drained);
  });
}

/// A change that takes a rule's last target away is more likely a slip than a wish; under another name it is still one.
void check_lost_targets(const config::Model& before, const config::Model& after, const ChangeOptions& options,
                        config::Diagnostics& diagnostics) {
  for_each_forward(after, [&](const std::string& name, const config::Rule& rule, const config::Forward& forward) {
    if (!lacks_target(rule, after)) return;
    const std::size_t slash = name.find('/');
    OverrideFault unknown;
    const config::Rule* const was = find_rule(before, name.substr(0, slash), name.substr(slash + 1), unknown);
    if (was == nullptr ? !had_target(forward, before) : lacks_target(*was, before)) return;
    if (options.force) {
      diagnostics.warning(rule.action.at, name, "rule " + name + " is without a target behind a positive weight");
    } else {
      diagnostics.error(rule.action.at, name,
                        "rule " + name + " would be left without a target behind a positive weight; " + options.remedy);
    }
  });
}

/// Rules whose weights the operator edits while a rollout owns them.
void warn_of_owned(const config::Model& before, const config::Model& after, const RolloutShares& shares,
                   config::Diagnostics& diagnostics) {
  for_each_forward(after, [&](const std::string& name, const config::Rule& rule, const config::Forward& forward) {
    const auto share = shares.find(name);
    if (share == shares.end() || !share->second.weight) return;
    const std::size_t slash = name.find('/');
    OverrideFault unknown;
    const config::Rule* const was = find_rule(before, name.substr(0, slash), name.substr(slash + 1), unknown);
    const auto* const old = was == nullptr ? nullptr : std::get_if<config::Forward>(&was->action.of);
    if (old == nullptr || old->target_groups == forward.target_groups) return;
    diagnostics.warning(rule.action.at, name,
                        "the weights of rule " + name + " were edited, but rollout " + share->second.rollout +
                            " decides them: its share stays");
  });
}

/// Of several processes one after the other.
std::string draw_process_id() {
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(secure_random()));
  return std::string(digits, 8);
}

void refuse(Outcome& outcome, Outcome::Status status, std::string_view path, std::string_view message) {
  outcome.status = status;
  outcome.diagnostics.error({}, path, message);
}

void refuse(Outcome& outcome, std::string_view path, const OverrideFault& fault) {
  using Kind = OverrideFault::Kind;
  const auto status = fault.kind == Kind::Unknown ? Outcome::Status::Unknown
                      : fault.kind == Kind::Stale ? Outcome::Status::Stale
                                                  : Outcome::Status::Faulty;
  refuse(outcome, status, path, fault.message);
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
      workers_(workers),
      process_(draw_process_id()) {}

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

void Store::restore(Overrides overrides) {
  kept_ = to_text(overrides);
  wanted_.overrides = std::move(overrides);
}

const Generation* Store::generation(const std::string& rule) const {
  const auto found = generations_.find(rule);
  return found == generations_.end() ? nullptr : &found->second;
}

net::Awaitable<Outcome> Store::carry_out(const EditWanted& edit, const ChangeOptions& options, const Hooks& hooks) {
  co_await turn();
  Outcome outcome;
  if (closed_) {
    refuse(outcome, Outcome::Status::Refused, "", "kanaria is stopping");
  } else {
    Wanted wanted = wanted_;
    edit(wanted, outcome);
    const bool steers_nothing = hooks.steers && wanted.shares == wanted_.shares;
    if (outcome.diagnostics.has_errors()) {
      // Nothing is changed.
    } else if (steers_nothing) {  // other steps or words, but no request goes another way
      if (hooks.before) co_await hooks.before();
      if (hooks.adopt) hooks.adopt();
    } else {
      co_await apply(wanted, options, hooks, outcome);
    }
  }
  if (current_) outcome.revision = current_->revision();
  next_turn();
  co_return outcome;
}

net::Awaitable<Outcome> Store::change(const Edit& edit, const ChangeOptions& options) {
  bool follows = false;
  const EditWanted change_file = [&](Wanted& wanted, Outcome& outcome) {
    wanted.file = edit(wanted.file);
    if (options.reset_overrides) wanted.overrides = {};
    forget_gone(wanted.overrides, *wanted.file, outcome.diagnostics);
    follows = steering_ != nullptr && wanted.file != wanted_.file;  // a name's new addresses are none of its business
    if (!follows) return;
    wanted.shares = steering_->follow(*wanted.file);
    if (wanted_.file) warn_of_owned(*wanted_.file, *wanted.file, wanted.shares, outcome.diagnostics);
  };
  Hooks hooks;
  hooks.adopt = [&] {
    if (follows) steering_->adopt();
  };
  Outcome outcome = co_await carry_out(change_file, options, hooks);
  co_return outcome;
}

net::Awaitable<Outcome> Store::override_targets(const TargetChange& change) {
  const EditWanted change_targets = [&](Wanted& wanted, Outcome& outcome) {
    if (!current_) return refuse(outcome, Outcome::Status::Refused, "", "kanaria is starting");
    const auto fault = runtime::change(wanted.overrides.targets, *wanted.file, change);
    if (fault) refuse(outcome, change.group, *fault);
  };
  ChangeOptions options{change.who, change.when};
  options.remedy = "give the rule other weights first";
  const Hooks nothing;
  Outcome outcome = co_await carry_out(change_targets, options, nothing);
  co_return outcome;
}

net::Awaitable<Outcome> Store::override_weights(const WeightChange& change) {
  const EditWanted change_weights = [&](Wanted& wanted, Outcome& outcome) {
    if (!current_) return refuse(outcome, Outcome::Status::Refused, "", "kanaria is starting");
    const auto owner = wanted.shares.find(change.name());
    if (owner != wanted.shares.end() && owner->second.weight)
      return refuse(outcome, Outcome::Status::Refused, change.name(),
                    "rollout " + owner->second.rollout + " decides the weights of " + change.name() +
                        ": kanaria rollout set-weight " + owner->second.rollout +
                        " N% changes the canary's share, kanaria rollout abort " + owner->second.rollout +
                        " takes it back");
    const Generation* const now = generation(change.name());
    if (change.generation && now != nullptr && *change.generation != now->id)
      return refuse(outcome, Outcome::Status::Stale, change.name(),
                    "the weights of " + change.name() + " have been changed meanwhile, by " + now->who);
    const auto fault = runtime::change(wanted.overrides.weights, *wanted.file, change);
    if (fault) refuse(outcome, change.name(), *fault);
  };
  ChangeOptions options{change.who, change.when};
  options.force = true;  // as when all weights are 0: the operator's word
  const Hooks nothing;
  Outcome outcome = co_await carry_out(change_weights, options, nothing);
  co_return outcome;
}

net::Awaitable<Outcome> Store::end_expired(WallTime now, std::vector<std::string>& ended) {
  const EditWanted end = [&](Wanted& wanted, Outcome&) {
    std::erase_if(wanted.overrides.weights, [&](const auto& ours) {
      const bool is_over = ours.second.until && *ours.second.until <= now;
      if (is_over) ended.push_back(ours.first);
      return is_over;
    });
  };
  ChangeOptions options{"the end of an override's time", now};
  options.force = true;
  const Hooks nothing;
  Outcome outcome = co_await carry_out(end, options, nothing);
  co_return outcome;
}

net::Awaitable<Outcome> Store::steer(const Steer& steer, const ChangeOptions& options) {
  const EditWanted change_shares = [&](Wanted& wanted, Outcome& outcome) {
    if (!current_) return refuse(outcome, Outcome::Status::Refused, "", "kanaria is starting");
    steer.edit(*wanted.file, wanted.shares, outcome);
  };
  const Hooks hooks{steer.before, steer.adopt, true};
  Outcome outcome = co_await carry_out(change_shares, options, hooks);
  co_return outcome;
}

net::Awaitable<void> Store::close() {
  co_await turn();
  closed_ = true;
  next_turn();
}

net::Awaitable<void> Store::apply(const Wanted& wanted, const ChangeOptions& options, const Hooks& hooks,
                                  Outcome& outcome) {
  config::Diagnostics& diagnostics = outcome.diagnostics;
  const std::shared_ptr<const config::Model> next =
      with_shares(wanted.shares, in_force(wanted.overrides, read_by_role(wanted.shares, wanted.file)));
  // What is written, and not what rollouts and their roles make of it: a canary with a share isn't at rest.
  const std::shared_ptr<const config::Model> written = in_force(wanted.overrides, wanted.file);
  auto examine = [&] { return config::validate(*written, diagnostics), !diagnostics.has_errors(); };
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
    check_lost_targets(current_->model(), *next, options, diagnostics);
  }
  std::vector<std::uint32_t> bindings;
  if (!diagnostics.has_errors() && options.dry_run) {
    outcome.status = outcome.changes.empty() ? Outcome::Status::Unchanged : Outcome::Status::Applied;
    co_return;
  }
  if (!diagnostics.has_errors() && hooks.before) co_await hooks.before();
  if (!diagnostics.has_errors()) bindings = publisher_.bind(*next, diagnostics);
  if (diagnostics.has_errors()) {
    outcome.status = Outcome::Status::Refused;
    co_return;
  }
  const std::shared_ptr<const Snapshot> former = current_;
  // All of it before anybody else runs: who asks while the workers are told must not meet a rule of one and its groups
  // of the other.
  current_ = compile(std::move(prepared), bindings, current_.get(), metrics_, table_, wanted.shares);
  count_generations(former ? former->model() : config::Model(), wanted, options);
  wanted_ = wanted;
  if (hooks.adopt) hooks.adopt();
  co_await publisher_.publish(current_);
  names_.set(names);
  co_await keep(wanted.overrides, *next, diagnostics);
  outcome.status = outcome.changes.empty() ? Outcome::Status::Unchanged : Outcome::Status::Applied;
}

/// After the change is in force: whoever takes a canary's traffic away must not wait for a disk.
net::Awaitable<void> Store::keep(const Overrides& overrides, const config::Model& model,
                                 config::Diagnostics& diagnostics) {
  if (!model.state_dir || (overrides.empty() && kept_.empty())) co_return;
  std::string text = to_text(overrides);
  if (text == kept_) {
    unkept_.clear();
    co_return;
  }
  auto write = [&] { return keep_overrides(model.state_dir->value, text); };
  const std::string fault = co_await blocking_.run(control_, write);
  unkept_ = fault;
  if (fault.empty()) {
    kept_ = std::move(text);
  } else {
    diagnostics.warning({}, "state_dir", "what was changed by hand can't be kept over a restart: " + fault);
  }
}

net::Awaitable<void> Store::keep_again() {
  co_await turn();
  config::Diagnostics told_already;
  const std::shared_ptr<const config::Model> model = wanted_.file;
  if (!closed_ && model) co_await keep(wanted_.overrides, *model, told_already);
  next_turn();
}

void Store::count_generations(const config::Model& before, const Wanted& after, const ChangeOptions& options) {
  std::map<std::string, std::vector<config::WeightedGroup>> weights;
  for_each_forward(before, [&](const std::string& name, const config::Rule&, const config::Forward& forward) {
    weights.emplace(name, forward.target_groups);
  });
  const auto override_of = [](const Overrides& overrides, const std::string& name) -> const WeightOverride* {
    const auto found = overrides.weights.find(name);
    return found == overrides.weights.end() ? nullptr : &found->second;
  };
  const auto owner_of = [](const RolloutShares& shares, const std::string& name) {
    const auto found = shares.find(name);
    return found == shares.end() || !found->second.weight ? "" : found->second.rollout;
  };
  std::map<std::string, Generation, std::less<>> next;
  for_each_forward(current_->model(), [&](const std::string& name, const config::Rule&,
                                          const config::Forward& forward) {
    const auto known = generations_.find(name);
    const auto was = weights.find(name);
    const WeightOverride* const old_override = override_of(wanted_.overrides, name);
    const WeightOverride* const new_override = override_of(after.overrides, name);
    const bool same_override = (old_override == nullptr) == (new_override == nullptr) &&
                               (new_override == nullptr || *old_override == *new_override);
    const bool stays = known != generations_.end() && was != weights.end() && was->second == forward.target_groups &&
                       same_override && owner_of(wanted_.shares, name) == owner_of(after.shares, name);
    next.emplace(name,
                 stays ? known->second
                       : Generation{process_ + "-" + std::to_string(current_->revision()), options.who, options.when});
  });
  generations_ = std::move(next);
}

}  // namespace kanaria::runtime
