#include "config_file.hpp"

#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include "kanaria/config/text.hpp"
#include "kanaria/net/spawn.hpp"
#include "kanaria/rules/check.hpp"

namespace kanaria::server {

Read read_config(const std::string& file) {
  Read read{config::load(file, config::process_environment()), {}};
  config::Loaded& loaded = read.loaded;
  if (!loaded.model) {
    rules::check_patterns(loaded.draft, loaded.diagnostics);
    return read;
  }
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

ConfigFile::ConfigFile(net::Loop& control, net::Blocking& blocking, std::string file)
    : control_(control), blocking_(blocking), file_(std::move(file)) {}

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
    now = stamp();
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
  const Read read = read_config(file_);
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

ConfigFile::Stamp ConfigFile::stamp() const {
  struct stat facts{};
  if (::stat(file_.c_str(), &facts) != 0) return {{}, std::chrono::system_clock::now()};
  const auto number = [](auto value) { return std::to_string(value) + ' '; };
  const timespec& written = facts.st_mtim;
  return {number(facts.st_ino) + number(facts.st_size) + number(written.tv_sec) + number(written.tv_nsec) +
              number(facts.st_ctim.tv_sec) + number(facts.st_ctim.tv_nsec),
          WallTime(std::chrono::seconds(written.tv_sec))};
}

}  // namespace kanaria::server
