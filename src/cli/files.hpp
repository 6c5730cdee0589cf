// A configuration file as the daemon would take it: parsed, validated and its rules compiled, with every fault of the
// three. Used by all commands that work offline, and by
// those that ask a daemon for what it has.
#pragma once

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kanaria/config/parse.hpp"
#include "kanaria/rules/rule_table.hpp"
#include "remote.hpp"

namespace kanaria::cli {

struct CheckedFile {
  config::Loaded loaded;
  std::vector<std::unique_ptr<const rules::RuleTable>> tables;  // one a listener, in the model's order

  /// Nothing but warnings; `loaded.model` and all tables are there.
  bool usable() const { return loaded.model && !loaded.diagnostics.has_errors(); }
};

CheckedFile check_file(const std::string& file);

/// The same for a command that can't go on without: prints what is wrong to stderr; none when it has faults. What is
/// only odd is for `check` to say.
std::optional<CheckedFile> require_file(const std::string& file);
/// Of the file or, where none is given, what is in force in the daemon.
enum class Running : bool { InForce, File };  // File: without what was set by hand
std::optional<CheckedFile> require_config(const std::string& file, const AdminOptions& daemon, Running wanted);

}  // namespace kanaria::cli
