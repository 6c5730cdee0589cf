// The controller's journal: when it is read and kept.
#include <spdlog/spdlog.h>

#include <algorithm>

#include "kanaria/rollout/controller.hpp"

namespace kanaria::rollout {
namespace {

constexpr std::chrono::minutes kCrashWindow{5};

}  // namespace

net::Awaitable<std::string> Controller::restore(const std::string& state_dir) {
  journal_.emplace(state_dir);
  std::string fault;
  auto work = [&] { return journal_->read(fault); };
  restored_ = co_await disk_.run(control_, work);
  is_lost_ = !fault.empty();
  if (!restored_) co_return fault;
  const WallTime when = now();
  if (!restored_->is_clean) {
    starts_ = restored_->starts;
    const bool was_exposed =
        std::ranges::any_of(restored_->rollouts, [](const auto& one) { return one.second.state.is_exposed(); });
    if (was_exposed) starts_.push_back(when);
    std::erase_if(starts_, [&](WallTime start) { return when - start > kCrashWindow; });
  }
  // Now, for this process may die before it has anything else to keep.
  Contents known = *restored_;
  known.is_clean = false;
  known.starts = starts_;
  const std::string text = to_text(known);
  auto mark = [&] { return journal_->write(text); };
  unkept_ = co_await disk_.run(control_, mark);
  co_return fault;
}

std::string Controller::contents(bool is_clean) const {
  Contents contents;
  contents.written = now();
  contents.is_clean = is_clean;
  contents.starts = starts_;
  contents.rollouts = archived_;
  for (const auto& [name, member] : members_) {
    Entry entry{member.rollout->state(), member.rollout->keep()};
    if (member.falling != nullptr) {
      entry.state = member.falling->state;
      if (member.falling->trial != member.rollout->trial()) entry.kept = {};
    }
    contents.rollouts.insert_or_assign(name, std::move(entry));
  }
  return to_text(contents);
}

net::Awaitable<void> Controller::keep() {
  if (!journal_) co_return;
  const std::string text = contents(false);
  auto work = [&] { return journal_->write(text); };
  std::string fault = co_await disk_.run(control_, work);
  note(std::move(fault));
  kept_ = now();
}

net::Awaitable<void> Controller::keep_evidence() {
  if (is_keeping_) co_return;
  is_keeping_ = true;
  const bool was_unkept = !unkept_.empty();
  co_await keep();
  if (was_unkept) co_await sync();  // what failed then may have been that
  is_keeping_ = false;
}

net::Awaitable<void> Controller::sync() {
  if (!journal_ || !unkept_.empty()) co_return;
  auto work = [&] { return journal_->sync(); };
  std::string fault = co_await disk_.run(control_, work);
  note(std::move(fault));
}

/// What came of keeping it; "": it is kept.
void Controller::note(std::string fault) {
  if (fault != unkept_ && !fault.empty()) spdlog::error("rollouts are not kept over a restart: {}", fault);
  if (fault.empty() && !unkept_.empty()) spdlog::info("rollouts are kept over a restart again");
  unkept_ = std::move(fault);
  set_pace();
}

net::Awaitable<void> Controller::close() {
  is_closed_ = true;
  pulse_.set_beating(false);
  if (!journal_ || members_.empty()) co_return;
  const std::string text = contents(true);
  auto work = [&] { return journal_->write(text); };
  const std::string fault = co_await disk_.run(control_, work);
  if (fault.empty()) co_await sync();
}

}  // namespace kanaria::rollout
