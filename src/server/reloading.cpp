// Reload, by whoever asks, and what follows from names that mean other addresses.
#include <spdlog/spdlog.h>

#include <cstdio>

#include "by_hand.hpp"
#include "kanaria/config/text.hpp"
#include "notify.hpp"
#include "parts.hpp"

namespace kanaria::server {
namespace {

// FNV-1a, 64 bits: to tell one configuration from another, not a secret.
std::string hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  char digits[17];
  std::snprintf(digits, sizeof digits, "%016llx", static_cast<unsigned long long>(hash));
  return std::string(digits, 12);
}

}  // namespace

/// What was found in the file, one line each.
void Control::log(const config::Loaded& loaded) const {
  for (const config::Diagnostic& found : loaded.diagnostics.sorted()) {
    const std::string place =
        found.at.line == 0 ? "" : ":" + std::to_string(found.at.line) + ":" + std::to_string(found.at.column);
    const auto level = found.severity == config::Severity::Error ? spdlog::level::err : spdlog::level::warn;
    spdlog::log(level, "{}{}: {}", loaded.file, place, found.message);
  }
}

net::Awaitable<Reloaded> Control::reload(runtime::ChangeOptions options) {
  if (ready_) notify_reloading();
  options.when = std::chrono::system_clock::now();
  auto work = [&] { return read_config(config_file_, Plain::Yes); };
  Read read = co_await parts_->blocking.run(parts_->control, work);
  config::Loaded& loaded = read.loaded;
  runtime::Outcome outcome;
  outcome.status = runtime::Outcome::Status::Faulty;
  if (loaded.model) {
    auto model = std::make_shared<const config::Model>(std::move(*loaded.model));
    const runtime::Store::Edit edit = [&](const auto&) { return model; };
    outcome = co_await parts_->store.change(edit, options);
    loaded.diagnostics = outcome.diagnostics;
  }
  if (!options.dry_run) log(loaded);
  Reloaded result{outcome.status, {}, {}, {}};
  for (const config::Diagnostic& found : loaded.diagnostics.sorted()) {
    auto& list = found.severity == config::Severity::Error ? result.faults : result.warnings;
    list.push_back(config::render(found, loaded.file, loaded.text));
  }
  result.changes = std::move(outcome.changes);
  const bool success = result.faults.empty();
  if (!success) result.changes.clear();
  if (!options.dry_run) {
    facts_.last_reload_success = success;
    if (success) {
      tokens_ = std::move(read.tokens);
      if (options.reset_overrides) damaged_state_.clear();  // it has been seen
      note_applied(loaded, options);
      for (const std::string& change : result.changes) spdlog::info("reload by {}: {}", options.who, change);
      spdlog::info("reload by {} applied: {}, configuration {}", options.who,
                   config::counted(result.changes.size(), "change"), facts_.config_hash);
      log_overrides(parts_->store.overrides());
    } else {
      spdlog::error("reload by {} refused, nothing was changed: {}", options.who,
                    config::counted(result.faults.size(), "fault"));
    }
  }
  // A drain that began meanwhile has said its own word, and that is the last one.
  if (ready_) {
    notify_ready(success ? "ready: " + in_force()
                         : "reload refused: " + config::counted(result.faults.size(), "fault") +
                               "; in force: " + in_force());
  }
  co_return result;
}

void Control::note_applied(const config::Loaded& loaded, const runtime::ChangeOptions& options) {
  facts_.last_reload = std::chrono::system_clock::now();
  facts_.config_hash = hash_of(loaded.text);
  applied_by_ = options.who;
  ++config_number_;
  parts_->config_file.applied(parts_->store.file());
  parts_->weights.changed();
}

std::string Control::in_force() const {
  return config::counted(parts_->store.current()->listeners().size(), "listener") + ", configuration " +
         facts_.config_hash;
}

/// Names mean other addresses: the same configuration, compiled anew.
net::Awaitable<void> Control::follow_names() {
  const runtime::Store::Edit same = [](const auto& file) { return file; };
  if (!ready_) co_return;
  const runtime::ChangeOptions options{"the name servers", std::chrono::system_clock::now()};
  const runtime::Outcome outcome = co_await parts_->store.change(same, options);
  for (const config::Diagnostic& found : outcome.diagnostics.sorted())
    if (found.severity == config::Severity::Error)
      spdlog::error("the new addresses of names are not taken: {}", found.message);
}

net::Awaitable<void> Control::reload_by_signal() {
  reloading_ = true;
  while (reload_again_ && ready_) {
    reload_again_ = false;
    runtime::ChangeOptions options;
    options.who = "HUP";
    co_await reload(std::move(options));
  }
  reloading_ = false;
}

}  // namespace kanaria::server
