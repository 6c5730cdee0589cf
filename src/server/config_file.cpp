#include "config_file.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <filesystem>

#include "kanaria/config/text.hpp"
#include "kanaria/net/spawn.hpp"
#include "kanaria/rules/check.hpp"

namespace kanaria::server {

Read read_config(const std::string& file, Plain wanted) {
  Read read;
  config::Loaded& loaded = read.loaded;
  std::error_code unknown;
  const auto type = std::filesystem::status(file, unknown).type();
  if (wanted == Plain::Yes && type != std::filesystem::file_type::regular &&
      type != std::filesystem::file_type::not_found && type != std::filesystem::file_type::directory) {
    loaded.file = file;
    loaded.diagnostics.error({}, "", "this is no plain file");
    return read;
  }
  loaded = config::load(file, config::process_environment());
  rules::check_patterns(loaded.draft, loaded.diagnostics);
  if (loaded.diagnostics.has_errors()) loaded.model.reset();
  if (!loaded.model) return read;
  read.tokens = find_tokens(*loaded.model, runtime::Missing::Make, loaded.diagnostics);
  if (loaded.diagnostics.has_errors()) loaded.model.reset();
  return read;
}

std::string_view name_of(FileState::Is state) {
  switch (state) {
    case FileState::Is::InSync: return "in_sync";
    case FileState::Is::Differs: return "differs";
    case FileState::Is::Broken: return "broken";
  }
  return {};
}

ConfigFile::ConfigFile(net::Loop& control, std::string file) : control_(control), file_(std::move(file)) {}

void ConfigFile::applied(std::shared_ptr<const config::Model> model) {
  running_ = std::move(model);
  seen_.clear();
  state_ = {};
  state_.since = control_.now().wall;
  if (!scheduled()) control_.wheel().schedule(*this, control_.wheel().now() + ticks_of(kInterval));
}

void ConfigFile::expire() {
  control_.wheel().schedule(*this, control_.wheel().now() + ticks_of(kInterval));
  net::spawn(control_, look_again());
}

net::Awaitable<void> ConfigFile::look_again() {
  const FileState::Is before = state_.is;
  co_await look();
  if (state_.is == before) co_return;
  switch (state_.is) {
    case FileState::Is::InSync: spdlog::info("{} is again what runs", file_); break;
    case FileState::Is::Differs: spdlog::warn("{} differs from what runs: kanaria diff shows how", file_); break;
    case FileState::Is::Broken: spdlog::error("{} is broken, a restart would fail: {}", file_, state_.fault); break;
  }
}

net::Awaitable<void> ConfigFile::look() {
  if (looking_ || !running_) co_return;
  looking_ = true;
  const std::shared_ptr<const config::Model> running = running_;
  Stamp now;
  const auto judge_it = [this, &now, running, seen = seen_, known = state_] {
    now = stamp(*running);
    return !now.text.empty() && now.text == seen ? known : judge(now, *running);
  };
  FileState found = co_await blocking_.run(control_, judge_it);
  looking_ = false;
  if (running != running_) co_return;  // a reload came between
  seen_ = now.text;
  if (found.is == FileState::Is::InSync && state_.is == found.is) co_return;
  state_ = std::move(found);
}

FileState ConfigFile::judge(const Stamp& now, const config::Model& running) const {
  Read read = read_config(file_, Plain::Yes);
  if (read.loaded.model) {  // what a start would want of the system, as far as that can be looked at
    config::Diagnostics& found = read.loaded.diagnostics;
    runtime::find_cookie_keys(*read.loaded.model, runtime::Missing::Report, 1, nullptr, found);
    const auto& keys = read.loaded.model->cookie_key_file;
    std::error_code unknown;
    if (keys && !std::filesystem::exists(keys->value, unknown))
      found.error(keys->at, "cookie_key_file", "cookie_key_file " + keys->value + " isn't there");
    if (found.has_errors()) read.loaded.model.reset();
  }
  FileState state;
  state.since = now.written;
  if (!read.loaded.model) {
    state.is = FileState::Is::Broken;
    for (const config::Diagnostic& one : read.loaded.diagnostics.sorted()) {
      if (one.severity != config::Severity::Error) continue;
      if (one.at.line > 0) state.fault = "line " + std::to_string(one.at.line) + ": ";
      state.fault += one.message;
      break;
    }
  } else if (!(*read.loaded.model == running)) {
    state.is = FileState::Is::Differs;
  }
  return state;
}

ConfigFile::Stamp ConfigFile::stamp(const config::Model& running) const {
  Stamp stamp;
  struct stat facts{};
  const auto add = [&](const std::string& file) {
    if (::stat(file.c_str(), &facts) != 0) return false;
    const timespec& written = facts.st_mtim;
    for (const auto value :
         {static_cast<std::int64_t>(facts.st_ino), static_cast<std::int64_t>(facts.st_size),
          static_cast<std::int64_t>(facts.st_mode), static_cast<std::int64_t>(written.tv_sec),
          static_cast<std::int64_t>(written.tv_nsec), static_cast<std::int64_t>(facts.st_ctim.tv_sec),
          static_cast<std::int64_t>(facts.st_ctim.tv_nsec)})
      stamp.text += std::to_string(value) + ' ';
    return true;
  };
  if (!add(file_)) return {{}, std::chrono::system_clock::now()};
  stamp.written = WallTime(std::chrono::seconds(facts.st_mtim.tv_sec));
  for (const std::optional<config::Text>& named : {running.admin.token_file, running.cookie_key_file})
    if (named && !add(named->value)) stamp.text += "- ";
  return stamp;
}

}  // namespace kanaria::server
