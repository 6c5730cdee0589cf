#include <algorithm>
#include <iostream>
#include <memory>

#include "command.hpp"
#include "files.hpp"
#include "kanaria/config/print.hpp"
#include "kanaria/config/summary.hpp"
#include "kanaria/config/text.hpp"
#include "kanaria/runtime/cookie_keys.hpp"
#include "kanaria/server/tokens.hpp"

namespace kanaria::cli {

namespace {

struct Options {
  std::vector<std::string> files;
  bool strict = false;
};

/// True: the daemon would take it.
bool check_one(const std::string& file, bool strict) {
  CheckedFile checked = check_file(file);
  if (checked.usable()) {
    const config::Model& model = *checked.loaded.model;
    runtime::find_cookie_keys(model, runtime::Missing::Report, 1, nullptr, checked.loaded.diagnostics);
    server::find_tokens(model, runtime::Missing::Report, checked.loaded.diagnostics);
  }
  std::cerr << config::render(checked.loaded);

  const std::vector<config::Diagnostic> found = checked.loaded.diagnostics.sorted();
  const auto errors =
      static_cast<std::size_t>(std::ranges::count(found, config::Severity::Error, &config::Diagnostic::severity));
  const std::size_t warnings = found.size() - errors;
  std::cout << file << ": ";
  if (errors == 0 && warnings == 0) {
    std::cout << "fine\n";
  } else {
    std::cout << config::counted(errors, "error") << ", " << config::counted(warnings, "warning") << '\n';
  }
  if (!checked.usable()) return false;
  for (const std::string& line : config::shares(*checked.loaded.model)) std::cout << "  " << line << '\n';
  for (const config::Rollout& rollout : checked.loaded.model->rollouts) {
    for (const std::string& line : config::outline(rollout)) std::cout << "  " << line << '\n';
  }
  return !strict || warnings == 0;
}

}  // namespace

void add_check(CLI::App& app, int& exit_code) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand("check", "Validate configuration files and print each rule's shares");
  command->add_option("FILE", options->files, "Configuration files")->required();
  command->add_flag("--strict", options->strict, "Warnings are errors too");
  command->footer("Example:\n  kanaria check --strict config/*.yaml");
  command->callback([options, &exit_code] {
    for (const std::string& file : options->files) {
      if (!check_one(file, options->strict)) exit_code = kBadConfiguration;
    }
  });
}

}  // namespace kanaria::cli
