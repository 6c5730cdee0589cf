#include "kanaria/rollout/controller.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "kanaria/config/text.hpp"
#include "kanaria/net/spawn.hpp"
#include "transition.hpp"

namespace kanaria::rollout {
namespace {

/// What the canary can get at most from a rollout that owns its rule.
config::Basis exposure(const State& state) {
  return state.is_exposed() ? state.weight : 0;
}

/// The canary's share of a rule that no rollout owns, rounded up.
config::Basis share_at_rest(const config::Model& in_force, const config::Rollout& rollout, const std::string& canary) {
  config::Basis share = 0;
  runtime::for_each_forward(in_force,
                            [&](const std::string& name, const config::Rule&, const config::Forward& forward) {
                              if (name != rollout.rule.value) return;
                              int total = 0;
                              int own = 0;
                              for (const config::WeightedGroup& group : forward.target_groups) {
                                total += group.weight;
                                if (group.name.value == canary) own = group.weight;
                              }
                              if (total > 0) share = (own * config::kWholeRule + total - 1) / total;
                            });
  return share;
}

void put(const Standing& standing, runtime::RolloutShares& shares) {
  if (auto share = standing.share()) {
    shares.insert_or_assign(standing.written.rule.value, std::move(*share));
  } else {
    shares.erase(standing.written.rule.value);
  }
}

bool splits_per_user(const config::Model& file, const config::Rollout& rollout) {
  bool does = false;
  runtime::for_each_forward(file, [&](const std::string& name, const config::Rule&, const config::Forward& forward) {
    if (name == rollout.rule.value) does = forward.split == config::SplitMode::PerUser;
  });
  return does;
}

/// Of a rollout that the file hasn't any more: a failed revision stays failed, and a canary that the file's weights
/// give something is the operator's word now.
State at_rest(State state) {
  if (state.phase != Phase::Degraded) be(state, Phase::Healthy, Reason::None);
  state.weight = 0;
  return state;
}

State left_behind(const std::string& name, const State& state) {
  if (state.owns_rule())
    spdlog::warn("rollout {} is gone from the file, {}: the file's weights are in force", name,
                 state.phase == Phase::Degraded ? "and its revision " + state.revision + " has failed"
                                                : "and what was in progress ended");
  if (state.is_swapped)
    spdlog::warn(
        "rollout {} is gone from the file: the file's weights are those of the groups that they name, no longer "
        "swapped",
        name);
  return at_rest(state);
}

std::string in_words(const Transition& one) {
  std::string words;
  if (one.from_step != one.to_step)
    words += "step " + std::to_string(one.from_step) + " -> " + std::to_string(one.to_step) + ", ";
  if (one.from_weight != one.to_weight)
    words += "weight " + config::basis_text(one.from_weight) + " -> " + config::basis_text(one.to_weight) + ", ";
  return words + in_words(one.phase, one.reason) + ": " + one.why;
}

}  // namespace

Controller::Controller(net::Loop& control, runtime::Store& store, net::Blocking& disk, std::size_t workers)
    : control_(control),
      store_(store),
      disk_(disk),
      workers_(workers),
      began_(Moment::now()),
      pulse_(control, Rollout::kLook, [this] { look(); }) {}

WallTime Controller::now() const {
  const auto passed = std::chrono::steady_clock::now() - began_.time;
  return began_.wall + std::chrono::duration_cast<WallTime::duration>(passed);
}

/// Where it stood in a former process, as far as that may go on.
State Controller::recovered(const config::Rollout& written, WallTime when) const {
  if (is_lost_) return lost(written, {}, when, "state_dir had nothing fit to go on from");
  if (!restored_) return {};
  const auto kept = restored_->rollouts.find(written.name);
  if (kept == restored_->rollouts.end()) return {};
  return recover(written, kept->second.state, restored_->written, starts_.size(), when);
}

Controller::Followed Controller::newcomer(const config::Rollout& written, bool once_a_user, WallTime when) {
  Followed one;
  const Entry* kept = nullptr;
  if (restored_)
    if (const auto found = restored_->rollouts.find(written.name); found != restored_->rollouts.end())
      kept = &found->second;
  const auto archived = archived_.find(written.name);
  const State before = archived != archived_.end() ? archived->second.state : recovered(written, when);
  one.next = {written, rollout::follow(written, before, when, warnings_), nullptr};
  one.made = std::make_unique<Rollout>(one.next, workers_, once_a_user);
  if (kept != nullptr && one.next.state.epoch == before.epoch) one.made->restore(kept->kept);
  one.before = kept != nullptr ? kept->state : before;
  one.next = one.made->standing();
  return one;
}

runtime::RolloutShares Controller::follow(const config::Model& file) {
  const WallTime when = now();
  followed_.clear();
  warnings_.clear();
  runtime::RolloutShares shares;
  for (const config::Rollout& written : file.rollouts) {
    const bool once_a_user = splits_per_user(file, written);
    const auto known = members_.find(written.name);
    Followed one;
    if (known == members_.end()) {
      one = newcomer(written, once_a_user, when);
    } else {
      const Rollout& rollout = *known->second.rollout;
      one.next = rollout.with(written, rollout::follow(written, rollout.state(), when, warnings_), once_a_user);
    }
    one.once_a_user = once_a_user;
    put(one.next, shares);
    followed_.push_back(std::move(one));
  }
  return shares;
}

void Controller::adopt() {
  for (const std::string& warning : warnings_) spdlog::warn("{}", warning);
  order_.clear();
  for (const Followed& one : followed_) order_.push_back(one.next.written.name);
  for (auto member = members_.begin(); member != members_.end();) {
    if (std::ranges::find(order_, member->first) != order_.end()) {
      ++member;
      continue;
    }
    archived_.insert_or_assign(member->first, Entry{left_behind(member->first, member->second.rollout->state()), {}});
    member = members_.erase(member);
  }
  for (Followed& one : followed_) {
    const std::string& name = one.next.written.name;
    Member& member = members_[name];
    member.once_a_user = one.once_a_user;
    if (!one.made) {
      become(member, std::move(one.next));
      continue;
    }
    archived_.erase(name);
    tell(one.before, one.next);
    member.rollout = std::move(one.made);
  }
  if (restored_)
    for (auto& [name, entry] : restored_->rollouts)
      if (!members_.contains(name)) archived_.insert_or_assign(name, Entry{at_rest(entry.state), {}});
  restored_.reset();
  is_lost_ = false;
  followed_.clear();
  set_pace();
  forget_oldest();
  if (journal_ && !(members_.empty() && archived_.empty())) net::spawn(control_, keep());
}

/// Names that come and go with each deployment must not fill the journal.
void Controller::forget_oldest() {
  const auto age = [](const auto& one) {
    const auto& history = one.second.state.history;
    return history.empty() ? WallTime() : history.back().when;
  };
  while (archived_.size() > kMostArchived) archived_.erase(std::ranges::min_element(archived_, {}, age));
}

void Controller::become(Member& member, Standing next) {
  const State before = member.rollout->state();
  tell(before, next);
  member.rollout->become(std::move(next));
  set_pace();
}

/// A line in the log for each transition.
void Controller::tell(const State& before, const Standing& now) {
  const auto& history = now.state.history;
  auto first = history.begin();
  if (!before.history.empty()) {
    const auto known = std::find(history.rbegin(), history.rend(), before.history.back());
    if (known != history.rend()) first = known.base();
  }
  for (; first != history.end(); ++first) {
    const bool needs_person = first->phase == Phase::Degraded || first->phase == Phase::Paused;
    spdlog::log(needs_person ? spdlog::level::warn : spdlog::level::info, "rollout {}: {}", now.written.name,
                in_words(*first));
    if (first->phase == Phase::Degraded) ++rollbacks_[{now.written.name, first->reason}];
  }
}

void Controller::set_pace() {
  const bool is_in_progress = std::ranges::any_of(members_, [](const auto& member) {
    const State& state = member.second.rollout->state();
    return state.owns_rule() && state.phase != Phase::Degraded;
  });
  pulse_.set_beating(!is_closed_ && (is_in_progress || !unkept_.empty()));
}

bool Controller::is_canary_healthy(const Rollout& rollout) const {
  const std::string& canary = canary_of(rollout.written(), rollout.state());
  for (const auto& group : store_.current()->groups())
    if (group->name == canary) return group->state->alive.load(std::memory_order_relaxed);
  return false;
}

void Controller::look() {
  const WallTime when = now();
  bool is_exposed = false;
  for (auto& [name, member] : members_) {
    Rollout& rollout = *member.rollout;
    const State& state = rollout.state();
    if (!state.owns_rule() || state.phase == Phase::Degraded) continue;
    is_exposed = is_exposed || state.is_exposed();
    evidence::Trial& trial = *rollout.trial();
    const std::uint64_t crossings = trial.crossings();
    const bool was_closed = !trial.is_open();
    const bool was_told = rollout.would().has_value();
    rollout.look(when, is_canary_healthy(rollout));
    if (rollout.would() && !was_told)
      spdlog::warn("rollout {}: were it no dry run, it would be taken back: {}", name, rollout.would()->why);
    if (changing_.contains(name)) continue;
    const State next = plan(rollout.written(), state, rollout.facts(), when);
    if (next == state) {
      if (was_closed) trial.open(crossings);
      continue;
    }
    if (!next.is_exposed()) trial.close();
    net::spawn(control_, advance(name));
  }
  const bool is_due = is_exposed || !unkept_.empty();
  if (is_due && when - kept_ >= kKeep && !is_keeping_) net::spawn(control_, keep_evidence());
}

net::Awaitable<void> Controller::advance(std::string name) {
  const Decide decide = [this](const Rollout& rollout, State& state) {
    state = plan(rollout.written(), state, rollout.facts(), now());
    return Changed();
  };
  const WallTime when = now();
  const Changed changed = co_await make_so(name, decide, "rollout " + name, when);
  if (changed.status == Changed::Status::Refused) spdlog::error("rollout {}: {}", name, changed.message);
}

net::Awaitable<Changed> Controller::change(Command command) {
  command.when = now();
  const auto member = members_.find(command.rollout);
  // It takes effect before it has its turn, whoever is in the way.
  if (member != members_.end() && command.verb == Verb::Abort) member->second.rollout->trial()->close();
  const Decide decide = [&](const Rollout& rollout, State& state) {
    Changed changed = carry_out(rollout.written(), state, command);
    if (changed.status != Changed::Status::Done || state.phase != Phase::Progressing) return changed;
    // What the verb leads to is part of it: whoever starts a rollout sees its first weight.
    const bool begins_anew = state.epoch != rollout.state().epoch;
    state = plan(rollout.written(), state, begins_anew ? Facts() : rollout.facts(), command.when);
    return changed;
  };
  Changed changed = co_await make_so(command.rollout, decide, command.who, command.when);
  co_return changed;
}

net::Awaitable<Changed> Controller::make_so(std::string name, Decide decide, std::string who, WallTime when) {
  Changed result;
  std::optional<Standing> next;
  bool falls = false;
  bool is_so = false;
  const auto turn = changing_.insert(name);
  runtime::Store::Steer steer;
  steer.edit = [&](const config::Model&, runtime::RolloutShares& shares, runtime::Outcome& outcome) {
    const auto member = members_.find(name);
    if (member == members_.end()) {
      const std::vector<std::string_view> known(order_.begin(), order_.end());
      result.status = Changed::Status::Unknown;
      result.message = "there is no rollout " + config::in_quotes(name) + config::did_you_mean(name, known);
      outcome.diagnostics.error({}, "rollouts", result.message);
      return;
    }
    const Rollout& rollout = *member->second.rollout;
    State state = rollout.state();
    result = decide(rollout, state);
    if (state == rollout.state()) return;
    const config::Basis had = rollout.state().owns_rule()
                                  ? exposure(rollout.state())
                                  : share_at_rest(store_.current()->model(), rollout.written(),
                                                  canary_of(rollout.written(), rollout.state()));
    falls = !state.owns_rule() || exposure(state) < had;
    next = rollout.with(rollout.written(), std::move(state), member->second.once_a_user);
    if (!next->state.is_exposed()) rollout.trial()->close();
    put(*next, shares);
  };
  steer.before = [&]() -> net::Awaitable<void> {
    if (!next || !falls) co_return;
    // From here on, whoever keeps the journal meanwhile: an older state must not come behind this one.
    members_.at(name).falling = &*next;
    co_await keep();
  };
  steer.adopt = [&] {
    is_so = true;
    if (!next) return;
    Member& member = members_.at(name);
    member.falling = nullptr;
    const bool had_nothing = !member.rollout->state().is_exposed();
    become(member, *next);
    // What closed it was that it should get nothing; or an abort that waits for us.
    evidence::Trial& trial = *member.rollout->trial();
    const bool is_alone = changing_.count(name) == 1;
    if (had_nothing && is_alone && member.rollout->state().is_exposed()) trial.open(trial.crossings());
  };
  runtime::ChangeOptions options;
  options.who = std::move(who);
  options.when = when;
  options.force = true;
  const runtime::Outcome outcome = co_await store_.steer(steer, options);
  if (next && !is_so) {
    result.status = Changed::Status::Refused;
    for (const config::Diagnostic& found : outcome.diagnostics.sorted())
      if (found.severity == config::Severity::Error) result.message = found.message;
  } else if (next) {
    if (!falls) co_await keep();
    co_await sync();
    if (!unkept_.empty()) result.warnings.push_back("this is not kept over a restart: " + unkept_);
  } else if (outcome.status == runtime::Outcome::Status::Refused && result.status == Changed::Status::Done) {
    result.status = Changed::Status::Refused;
    result.message = "kanaria is starting or stopping";
  }
  changing_.erase(turn);
  if (const auto member = members_.find(name); member != members_.end() && next && member->second.falling == &*next)
    member->second.falling = nullptr;  // it was refused
  co_return result;
}

const Standing* Controller::find(const std::string& name) const {
  const auto member = members_.find(name);
  return member == members_.end() ? nullptr : &member->second.rollout->standing();
}

std::vector<Report> Controller::reports() const {
  std::vector<Report> reports;
  const WallTime when = now();
  for (const std::string& name : order_) {
    const Rollout& rollout = *members_.at(name).rollout;
    rollout.trial()->merge();  // nobody looks at one that is at rest
    Report& report = reports.emplace_back(rollout.report(when));
    report.unkept = unkept_;
  }
  return reports;
}

}  // namespace kanaria::rollout
