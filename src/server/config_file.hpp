// The configuration's file beside what runs: read for start and reload, and looked at now and then, so that an edit
// that nobody has loaded, or one that would not survive a restart, doesn't come as a surprise. On control's thread.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "kanaria/config/parse.hpp"
#include "kanaria/net/blocking.hpp"
#include "kanaria/net/loop.hpp"
#include "kanaria/server/reports.hpp"
#include "kanaria/server/tokens.hpp"

namespace kanaria::server {

/// The file with every fault that it has. After the start it has to be a plain one: a FIFO without a writer would keep
/// the thread that reads it for good.
enum class Plain : bool { No, Yes };
struct Read {
  config::Loaded loaded;
  std::optional<Tokens> tokens;  // of its token_file
};
Read read_config(const std::string& file, Plain wanted);

class ConfigFile final : private net::Wheel::Entry {
 public:
  static constexpr std::chrono::seconds kInterval{10};

  ConfigFile(net::Loop& control, std::string file);

  const std::string& name() const { return file_; }
  const FileState& state() const { return state_; }
  /// This is what runs now; the looks begin with the first.
  void applied(std::shared_ptr<const config::Model> model);
  /// Returns when the state is that of this moment. What hasn't been written since the last look isn't read again.
  net::Awaitable<void> look();

 private:
  void expire() override;
  net::Awaitable<void> look_again();

  /// Tells whether a file was written, from what stat(2) says; empty: it is not there.
  struct Stamp {
    std::string text;
    WallTime written{};
  };
  // On the blocking thread.
  Stamp stamp(const config::Model& running) const;
  FileState judge(const Stamp& now, const config::Model& running) const;

  net::Loop& control_;
  net::Blocking blocking_;  // its own: where a look hangs, changes must not wait behind it
  std::string file_;
  std::shared_ptr<const config::Model> running_;
  FileState state_;
  std::string seen_;  // the stamp that state_ is of; "": look anew
  bool looking_ = false;
};

}  // namespace kanaria::server
