#include "files.hpp"

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
  CheckedFile checked = check_file(file);
  std::cerr << config::render(checked.loaded);
  if (!checked.usable()) return std::nullopt;
  return checked;
}

}  // namespace kanaria::cli
