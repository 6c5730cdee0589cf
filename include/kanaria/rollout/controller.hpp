// Makes what rollouts decide so: looks at their trials every 50 ms, changes the shares through the store, keeps the
// journal, and tells in the log what happened. On control's thread.
//
//   a share falls:  the trial closes (no worker gives the canary anything from here on) -> journal -> store -> fsync
//   a share rises:  store -> journal -> fsync
//
// So a crash at any point leaves the canary with at most what it had.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "kanaria/net/blocking.hpp"
#include "kanaria/net/pulse.hpp"
#include "kanaria/rollout/journal.hpp"
#include "kanaria/rollout/rollout.hpp"
#include "kanaria/runtime/store.hpp"

namespace kanaria::rollout {

class Controller final : public runtime::Steering {
 public:
  /// How often the evidence is kept, and a disk that took nothing is tried again.
  static constexpr std::chrono::seconds kKeep{5};
  /// So many of those that the file doesn't have any more are remembered, the newest.
  static constexpr std::size_t kMostArchived = 100;

  /// `disk`: waits for nothing but the journal, in the order in which it is kept.
  Controller(net::Loop& control, runtime::Store& store, net::Blocking& disk, std::size_t workers);

  /// Before the first configuration: reads what a former process kept. Returns what went wrong, or "".
  net::Awaitable<std::string> restore(const std::string& state_dir);

  // runtime::Steering
  runtime::RolloutShares follow(const config::Model& file) override;
  void adopt() override;

  /// `command.when` is set here.
  net::Awaitable<Changed> change(Command command);
  /// Null: the file has none of this name. Until the next change.
  const Standing* find(const std::string& name) const;
  /// As the file has them, without targets' health.
  std::vector<Report> reports() const;
  /// Rollouts that were taken back, by name and Reason.
  const std::map<std::pair<std::string, Reason>, std::uint64_t>& rollbacks() const { return rollbacks_; }

  /// The daemon stops as it should: that is kept too.
  net::Awaitable<void> close();

 private:
  struct Member {
    std::unique_ptr<Rollout> rollout;
    bool once_a_user = false;
    const Standing* falling = nullptr;  // what it is about to become, and is kept as already: with a smaller share
  };
  /// What a file that isn't in force yet makes of a rollout.
  struct Followed {
    Standing next;
    bool once_a_user = false;
    State before;                   // of a newcomer: what its history had
    std::unique_ptr<Rollout> made;  // null: it is known
  };
  /// Changes a state; returns what to tell whoever asked.
  using Decide = std::function<Changed(const Rollout& rollout, State& state)>;

  void look();
  bool is_canary_healthy(const Rollout& rollout) const;
  net::Awaitable<void> advance(std::string name);
  net::Awaitable<Changed> make_so(std::string name, Decide decide, std::string who, WallTime when);
  void forget_oldest();
  void become(Member& member, Standing next);
  void tell(const State& before, const Standing& now);
  State recovered(const config::Rollout& written, WallTime when) const;
  /// The wall's time of our start, and what has passed since: a clock that is set doesn't end a pause.
  WallTime now() const;
  void set_pace();

  Followed newcomer(const config::Rollout& written, bool once_a_user, WallTime when);
  std::string contents(bool is_clean) const;
  net::Awaitable<void> keep();
  net::Awaitable<void> keep_evidence();
  net::Awaitable<void> sync();
  void note(std::string fault);

  net::Loop& control_;
  runtime::Store& store_;
  net::Blocking& disk_;
  std::size_t workers_;
  Moment began_;
  std::optional<Journal> journal_;
  std::map<std::string, Member> members_;
  std::multiset<std::string> changing_;    // those that a change waits for, or is under way of
  std::map<std::string, Entry> archived_;  // of rollouts that the file hasn't: a failed revision stays failed
  std::vector<std::string> order_;         // the file's
  std::optional<Contents> restored_;       // until the first follow()
  bool is_lost_ = false;                   // what was kept could not be read
  std::vector<WallTime> starts_;           // of processes that did not end as they should
  std::vector<Followed> followed_;         // of the last follow(), in the file's order
  std::vector<std::string> warnings_;      // the same

  std::map<std::pair<std::string, Reason>, std::uint64_t> rollbacks_;
  std::string unkept_;
  WallTime kept_{};
  bool is_keeping_ = false;
  bool is_closed_ = false;
  net::Pulse pulse_;
};

}  // namespace kanaria::rollout
