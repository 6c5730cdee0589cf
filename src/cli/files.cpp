#include "files.hpp"

#include <iostream>

#include "kanaria/rules/check.hpp"

namespace kanaria::cli {

namespace {

CheckedFile checked(config::Loaded loaded) {
  CheckedFile result{std::move(loaded), {}};
  if (!result.loaded.model) {
    rules::check_patterns(result.loaded.draft, result.loaded.diagnostics);
  } else {
    for (const config::Listener& listener : result.loaded.model->listeners)
      result.tables.push_back(rules::RuleTable::compile(listener, 1, result.loaded.diagnostics));
    rules::check_matches(*result.loaded.model, result.loaded.diagnostics);
  }
  return result;
}

std::optional<CheckedFile> usable_or_told(CheckedFile file) {
  if (file.usable()) return file;
  std::cerr << config::render(file.loaded);
  return std::nullopt;
}

}  // namespace

CheckedFile check_file(const std::string& file) {
  return checked(config::load(file, config::process_environment()));
}

std::optional<CheckedFile> require_file(const std::string& file) {
  return usable_or_told(check_file(file));
}

std::optional<CheckedFile> require_config(const std::string& file, const AdminOptions& daemon, Running wanted) {
  if (!file.empty()) return require_file(file);
  // Printed by the daemon with all that its environment said.
  const auto nothing = [](std::string_view) { return std::optional<std::string>(); };
  const auto answer = get_json(daemon, "/api/v1/config");
  return usable_or_told(
      checked(config::parse("the running configuration",
                            answer.at(wanted == Running::File ? "file_yaml" : "yaml").get<std::string>(), nothing)));
}

}  // namespace kanaria::cli
