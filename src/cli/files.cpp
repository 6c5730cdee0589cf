#include "files.hpp"

#include <CLI/Error.hpp>
#include <iostream>

#include "kanaria/rules/check.hpp"

namespace kanaria::cli {

CheckedFile check_file(const std::string& file) {
  CheckedFile checked{config::load(file, config::process_environment()), {}};
  if (!checked.loaded.model) {
    rules::check_patterns(checked.loaded.draft, checked.loaded.diagnostics);
  } else {
    for (const config::Listener& listener : checked.loaded.model->listeners) {
      checked.tables.push_back(rules::RuleTable::compile(listener, 1, checked.loaded.diagnostics));
    }
  }
  return checked;
}

std::optional<CheckedFile> require_file(const std::string& file) {
  if (file.empty()) {
    throw CLI::ValidationError("--config", "asking the running daemon is not available yet; give --config FILE");
  }
  CheckedFile checked = check_file(file);
  if (checked.usable()) return checked;
  std::cerr << config::render(checked.loaded);
  return std::nullopt;
}

}  // namespace kanaria::cli
